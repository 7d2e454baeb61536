/* SPDX-License-Identifier: BSD-3-Clause */
/* io - whole reads and writes on descriptors and files; see io.h. */
#include "config.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define FOREVER G_MAXINT64
#define CHUNK 65536u

/* Waits for @events; SYSTEM with "timed out" when @deadline is over. */
static gboolean
wait_for(int fd, short events, gint64 deadline, GError **error)
{
    struct pollfd p = { .fd = fd, .events = events };

    for (;;) {
        const gint64 left = deadline == FOREVER ? 0 : deadline - g_get_monotonic_time();
        int n;

        if (left < 0)
            return error_errno(error, ETIMEDOUT, "waiting for the other side");
        n = poll(&p, 1, deadline == FOREVER ? -1 : (int)MIN(left / 1000 + 1, G_MAXINT));
        if (n > 0)
            return TRUE;
        if (n < 0 && errno != EINTR)
            return error_errno(error, errno, "poll");
    }
}

gboolean
io_read_until(int fd, void *buf, size_t len, gint64 deadline, GError **error)
{
    guint8 *at = buf;

    while (len > 0) {
        ssize_t n;

        if (deadline != FOREVER && !wait_for(fd, POLLIN, deadline, error))
            return FALSE;
        n = read(fd, at, len);
        if (n == 0)
            return error_malformed(error, "ended %zu bytes too early", len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!wait_for(fd, POLLIN, deadline, error))
                return FALSE;
        } else if (errno != EINTR) {
            return error_errno(error, errno, "read");
        }
    }
    return TRUE;
}

gboolean
io_read_full(int fd, void *buf, size_t len, GError **error)
{
    return io_read_until(fd, buf, len, FOREVER, error);
}

gboolean
io_write_until(int fd, const void *buf, size_t len, gint64 deadline, GError **error)
{
    const guint8 *at = buf;

    while (len > 0) {
        ssize_t n;

        if (deadline != FOREVER && !wait_for(fd, POLLOUT, deadline, error))
            return FALSE;
        n = write(fd, at, len);
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!wait_for(fd, POLLOUT, deadline, error))
                return FALSE;
        } else if (errno != EINTR) {
            return error_errno(error, errno, "write");
        }
    }
    return TRUE;
}

gboolean
io_write_full(int fd, const void *buf, size_t len, GError **error)
{
    return io_write_until(fd, buf, len, FOREVER, error);
}

GBytes *
io_read_fd(int fd, size_t max, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autofree guint8 *chunk = g_malloc(CHUNK);

    for (;;) {
        /* One byte more than allowed tells a file that is too large. */
        const ssize_t n = read(fd, chunk, MIN(CHUNK, max - all->len + 1));

        if (n == 0)
            return g_byte_array_free_to_bytes(g_steal_pointer(&all));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_errno(error, errno, "read");
            return NULL;
        }
        if ((size_t)n > max - all->len) {
            error_malformed(error, "more than %zu bytes", max);
            return NULL;
        }
        g_byte_array_append(all, chunk, (guint)n);
    }
}

GBytes *
io_read_file(const char *path, size_t max, GError **error)
{
    g_auto(AutoFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    GBytes *bytes;

    if (fd < 0) {
        error_errno(error, errno, "%s", path);
        return NULL;
    }
    bytes = io_read_fd(fd, max, error);
    if (bytes == NULL)
        g_prefix_error(error, "%s: ", path);
    return bytes;
}

/* A rename is durable only once the folder is. */
static gboolean
sync_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(AutoFd) fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return error_errno(error, errno, "%s", folder);
    return TRUE;
}

static gboolean
write_new(int fd, const char *name, const void *data, size_t len, mode_t mode, GError **error)
{
    if (fchmod(fd, mode) != 0)
        return error_errno(error, errno, "%s", name);
    if (!io_write_full(fd, data, len, error)) {
        g_prefix_error(error, "%s: ", name);
        return FALSE;
    }
    if (fdatasync(fd) != 0)
        return error_errno(error, errno, "%s", name);
    return TRUE;
}

gboolean
io_write_file(const char *path, const void *data, size_t len, mode_t mode, GError **error)
{
    g_autofree char *name = g_strconcat(path, ".XXXXXX", NULL);
    g_auto(AutoFd) fd = mkostemp(name, O_CLOEXEC);

    if (fd < 0)
        return error_errno(error, errno, "%s", path);
    if (!write_new(fd, name, data, len, mode, error)) {
        unlink(name);
        return FALSE;
    }
    if (rename(name, path) != 0) {
        error_errno(error, errno, "%s", path);
        unlink(name);
        return FALSE;
    }
    return sync_folder(path, error);
}

gboolean
io_send_fd(int sock, const void *buf, size_t len, int fd, GError **error)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t n;

    if (fd >= 0) {
        struct cmsghdr *header;

        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    }
    do
        n = sendmsg(sock, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(error, errno, "sendmsg");
    /* The descriptor went with the first byte; the rest is plain data. */
    return io_write_full(sock, (const guint8 *)buf + n, len - (size_t)n, error);
}

gboolean
io_set_nonblocking(int fd, gboolean on, GError **error)
{
    const int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) != 0)
        return error_errno(error, errno, "fcntl");
    return TRUE;
}

void
io_close(int *fd)
{
    const int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

void
auto_fd_clear(AutoFd *fd)
{
    io_close(fd);
}
