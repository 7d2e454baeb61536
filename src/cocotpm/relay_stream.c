/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_stream - bytes between two descriptors. A direction reads while it has
 * room and writes while it has bytes; an end of file is passed on after them.
 */
#include "config.h"

#include "cocotpm/relay_stream.h"

#include "base/io.h"
#include "base/watch.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct direction {
    RelayStream *stream;
    int from, to;
    guint in_watch, out_watch;
    gsize start, end;                /* of what is in @buffer */
    gboolean ended;                  /* @from has no more */
    gboolean closed;                 /* and @to was told */
    guint8 buffer[RELAY_BUFFER];
};

struct RelayStream {
    int fds[2];
    struct direction directions[2];
    void (*done)(RelayStream *, gpointer);
    gpointer data;
    guint done_source;
};

static void watch(struct direction *d);

static void
unwatch(struct direction *d)
{
    g_clear_handle_id(&d->in_watch, g_source_remove);
    g_clear_handle_id(&d->out_watch, g_source_remove);
    d->in_watch = d->out_watch = 0;
}

static gboolean
tell_done(gpointer data)
{
    RelayStream *s = data;

    s->done_source = 0;
    s->done(s, s->data);
    return G_SOURCE_REMOVE;
}

static void
stream_end(RelayStream *s)
{
    unwatch(&s->directions[0]);
    unwatch(&s->directions[1]);
    if (!s->done_source)
        s->done_source = g_idle_add(tell_done, s);
}

/* FALSE when the other side is gone. */
static gboolean
flush(struct direction *d)
{
    while (d->start < d->end) {
        ssize_t n = write(d->to, d->buffer + d->start, d->end - d->start);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        d->start += (gsize)n;
    }
    d->start = d->end = 0;
    if (d->ended && !d->closed) {
        d->closed = TRUE;
        shutdown(d->to, SHUT_WR);
    }
    return TRUE;
}

/* FALSE when this side failed; its end is no failure. */
static gboolean
fill(struct direction *d)
{
    ssize_t n = read(d->from, d->buffer + d->end, sizeof(d->buffer) - d->end);

    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0)
        d->ended = TRUE;
    d->end += (gsize)n;
    return TRUE;
}

static void
go_on(struct direction *d, gboolean good)
{
    RelayStream *s = d->stream;

    if (!good || !flush(d) || (s->directions[0].closed && s->directions[1].closed))
        stream_end(s);
    else
        watch(d);
}

static gboolean
readable(int fd, GIOCondition condition, gpointer data)
{
    struct direction *d = data;

    gboolean good = fill(d) && flush(d);

    (void)fd;
    (void)condition;
    if (good && !d->ended && d->end == 0)
        return G_SOURCE_CONTINUE;
    d->in_watch = 0;
    go_on(d, good);
    return G_SOURCE_REMOVE;
}

static gboolean
writable(int fd, GIOCondition condition, gpointer data)
{
    struct direction *d = data;

    (void)fd;
    (void)condition;
    d->out_watch = 0;
    go_on(d, TRUE);
    return G_SOURCE_REMOVE;
}

static void
watch(struct direction *d)
{
    if (!d->in_watch && !d->ended && d->end < sizeof(d->buffer))
        d->in_watch = watch_fd(d->from, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, d);
    if (!d->out_watch && d->start < d->end)
        d->out_watch = watch_fd(d->to, G_IO_OUT | G_IO_HUP | G_IO_ERR, writable, d);
}

RelayStream *
relay_stream_new(int a, int b, void (*done)(RelayStream *, gpointer), gpointer data)
{
    RelayStream *s = g_new0(RelayStream, 1);

    s->fds[0] = a;
    s->fds[1] = b;
    s->done = done;
    s->data = data;
    for (guint i = 0; i < 2; i++) {
        s->directions[i].stream = s;
        s->directions[i].from = s->fds[i];
        s->directions[i].to = s->fds[1 - i];
        watch(&s->directions[i]);
    }
    return s;
}

void
relay_stream_free(RelayStream *s)
{
    if (!s)
        return;
    unwatch(&s->directions[0]);
    unwatch(&s->directions[1]);
    g_clear_handle_id(&s->done_source, g_source_remove);
    io_close(&s->fds[0]);
    io_close(&s->fds[1]);
    g_free(s);
}
