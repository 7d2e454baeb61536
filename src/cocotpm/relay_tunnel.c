/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_tunnel - the host's end of the in-band tunnel.
 *
 * An exchange is answered when the CoCoTPM has sent a whole TLS record, or more
 * than fits, or its end; or when RELAY_TUNNEL_WAIT_MS have passed; at once when
 * nothing was asked of the CoCoTPM since its last bytes (`asked`).
 */
#include "config.h"

#include "cocotpm/relay_tunnel.h"

#include "base/cursor.h"
#include "base/io.h"
#include "base/watch.h"
#include "cocotpm/relay_connect.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_SECONDS 10
#define BUFFER_MAX 65536

struct pipe_buffer {
    guint8 bytes[BUFFER_MAX];
    gsize len;
};

struct RelayTunnel {
    const struct link_address *to;
    relay_tunnel_answer answered;
    gpointer data;
    int fd;                          /* of the stream; -1: none */
    guint serial;                    /* of the stream, so that a late connection is known */
    guint32 number;                  /* the guest's name for it */
    gboolean used;                   /* a stream was opened since relay_tunnel_end() */
    gboolean ended;                  /* the CoCoTPM has no more */
    gboolean asked;
    gboolean waiting;                /* a frame is in hand */
    gboolean connecting;
    gsize frame_max;                 /* of the answer in hand */
    guint in_watch, out_watch, timer;
    struct pipe_buffer in, out;      /* from and to the CoCoTPM */
};

struct opening {
    RelayTunnel *tunnel;
    guint serial;
};

static void watch(RelayTunnel *t);

static void
stream_close(RelayTunnel *t)
{
    g_clear_handle_id(&t->in_watch, g_source_remove);
    g_clear_handle_id(&t->out_watch, g_source_remove);
    io_close(&t->fd);
    t->serial++;
    t->in.len = t->out.len = 0;
    t->ended = TRUE;
    t->asked = FALSE;
}

/* ---- answers ---- */

static void
answer_frame(RelayTunnel *t, guint32 code, const void *payload, gsize len)
{
    guint8 memory[TUNNEL_FRAME_MAX];
    struct builder out = builder_on(memory, sizeof(memory));

    g_clear_handle_id(&t->timer, g_source_remove);
    t->waiting = t->connecting = FALSE;
    tunnel_frame_write(&out, code, payload, len);
    t->answered(memory, builder_len(&out), t->data);
}

static void
buffer_take(struct pipe_buffer *b, gsize len)
{
    b->len -= len;
    memmove(b->bytes, b->bytes + len, b->len);
}

static void
answer_now(RelayTunnel *t)
{
    guint8 memory[TUNNEL_FRAME_MAX];
    struct builder out = builder_on(memory, sizeof(memory));
    gsize taken;

    if (t->in.len == 0 && t->ended) {
        answer_frame(t, TUNNEL_ENDED, NULL, 0);
        return;
    }
    g_clear_handle_id(&t->timer, g_source_remove);
    t->waiting = FALSE;
    taken = tunnel_pack(t->in.bytes, t->in.len, t->frame_max, TRUE, &out);
    if (taken > 0)
        t->asked = FALSE;
    buffer_take(&t->in, taken);
    watch(t);
    t->answered(memory, builder_len(&out), t->data);
}

/* TRUE when the bytes that are there end with a record's last one: nothing is half sent. */
static gboolean
whole_records(const struct pipe_buffer *b)
{
    struct cursor in = cursor_from(b->bytes, b->len);

    if (b->len == 0)
        return FALSE;
    while (cursor_left(&in) > 0) {
        cursor_bytes(&in, TUNNEL_RECORD_HEADER - 2);
        cursor_bytes(&in, cursor_be16(&in));
        if (in.failed)
            return FALSE;
    }
    return TRUE;
}

static void
answer_when_due(RelayTunnel *t)
{
    if (!t->waiting || t->connecting)
        return;
    if (t->ended || !t->asked || t->in.len >= t->frame_max || whole_records(&t->in))
        answer_now(t);
}

static gboolean
wait_over(gpointer data)
{
    RelayTunnel *t = data;

    t->timer = 0;
    if (t->waiting)
        answer_now(t);
    return G_SOURCE_REMOVE;
}

/* ---- the link ---- */

static void
stream_flush(RelayTunnel *t)
{
    gsize sent = 0;

    while (sent < t->out.len && t->fd >= 0) {
        ssize_t n = send(t->fd, t->out.bytes + sent, t->out.len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            stream_close(t);
        if (n < 0)
            break;
        sent += (gsize)n;
    }
    if (t->fd >= 0)
        buffer_take(&t->out, sent);
}

static gboolean
link_readable(int fd, GIOCondition condition, gpointer data)
{
    RelayTunnel *t = data;
    gboolean full;
    ssize_t n = read(fd, t->in.bytes + t->in.len, sizeof(t->in.bytes) - t->in.len);

    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0)
        t->in.len += (gsize)n;
    else
        t->ended = TRUE;
    full = t->ended || t->in.len == sizeof(t->in.bytes);
    if (full)
        t->in_watch = 0;
    answer_when_due(t);
    return full ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
link_writable(int fd, GIOCondition condition, gpointer data)
{
    RelayTunnel *t = data;

    (void)fd;
    (void)condition;
    t->out_watch = 0;
    stream_flush(t);
    watch(t);
    answer_when_due(t);
    return G_SOURCE_REMOVE;
}

static void
watch(RelayTunnel *t)
{
    if (t->fd < 0)
        return;
    if (!t->in_watch && !t->ended && t->in.len < sizeof(t->in.bytes))
        t->in_watch = watch_fd(t->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, link_readable, t);
    if (!t->out_watch && t->out.len > 0)
        t->out_watch = watch_fd(t->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, link_writable, t);
}

/* ---- frames ---- */

static void
answer_opened(RelayTunnel *t)
{
    guint8 memory[8];
    struct builder out = builder_on(memory, sizeof(memory));
    const struct tunnel_opened answer = { t->number, (guint32)t->frame_max };

    tunnel_opened_write(&answer, &out);
    answer_frame(t, TUNNEL_OK, memory, builder_len(&out));
}

static void
opened(int fd, const GError *error, gpointer data)
{
    struct opening *o = data;
    RelayTunnel *t = o->tunnel;
    gboolean late = o->serial != t->serial;

    g_free(o);
    if (late) {
        io_close(&fd);
        return;
    }
    if (fd < 0) {
        g_warning("%s", error->message);
        answer_frame(t, TUNNEL_ENDED, NULL, 0);
        return;
    }
    t->fd = fd;
    t->ended = FALSE;
    watch(t);
    answer_opened(t);
}

static void
frame_open(RelayTunnel *t, const struct tunnel_frame *f)
{
    struct cursor in = cursor_from(f->payload, f->len);
    struct opening *o = g_new0(struct opening, 1);

    stream_close(t);
    t->number = cursor_be32(&in);
    t->used = TRUE;
    t->connecting = TRUE;
    o->tunnel = t;
    o->serial = t->serial;
    relay_connect(t->to, CONNECT_SECONDS, opened, o);
}

static void
frame_bytes(RelayTunnel *t, const struct tunnel_frame *f)
{
    struct builder out = builder_on(t->out.bytes + t->out.len, sizeof(t->out.bytes) - t->out.len);
    guint8 header[TUNNEL_RECORD_HEADER];

    if (t->fd < 0)
        return;
    if (f->code == TUNNEL_RECORD) {
        tunnel_record_header(f->len, header);
        builder_bytes(&out, header, sizeof(header));
    }
    builder_bytes(&out, f->payload, f->len);
    t->out.len += builder_len(&out);
    t->asked = TRUE;
    /* The CoCoTPM has not taken 64 KiB: it takes no more. */
    if (out.failed)
        stream_close(t);
    else
        stream_flush(t);
}

static void
frame_close(RelayTunnel *t, const struct tunnel_frame *f)
{
    (void)f;
    stream_close(t);
}

static void
frame_poll(RelayTunnel *t, const struct tunnel_frame *f)
{
    (void)t;
    (void)f;
}

static const struct {
    guint32 code;
    void (*run)(RelayTunnel *t, const struct tunnel_frame *f);
} frames[] = {
    { TUNNEL_DATA, frame_bytes }, { TUNNEL_RECORD, frame_bytes }, { TUNNEL_POLL, frame_poll },
    { TUNNEL_OPEN, frame_open },  { TUNNEL_CLOSE, frame_close },
};

static gboolean
answer_soon(gpointer data)
{
    RelayTunnel *t = data;

    t->timer = 0;
    answer_when_due(t);
    if (t->waiting && !t->connecting)
        t->timer = g_timeout_add(RELAY_TUNNEL_WAIT_MS, wait_over, t);
    return G_SOURCE_REMOVE;
}

void
relay_tunnel_frame(RelayTunnel *t, const guint8 *frame, gsize len, gsize frame_max)
{
    struct tunnel_frame f = { 0 };

    t->waiting = TRUE;
    t->frame_max = MIN(frame_max, TUNNEL_FRAME_MAX);
    if (!tunnel_request_parse(frame, len, &f, NULL)) {
        stream_close(t);
    } else {
        for (guint i = 0; i < G_N_ELEMENTS(frames); i++)
            if (frames[i].code == f.code)
                frames[i].run(t, &f);
        watch(t);
    }
    g_clear_handle_id(&t->timer, g_source_remove);
    t->timer = g_idle_add_full(G_PRIORITY_HIGH, answer_soon, t, NULL);
}

void
relay_tunnel_hurry(RelayTunnel *t)
{
    if (t->waiting && !t->connecting)
        answer_now(t);
}

gboolean
relay_tunnel_end(RelayTunnel *t)
{
    gboolean used = t->used;

    t->used = FALSE;
    t->connecting = FALSE;
    stream_close(t);
    if (t->waiting && !t->timer)
        t->timer = g_idle_add_full(G_PRIORITY_HIGH, answer_soon, t, NULL);
    return used;
}

RelayTunnel *
relay_tunnel_new(const struct link_address *to, relay_tunnel_answer answered, gpointer data)
{
    RelayTunnel *t = g_new0(RelayTunnel, 1);

    t->to = to;
    t->answered = answered;
    t->data = data;
    t->fd = -1;
    t->ended = TRUE;
    return t;
}

void
relay_tunnel_free(RelayTunnel *t)
{
    if (!t)
        return;
    g_clear_handle_id(&t->timer, g_source_remove);
    stream_close(t);
    g_free(t);
}
