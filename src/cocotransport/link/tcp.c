/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcp - links over TCP, with TCP_NODELAY: one message is one segment.
 */
#include "config.h"

#include "cocotransport/link/kinds.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define DEFAULT_HOST "127.0.0.1"

typedef struct addrinfo Addresses;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Addresses, freeaddrinfo)

static gboolean
tcp_parse(const char *rest, struct link_address *a, GError **error)
{
    g_autofree char *host = NULL;
    g_autofree char *port = NULL;

    if (!link_split(rest, "tcp", &host, &port, error)
        || !link_number_parse(port, 65535, "tcp: port", &a->port, error))
        return FALSE;
    /* [::1]:2321 */
    if (host[0] == '[' && host[strlen(host) - 1] == ']')
        a->host = g_strndup(host + 1, strlen(host) - 2);
    else
        a->host = g_steal_pointer(&host);
    return TRUE;
}

static Addresses *
resolve(const struct link_address *a, int flags, GError **error)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
    g_autofree char *port = g_strdup_printf("%u", a->port);
    const char *host = a->host ? a->host : DEFAULT_HOST;
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, port, &hints, &list);

    if (rc == 0)
        return list;
    error_system(error, "%s:%u: %s", host, a->port, gai_strerror(rc));
    return NULL;
}

static int
tcp_socket(const struct addrinfo *info, GError **error)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        error_errno(error, errno, "TCP socket");
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static char *
tcp_name(const struct link_address *a)
{
    return g_strdup_printf("tcp:%s:%u", a->host ? a->host : DEFAULT_HOST, a->port);
}

static int
tcp_connect(const struct link_address *a, gint64 deadline, GError **error)
{
    g_autoptr(Addresses) list = resolve(a, AI_NUMERICSERV, error);
    g_autofree char *name = tcp_name(a);
    int fd = -1;

    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next) {
        g_clear_error(error);
        fd = tcp_socket(i, error);
        if (fd >= 0)
            fd = link_connect_socket(fd, i->ai_addr, i->ai_addrlen, deadline, name, error);
    }
    return fd;
}

static int
tcp_listen(const struct link_address *a, GError **error)
{
    g_autoptr(Addresses) list = resolve(a, AI_NUMERICSERV | AI_PASSIVE, error);
    g_autofree char *name = tcp_name(a);
    int on = 1;
    int fd;

    if (!list)
        return -1;
    fd = tcp_socket(list, error);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return link_listen_socket(fd, list->ai_addr, list->ai_addrlen, name, error);
}

const struct link_kind link_tcp = { "tcp", tcp_parse, tcp_connect, tcp_listen };
