/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - the guest's end of the in-band tunnel.
 *
 * An exchange belongs to whoever is `turning`, sender or thread. While something
 * was asked of the other end (bytes were sent and none came back) the thread
 * makes one after the other, as each waits over there. Otherwise it looks at the
 * other end now and then.
 */
#include "config.h"

#include "cocotransport/link/tunnel.h"

#include "base/error.h"
#include "base/io.h"
#include "base/thread.h"
#include "cocotransport/wire/tunnel.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSE_MS_FIRST 50
#define PAUSE_MS_LAST 1000
#define BUFFER_MAX 65536
/* Answers of older commands that are passed over before a stream counts as refused. */
#define STALE_MAX 16

struct pipe_end {
    gsize pos, end;
    guint8 bytes[BUFFER_MAX];
};

struct tunnel {
    Stream stream;                   /* first */
    TunnelDevice *device;            /* ours alone, until tunnel_free() */
    int event;                       /* readable while @told */
    gsize frame_max;
    GMutex lock;                     /* of what follows */
    GCond work;                      /* something for the thread */
    gboolean turning;                /* an exchange is under way, without the lock */
    gboolean told, ended, leaving;
    enum { QUIET, MORE, ASKED } other;   /* what the other end has for us: nothing as far as we know,
                                        * maybe more, an answer to come */
    gint64 look;                     /* at the other end, when it is QUIET */
    int pause_ms;
    struct pipe_end in, out;
    guint8 answer[TUNNEL_FRAME_MAX];
};

static void
tunnel_free(struct tunnel *t)
{
    tunnel_device_leave(t->device);
    io_close(&t->event);
    g_mutex_clear(&t->lock);
    g_cond_clear(&t->work);
    g_free(t);
}

static gboolean
exchange(struct tunnel *t, const guint8 *frame, gsize len, struct tunnel_frame *ret,
         GError **error)
{
    gsize got = 0;

    return tunnel_device_exchange(t->device, frame, len, t->answer, &got, error)
           && tunnel_answer_parse(t->answer, got, ret, error);
}

static gboolean
exchange_code(struct tunnel *t, guint32 code, const void *payload, gsize len,
              struct tunnel_frame *ret, GError **error)
{
    guint8 memory[TUNNEL_HEADER + 4];
    struct builder out = builder_on(memory, sizeof(memory));

    tunnel_frame_write(&out, code, payload, len);
    return exchange(t, memory, builder_len(&out), ret, error);
}

/* After a time-out the CRB device gives the next exchange stale bytes: one is thrown away. */
static gboolean
throw_one_away(struct tunnel *t, GError **error)
{
    guint8 memory[TUNNEL_HEADER];
    struct builder out = builder_on(memory, sizeof(memory));
    gsize got = 0;

    tunnel_frame_write(&out, TUNNEL_POLL, NULL, 0);
    return tunnel_device_exchange(t->device, memory, builder_len(&out), t->answer, &got, error);
}

/*
 * A host that kept an answer back, or gave one twice, leaves the device behind:
 * each command gets the answer of an older one. A stream bears that, as its bytes
 * stay in order; so the answer for this stream is looked for among the next ones.
 */
static gboolean
open_stream(struct tunnel *t, GError **error)
{
    guint8 number[4];
    struct builder out = builder_on(number, sizeof(number));
    guint32 stream = g_random_int();
    struct tunnel_frame answer;
    struct tunnel_opened opened;

    builder_be32(&out, stream);
    if (!throw_one_away(t, error)
        || !exchange_code(t, TUNNEL_OPEN, number, sizeof(number), &answer, error))
        return FALSE;
    for (guint i = 0; i < STALE_MAX; i++) {
        if (tunnel_opened_parse(&answer, &opened, NULL) && opened.stream == stream) {
            t->frame_max = opened.frame_max;
            return TRUE;
        }
        if (!exchange_code(t, TUNNEL_POLL, NULL, 0, &answer, error))
            return FALSE;
    }
    if (answer.code == TUNNEL_ENDED)
        return error_system(error, "the host's end of the tunnel does not reach the CoCoTPM");
    return error_malformed(error, "the tunnel does not answer for this stream");
}

/* ---- exchanges of the stream; all with the lock ---- */

static gsize
pipe_room(struct pipe_end *p)
{
    memmove(p->bytes, p->bytes + p->pos, p->end - p->pos);
    p->end -= p->pos;
    p->pos = 0;
    return sizeof(p->bytes) - p->end;
}

static gboolean
pipe_empty(const struct pipe_end *p)
{
    return p->pos == p->end;
}

static void
pack(struct tunnel *t, struct builder *out)
{
    if (pipe_empty(&t->out)) {
        tunnel_frame_write(out, TUNNEL_POLL, NULL, 0);
        return;
    }
    t->out.pos += tunnel_pack(t->out.bytes + t->out.pos, t->out.end - t->out.pos, t->frame_max,
                              FALSE, out);
    t->other = ASKED;
    t->pause_ms = PAUSE_MS_FIRST;
}

/* FALSE: the stream has ended. */
static gboolean
deliver(struct tunnel *t, const struct tunnel_frame *f)
{
    struct builder out = builder_on(t->in.bytes + t->in.end, sizeof(t->in.bytes) - t->in.end);
    guint8 header[TUNNEL_RECORD_HEADER];

    if (f->code == TUNNEL_ENDED)
        return FALSE;
    if (f->len == 0) {
        t->other = t->other == ASKED ? ASKED : QUIET;
        return TRUE;
    }
    if (f->code == TUNNEL_RECORD) {
        tunnel_record_header(f->len, header);
        builder_bytes(&out, header, sizeof(header));
    }
    builder_bytes(&out, f->payload, f->len);
    t->in.end += builder_len(&out);
    /* A full frame is as much as the other end could give. */
    t->other = TUNNEL_HEADER + f->len >= t->frame_max ? MORE : QUIET;
    t->pause_ms = PAUSE_MS_FIRST;
    return TRUE;
}

/* There is room for whatever the answer brings. */
static gboolean
may_turn(struct tunnel *t)
{
    return !t->turning && !t->ended
           && pipe_room(&t->in) >= TUNNEL_RECORD_HEADER + TUNNEL_FRAME_MAX;
}

static void
turn(struct tunnel *t)
{
    guint8 memory[TUNNEL_FRAME_MAX];
    struct builder out = builder_on(memory, sizeof(memory));
    struct tunnel_frame answer;
    gboolean good;

    pack(t, &out);
    t->turning = TRUE;
    g_mutex_unlock(&t->lock);
    good = exchange(t, memory, builder_len(&out), &answer, NULL);
    g_mutex_lock(&t->lock);
    t->turning = FALSE;
    t->ended = !good || !deliver(t, &answer);
    t->look = g_get_monotonic_time() + t->pause_ms * (gint64)1000;
}

/* Whoever polls is to see what there is. */
static void
tell(struct tunnel *t)
{
    const guint64 one = 1;

    if (!t->told && (t->ended || !pipe_empty(&t->in)))
        t->told = write(t->event, &one, sizeof(one)) == sizeof(one);
}

static void
tell_no_more(struct tunnel *t)
{
    guint64 count;

    if (t->told && !t->ended && pipe_empty(&t->in))
        t->told = read(t->event, &count, sizeof(count)) != sizeof(count);
}

/* ---- the thread ---- */

/* TRUE: there is an exchange to make. FALSE: time has passed. */
static gboolean
wait_turn(struct tunnel *t)
{
    const gint64 now = g_get_monotonic_time();

    if (!may_turn(t)) {
        g_cond_wait_until(&t->work, &t->lock, now + PAUSE_MS_LAST * (gint64)1000);
        return FALSE;
    }
    if (!pipe_empty(&t->out) || t->other != QUIET)
        return TRUE;
    if (now < t->look) {
        g_cond_wait_until(&t->work, &t->lock, t->look);
        return FALSE;
    }
    t->pause_ms = MIN(t->pause_ms * 2, PAUSE_MS_LAST);
    return TRUE;
}

static gpointer
tunnel_run(gpointer data)
{
    struct tunnel *t = data;
    struct tunnel_frame answer;

    g_mutex_lock(&t->lock);
    while (!t->leaving) {
        if (!wait_turn(t))
            continue;
        turn(t);
        tell(t);
    }
    g_mutex_unlock(&t->lock);
    exchange_code(t, TUNNEL_CLOSE, NULL, 0, &answer, NULL);
    tunnel_free(t);
    return NULL;
}

/* ---- the user's side ---- */

/* All of it, or an error: a user that waits for answers never has much on the way. */
static ssize_t
tunnel_send(Stream *s, const void *data, gsize len)
{
    struct tunnel *t = (struct tunnel *)s;
    int refused = 0;

    g_mutex_lock(&t->lock);
    if (t->ended || len > pipe_room(&t->out)) {
        refused = t->ended ? EPIPE : ENOBUFS;
    } else {
        memcpy(t->out.bytes + t->out.end, data, len);
        t->out.end += len;
        while (may_turn(t) && (!pipe_empty(&t->out) || t->other == MORE))
            turn(t);
        if (!pipe_empty(&t->out) || t->other != QUIET)
            g_cond_signal(&t->work);
    }
    g_mutex_unlock(&t->lock);
    errno = refused;
    return refused ? -1 : (ssize_t)len;
}

static ssize_t
tunnel_recv(Stream *s, void *data, gsize size)
{
    struct tunnel *t = (struct tunnel *)s;
    gboolean ended;
    gsize n;

    g_mutex_lock(&t->lock);
    n = MIN(size, t->in.end - t->in.pos);
    memcpy(data, t->in.bytes + t->in.pos, n);
    t->in.pos += n;
    ended = t->ended;
    tell_no_more(t);
    /* It may have waited for room. */
    if (t->other != QUIET)
        g_cond_signal(&t->work);
    g_mutex_unlock(&t->lock);
    errno = EAGAIN;
    return n > 0 || ended ? (ssize_t)n : -1;
}

static int
tunnel_poll_fd(Stream *s)
{
    struct tunnel *t = (struct tunnel *)s;

    g_mutex_lock(&t->lock);
    tell(t);
    g_mutex_unlock(&t->lock);
    return t->event;
}

static gboolean
tunnel_pending(Stream *s)
{
    struct tunnel *t = (struct tunnel *)s;
    gboolean pending;

    g_mutex_lock(&t->lock);
    pending = t->ended || !pipe_empty(&t->in);
    g_mutex_unlock(&t->lock);
    return pending;
}

/* The thread frees it, once the exchange that is under way has ended. */
static void
tunnel_leave(Stream *s)
{
    struct tunnel *t = (struct tunnel *)s;

    g_mutex_lock(&t->lock);
    t->leaving = TRUE;
    g_cond_signal(&t->work);
    g_mutex_unlock(&t->lock);
}

static const struct stream_ops tunnel_ops = {
    tunnel_send, tunnel_recv, tunnel_poll_fd, tunnel_pending, tunnel_leave,
};

/* ---- opening ---- */

static struct tunnel *
tunnel_new(TunnelDevice *device)
{
    struct tunnel *t = g_new0(struct tunnel, 1);

    t->stream.ops = &tunnel_ops;
    t->device = device;
    t->pause_ms = PAUSE_MS_FIRST;
    t->look = g_get_monotonic_time() + PAUSE_MS_FIRST * (gint64)1000;
    t->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&t->lock);
    g_cond_init(&t->work);
    return t;
}

/* Without memory or room for a process there is no stream: later, then, as with any other link. */
static gboolean
start_thread(struct tunnel *t, GError **error)
{
    struct tunnel_frame answer;

    if (thread_start("tunnel", tunnel_run, t, error))
        return TRUE;
    exchange_code(t, TUNNEL_CLOSE, NULL, 0, &answer, NULL);
    return FALSE;
}

Stream *
tunnel_connect(TunnelDevice *device, gint64 deadline, GError **error)
{
    struct tunnel *t;

    if (!tunnel_device_enter(device, deadline, error))
        return NULL;
    t = tunnel_new(device);
    if (t->event < 0)
        error_errno(error, errno, "eventfd");
    if (t->event < 0 || !open_stream(t, error) || !start_thread(t, error)) {
        tunnel_free(t);
        return NULL;
    }
    return &t->stream;
}
