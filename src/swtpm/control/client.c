/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/control/client.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/builder.h"
#include "base/error.h"
#include "base/io.h"

static gint64
deadline(void)
{
    return g_get_monotonic_time() + PTM_CLIENT_TIMEOUT_MS * (G_TIME_SPAN_SECOND / 1000);
}

static int
connect_first(const struct addrinfo *list, const char *host, const char *port, GError **error)
{
    int saved = ECONNREFUSED;

    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
        int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);

        if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
            return fd;
        saved = errno;
        io_close(&fd);
    }
    error_errno(error, saved, "Could not connect to host '%s' on port '%s' using TCP socket",
                host, port);
    return -1;
}

int
ptm_connect_tcp(const char *address, const char *default_port, GError **error)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    const char *colon = strrchr(address, ':');
    g_autofree char *host = colon != NULL ? g_strndup(address, (gsize)(colon - address))
                                          : g_strdup(address);
    const char *port = colon != NULL && colon[1] != '\0' ? colon + 1 : default_port;
    const char *name = host[0] != '\0' ? host : "127.0.0.1";
    struct addrinfo *list = NULL;
    guint64 number;
    int rc, fd;

    if (!g_ascii_string_to_unsigned(port, 10, 1, 65535, &number, NULL)) {
        error_malformed(error, "Port '%s' outside valid range.", port);
        return -1;
    }
    rc = getaddrinfo(name, port, &hints, &list);
    if (rc != 0) {
        error_system(error, "Could not resolve '%s': %s", name, gai_strerror(rc));
        return -1;
    }
    fd = connect_first(list, name, port, error);
    freeaddrinfo(list);
    return fd;
}

int
ptm_connect_unix(const char *path, GError **error)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    g_auto(AutoFd) fd = -1;
    int ret;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        error_malformed(error, "Socket path is too long: %s", path);
        return -1;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        error_errno(error, errno, "Connect failed");
        return -1;
    }
    ret = fd;
    fd = -1;
    return ret;
}

gboolean
ptm_send(int fd, guint32 code, const guint8 *body, gsize len, GError **error)
{
    g_autofree guint8 *bytes = g_malloc(4 + len);
    struct builder out = builder_on(bytes, 4 + len);

    builder_be32(&out, code);
    builder_bytes(&out, body, len);
    return io_write_until(fd, bytes, builder_len(&out), deadline(), error);
}

gboolean
ptm_receive(int fd, guint8 *buf, gsize len, GError **error)
{
    return io_read_until(fd, buf, len, deadline(), error);
}

gboolean
ptm_result_ok(guint32 code, guint32 result, GError **error)
{
    const struct ptm_row *row = ptm_row(code);

    if (result == PTM_OK)
        return TRUE;
    return error_system(error, "TPM result from PTM_%s: 0x%x", row != NULL ? row->name : "?",
                        result);
}

/* An error is four bytes, whatever the command: the rest is read after the result is known. */
gboolean
ptm_request(int fd, guint32 code, const guint8 *body, gsize body_len, guint8 *ret, gsize len,
            GError **error)
{
    guint8 head[4] = { 0 };
    struct cursor in = cursor_from(head, sizeof(head));

    return ptm_send(fd, code, body, body_len, error) &&
           ptm_receive(fd, head, sizeof(head), error) &&
           ptm_result_ok(code, cursor_be32(&in), error) &&
           (len == 0 || ptm_receive(fd, ret, len, error));
}
