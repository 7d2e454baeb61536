/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fd - links over a descriptor that was inherited: one that is connected, or
 * one that listens. The descriptor itself is given out, so it can be had once.
 */
#include "config.h"

#include "cocotransport/link/kinds.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

static gboolean
fd_parse(const char *rest, struct link_address *a, GError **error)
{
    guint fd = 0;

    if (!link_number_parse(rest, G_MAXINT, "fd", &fd, error))
        return FALSE;
    a->fd = (int)fd;
    return TRUE;
}

static int
fd_take(int fd, gboolean listening, GError **error)
{
    int accepts = 0;
    socklen_t len = sizeof(accepts);

    /* Fails on what is no socket, which cannot listen. */
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        error_errno(error, errno, "fd:%d", fd);
        return -1;
    }
    if (listening != (accepts != 0)) {
        error_malformed(error, "fd:%d: %s", fd, accepts ? "listens, where a connected one is needed"
                                                        : "does not listen");
        return -1;
    }
    return io_set_nonblocking(fd, TRUE, error) ? fd : -1;
}

static int
fd_connect(const struct link_address *a, gint64 deadline, GError **error)
{
    (void)deadline;
    return fd_take(a->fd, FALSE, error);
}

static int
fd_listen(const struct link_address *a, GError **error)
{
    return fd_take(a->fd, TRUE, error);
}

const struct link_kind link_fd = { "fd", fd_parse, fd_connect, fd_listen };
