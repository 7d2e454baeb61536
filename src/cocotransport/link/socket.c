/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "cocotransport/link/socket.h"

#include "base/error.h"

#define TCP_PORT_MAX 65535

static const struct {
    const char *type;
    int kind;
    gboolean vsock;                          /* only where that is asked for */
} types[] = {
    { "unixio", LINK_UNIX, FALSE },
    { "tcp", LINK_TCP, FALSE },
    { "vsock", LINK_VSOCK, TRUE },
};

static gboolean
find_kind(const char *type, gboolean vsock, int *ret)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_strcmp0(type, types[i].type) == 0 && (vsock || !types[i].vsock)) {
            *ret = types[i].kind;
            return TRUE;
        }
    return FALSE;
}

gboolean
link_socket_address(const struct link_socket *s, const char *option, gboolean vsock,
                    struct link_address *ret, GError **error)
{
    struct link_address a = { .fd = -1, .mode = s->mode, .port = s->port, .cid = s->cid };
    int kind;

    if (!find_kind(s->type, vsock, &kind))
        return error_malformed(error, "%s: type=unixio%s is needed", option,
                               vsock ? ", tcp or vsock" : " or tcp");
    if (kind == LINK_UNIX && s->path == NULL)
        return error_malformed(error, "%s: type=unixio needs path=", option);
    if (kind != LINK_UNIX && (s->port == 0 || (kind == LINK_TCP && s->port > TCP_PORT_MAX)))
        return error_malformed(error, "%s: type=%s needs port=", option, s->type);
    a.kind = kind;
    a.path = kind == LINK_UNIX ? g_strdup(s->path) : NULL;
    if (kind == LINK_TCP)
        a.host = g_strdup(s->bindaddr != NULL ? s->bindaddr : "127.0.0.1");
    *ret = a;
    return TRUE;
}
