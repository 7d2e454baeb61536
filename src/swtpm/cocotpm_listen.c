/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_listen - the listener, and the bound on links that are neither
 * attached nor the operator's: the oldest goes, so that those who say nothing
 * keep nobody out.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

int
cocotpm_listener_open(const struct cocotpm_options *o, GError **error)
{
    struct link_address a = { .fd = -1 };
    int fd;

    if (!link_socket_address(&o->at, "--cocotpm", TRUE, &a, error))
        return -1;
    fd = link_listen(&a, error);
    link_address_clear(&a);

    return fd;
}

static gboolean
is_half_open(const Peer *p)
{
    return !p->closed && p->state != PEER_ATTACHED && p->state != PEER_ATTACHING &&
           !(p->role == ROLE_OPERATOR && p->state == PEER_OPEN);
}

static void
make_room(Cocotpm *c)
{
    guint open = 0;
    Peer *oldest = NULL;

    for (guint i = 0; i < c->peers->len; i++) {
        Peer *p = c->peers->pdata[i];

        if (!is_half_open(p))
            continue;
        if (oldest == NULL)
            oldest = p;
        open++;
    }
    if (open >= HALF_OPEN_MAX)
        peer_close(oldest, "too many links that are not attached");
}

static void
take_link(Cocotpm *c, int fd)
{
    g_autoptr(GError) error = NULL;

    make_room(c);
    if (peer_new(c, fd, &error) == NULL)
        g_warning("a new link: %s", error->message);
}

static void
on_link(int fd, const GError *error, gpointer data)
{
    if (fd >= 0)
        take_link(data, fd);
    else
        g_warning("accepting a link: %s", error->message);
}

static gboolean
is_listening(int fd)
{
    int listening = 0;
    socklen_t len = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/* fd=: a socket that listens is a listener; anything else is the one link there will be. */
gboolean
cocotpm_listen(Cocotpm *c, GError **error)
{
    if (c->options.fd >= 0 && !is_listening(c->options.fd)) {
        take_link(c, c->options.fd);
        return TRUE;
    }
    if (c->options.fd >= 0) {
        c->listener = c->options.fd;
        if (!io_set_nonblocking(c->listener, TRUE, error))
            return FALSE;
    }
    c->acceptor = acceptor_new(c->listener, on_link, c);
    c->listener = -1;

    return TRUE;
}

void
cocotpm_unlisten(Cocotpm *c)
{
    g_clear_pointer(&c->acceptor, acceptor_free);
    io_close(&c->listener);
    if (g_strcmp0(c->options.at.type, "unixio") == 0)
        (void)g_unlink(c->options.at.path);
}
