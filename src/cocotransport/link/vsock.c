/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vsock - links between a guest and its host, or two guests' hosts, without a
 * network (vsock(7)).
 */
#include "config.h"

#include "cocotransport/link/kinds.h"

#include "base/error.h"

#include <errno.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

static gboolean
vsock_parse(const char *rest, struct link_address *a, GError **error)
{
    g_autofree char *cid = NULL;
    g_autofree char *port = NULL;

    return link_split(rest, "vsock", &cid, &port, error)
           && link_number_parse(cid, G_MAXUINT32, "vsock: CID", &a->cid, error)
           && link_number_parse(port, G_MAXUINT32, "vsock: port", &a->port, error);
}

static int
vsock_socket(const struct link_address *a, struct sockaddr_vm *ret, GError **error)
{
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *ret = (struct sockaddr_vm){
        .svm_family = AF_VSOCK, .svm_cid = a->cid, .svm_port = a->port,
    };
    if (fd < 0)
        error_errno(error, errno, "vsock:%u:%u", a->cid, a->port);
    return fd;
}

static int
vsock_connect(const struct link_address *a, gint64 deadline, GError **error)
{
    g_autofree char *name = g_strdup_printf("vsock:%u:%u", a->cid, a->port);
    struct sockaddr_vm address;
    int fd = vsock_socket(a, &address, error);

    if (fd < 0)
        return -1;
    return link_connect_socket(fd, (struct sockaddr *)&address, sizeof(address), deadline, name,
                               error);
}

static int
vsock_listen(const struct link_address *a, GError **error)
{
    g_autofree char *name = g_strdup_printf("vsock:%u:%u", a->cid, a->port);
    struct sockaddr_vm address;
    int fd = vsock_socket(a, &address, error);

    if (fd < 0)
        return -1;
    return link_listen_socket(fd, (struct sockaddr *)&address, sizeof(address), name, error);
}

const struct link_kind link_vsock = { "vsock", vsock_parse, vsock_connect, vsock_listen };
