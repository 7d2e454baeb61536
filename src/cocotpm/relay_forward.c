/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_forward - listener and streams. Above STREAMS_MAX a connection waits in
 * the listener's backlog.
 */
#include "config.h"

#include "cocotpm/relay_forward.h"

#include "base/io.h"
#include "base/log.h"
#include "base/watch.h"
#include "cocotpm/relay_connect.h"
#include "cocotpm/relay_stream.h"

#define STREAMS_MAX 256
#define CONNECT_SECONDS 10
#define ACCEPT_PAUSE_MS 200

struct RelayForward {
    int listener;
    guint watch;
    guint pause;                     /* no connection could be taken, for want of descriptors */
    guint open;                      /* streams, and connections that are being made */
    const struct link_address *to;
    GPtrArray *streams;
    struct log_limit limit;
};

struct pending {
    RelayForward *forward;
    int from;
};

static gboolean incoming(int fd, GIOCondition condition, gpointer data);

static void
forward_watch(RelayForward *f)
{
    if (!f->watch && !f->pause && f->open < STREAMS_MAX)
        f->watch = watch_fd(f->listener, G_IO_IN, incoming, f);
}

static void
forward_closed(RelayForward *f)
{
    f->open--;
    forward_watch(f);
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

static gboolean
pause_over(gpointer data)
{
    RelayForward *f = data;

    f->pause = 0;
    forward_watch(f);
    return G_SOURCE_REMOVE;
}

/* It stays in the backlog, and would be tried again at once. */
static gboolean
not_taken(RelayForward *f, const GError *error)
{
    guint dropped = 0;

    if (log_limit_pass(&f->limit, 1, &dropped))
        g_warning("%s (%u more not written)", error->message, dropped);
    f->watch = 0;
    f->pause = g_timeout_add(ACCEPT_PAUSE_MS, pause_over, f);
    return G_SOURCE_REMOVE;
}

static gboolean
incoming(int fd, GIOCondition condition, gpointer data)
{
    RelayForward *f = data;
    g_autoptr(GError) error = NULL;
    struct pending *p;
    int from = link_accept(fd, &error);

    (void)condition;
    if (from < 0)
        return error ? not_taken(f, error) : G_SOURCE_CONTINUE;
    p = g_new0(struct pending, 1);
    p->forward = f;
    p->from = from;
    f->open++;
    relay_connect(f->to, CONNECT_SECONDS, connected, p);
    if (f->open < STREAMS_MAX)
        return G_SOURCE_CONTINUE;
    f->watch = 0;
    return G_SOURCE_REMOVE;
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

    f->listener = listener;
    f->to = to;
    f->streams = g_ptr_array_new_with_free_func(forwarded_free);
    forward_watch(f);
    return f;
}

void
relay_forward_free(RelayForward *f)
{
    if (!f)
        return;
    g_clear_handle_id(&f->watch, g_source_remove);
    g_clear_handle_id(&f->pause, g_source_remove);
    io_close(&f->listener);
    g_ptr_array_unref(f->streams);
    g_free(f);
}
