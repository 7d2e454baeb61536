/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unix - links over Unix stream sockets.
 */
#include "config.h"

#include "cocotransport/link/kinds.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static gboolean
unix_parse(const char *rest, struct link_address *a, GError **error)
{
    if (rest[0] == '\0')
        return error_malformed(error, "unixio: a path is needed");
    a->path = g_strdup(rest);
    return TRUE;
}

/* The socket and its address; -1 when the path is too long for one. */
static int
unix_socket(const struct link_address *a, struct sockaddr_un *ret, GError **error)
{
    int fd;

    memset(ret, 0, sizeof(*ret));
    ret->sun_family = AF_UNIX;
    if (strlen(a->path) >= sizeof(ret->sun_path)) {
        error_malformed(error, "%s: longer than the %zu bytes of a socket's path", a->path,
                        sizeof(ret->sun_path) - 1);
        return -1;
    }
    memcpy(ret->sun_path, a->path, strlen(a->path));

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        error_errno(error, errno, "%s", a->path);
    return fd;
}

static int
unix_connect(const struct link_address *a, gint64 deadline, GError **error)
{
    struct sockaddr_un address;
    int fd = unix_socket(a, &address, error);

    if (fd < 0)
        return -1;
    return link_connect_socket(fd, (struct sockaddr *)&address, sizeof(address), deadline,
                               a->path, error);
}

/* A socket that nobody serves any more goes away; a served one, or a file, stays. */
static void
remove_stale(const struct link_address *a, const struct sockaddr_un *address)
{
    struct stat st;
    g_auto(AutoFd) fd = -1;

    if (lstat(a->path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0
        && errno == ECONNREFUSED)
        unlink(a->path);
}

static int
unix_listen(const struct link_address *a, GError **error)
{
    struct sockaddr_un address;
    int fd = unix_socket(a, &address, error);

    if (fd < 0)
        return -1;
    remove_stale(a, &address);
    /* Before bind(2), so that no moment is open to others; after it for what umask took away. */
    fchmod(fd, a->mode);
    fd = link_listen_socket(fd, (struct sockaddr *)&address, sizeof(address), a->path, error);
    if (fd >= 0 && chmod(a->path, a->mode) < 0) {
        error_errno(error, errno, "%s", a->path);
        io_close(&fd);
        return -1;
    }
    return fd;
}

const struct link_kind link_unix = { "unixio", unix_parse, unix_connect, unix_listen };
