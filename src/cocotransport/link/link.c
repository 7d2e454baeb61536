/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link - the kinds of links behind one interface, and the steps they share.
 */
#include "config.h"

#include "cocotransport/link/link.h"
#include "cocotransport/link/kinds.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server's backlog may be full for a moment: a Unix socket says EAGAIN then. */
#define RETRY_MS 5

static gboolean
tunnel_parse(const char *rest, struct link_address *a, GError **error)
{
    if (rest[0] != '/')
        return error_malformed(error, "tpm:%s: an absolute path of a TPM device is needed", rest);
    a->path = g_strdup(rest);
    return TRUE;
}

static const struct link_kind link_tunnel = { "tpm", tunnel_parse, NULL, NULL };

static const struct link_kind *const kinds[] = {
    [LINK_UNIX] = &link_unix,
    [LINK_TCP] = &link_tcp,
    [LINK_VSOCK] = &link_vsock,
    [LINK_FD] = &link_fd,
    [LINK_TUNNEL] = &link_tunnel,
};

gboolean
link_number_parse(const char *text, guint64 max, const char *what, guint *ret, GError **error)
{
    gboolean hex = g_str_has_prefix(text, "0x");
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, max, &value, NULL))
        return error_malformed(error, "%s: a number up to %" G_GUINT64_FORMAT " is needed, not \"%s\"",
                               what, max, text);
    *ret = (guint)value;
    return TRUE;
}

gboolean
link_split(const char *rest, const char *what, char **ret_left, char **ret_right, GError **error)
{
    const char *colon = strrchr(rest, ':');

    if (!colon || colon == rest || colon[1] == '\0')
        return error_malformed(error, "%s: two parts with a colon between are needed, not \"%s\"",
                               what, rest);
    *ret_left = g_strndup(rest, (gsize)(colon - rest));
    *ret_right = g_strdup(colon + 1);
    return TRUE;
}

gboolean
link_address_parse(const char *text, struct link_address *ret, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        size_t len = strlen(kinds[i]->scheme);
        struct link_address a = { .kind = i, .fd = -1, .mode = 0600 };

        if (strncmp(text, kinds[i]->scheme, len) || text[len] != ':')
            continue;
        if (!kinds[i]->parse(text + len + 1, &a, error)) {
            link_address_clear(&a);
            return FALSE;
        }
        *ret = a;
        return TRUE;
    }
    return error_malformed(error, "\"%s\" is no address: unixio:PATH, tcp:HOST:PORT, "
                           "vsock:CID:PORT, fd:N or tpm:DEVICE", text);
}

void
link_address_clear(struct link_address *a)
{
    g_clear_pointer(&a->path, g_free);
    g_clear_pointer(&a->host, g_free);
}

int
link_connect(const struct link_address *a, gint64 deadline, GError **error)
{
    if (kinds[a->kind]->connect)
        return kinds[a->kind]->connect(a, deadline, error);
    error_malformed(error, "%s: not a socket to connect to", kinds[a->kind]->scheme);
    return -1;
}

Stream *
link_open(const struct link_address *a, gint64 deadline, GError **error)
{
    const int fd = link_connect(a, deadline, error);

    return fd < 0 ? NULL : stream_new(fd);
}

int
link_listen(const struct link_address *a, GError **error)
{
    if (kinds[a->kind]->listen)
        return kinds[a->kind]->listen(a, error);
    error_malformed(error, "%s: nothing to listen on", kinds[a->kind]->scheme);
    return -1;
}

int
link_accept(int listener, GError **error)
{
    int fd, on = 1;

    do {
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        /* Gone again before we looked: as good as nobody. */
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ECONNABORTED)
            error_errno(error, errno, "accept");
        return -1;
    }
    /* Fails on anything but TCP, which is as well. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

/* TRUE when @fd became writable; the outcome of connect(2) is in SO_ERROR then. */
static gboolean
wait_connected(int fd, gint64 deadline)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };

    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000;
        int n = poll(&p, 1, (int)CLAMP(left, 0, G_MAXINT));
        int err = 0;
        socklen_t len = sizeof(err);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ETIMEDOUT;
        if (n <= 0)
            return FALSE;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
            return FALSE;
        errno = err;
        return err == 0;
    }
}

int
link_connect_socket(int fd, const struct sockaddr *address, unsigned int len, gint64 deadline,
                    const char *what, GError **error)
{
    for (;;) {
        if (connect(fd, address, len) == 0)
            return fd;
        if (errno == EINPROGRESS && wait_connected(fd, deadline))
            return fd;
        if (errno != EAGAIN && errno != EINTR)
            break;
        if (g_get_monotonic_time() >= deadline) {
            errno = ETIMEDOUT;
            break;
        }
        g_usleep(RETRY_MS * 1000);
    }
    error_errno(error, errno, "%s", what);
    io_close(&fd);
    return -1;
}

int
link_listen_socket(int fd, const struct sockaddr *address, unsigned int len, const char *what,
                   GError **error)
{
    if (bind(fd, address, len) == 0 && listen(fd, LINK_BACKLOG) == 0)
        return fd;
    error_errno(error, errno, "%s", what);
    io_close(&fd);
    return -1;
}
