/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_forward - listener and streams. Above STREAMS_MAX a connection waits in
 * the listener's backlog.
 */
#include "config.h"

#include "cocotpm/relay_forward.h"

#include "base/io.h"
#include "base/log.h"
#include "cocotpm/relay_connect.h"
#include "cocotpm/relay_stream.h"
#include "cocotransport/link/acceptor.h"

#define STREAMS_MAX 256
#define CONNECT_SECONDS 10

struct RelayForward {
    Acceptor *acceptor;
    guint open;                      /* streams, and connections that are being made */
    const struct link_address *to;
    GPtrArray *streams;
    struct log_limit limit;
};

struct pending {
    RelayForward *forward;
    int from;
};

static void
forward_closed(RelayForward *f)
{
    f->open--;
    acceptor_room(f->acceptor, TRUE);
}

static void
stream_done(RelayStream *s, gpointer data)
{
    RelayForward *f = data;

    g_ptr_array_remove_fast(f->streams, s);
    forward_closed(f);
}

static void
connected(int fd, const GError *error, gpointer data)
{
    struct pending *p = data;
    RelayForward *f = p->forward;
    guint dropped = 0;

    if (fd >= 0) {
        g_ptr_array_add(f->streams, relay_stream_new(p->from, fd, stream_done, f));
    } else {
        if (log_limit_pass(&f->limit, 1, &dropped))
            g_warning("%s (%u more not written)", error->message, dropped);
        io_close(&p->from);
        forward_closed(f);
    }
    g_free(p);
}

static void
incoming(int fd, const GError *error, gpointer data)
{
    RelayForward *f = data;
    struct pending *p;

    if (fd < 0) {
        g_warning("%s", error->message);
        return;
    }
    p = g_new0(struct pending, 1);
    p->forward = f;
    p->from = fd;
    f->open++;
    acceptor_room(f->acceptor, f->open < STREAMS_MAX);
    relay_connect(f->to, CONNECT_SECONDS, connected, p);
}

static void
forwarded_free(gpointer data)
{
    relay_stream_free(data);
}

RelayForward *
relay_forward_new(int listener, const struct link_address *to)
{
    RelayForward *f = g_new0(RelayForward, 1);

    f->to = to;
    f->streams = g_ptr_array_new_with_free_func(forwarded_free);
    f->acceptor = acceptor_new(listener, incoming, f);
    return f;
}

void
relay_forward_free(RelayForward *f)
{
    if (!f)
        return;
    acceptor_free(f->acceptor);
    g_ptr_array_unref(f->streams);
    g_free(f);
}
