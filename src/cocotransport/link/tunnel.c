/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - the guest's end of the in-band tunnel.
 *
 * While something was asked of the other end (bytes were sent and none came
 * back) the thread polls without a pause, as each poll waits over there.
 * Otherwise it waits for its own side, and looks at the other now and then.
 */
#include "config.h"

#include "cocotransport/link/tunnel.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/wire/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PAUSE_MS_FIRST 8
#define PAUSE_MS_LAST 1000
#define BUFFER_MAX 65536
/* Answers of older commands that are passed over before a stream counts as refused. */
#define STALE_MAX 16

struct TunnelDevice {
    gint users;
    int fd;
    GMutex lock;
    GCond left;
    gboolean busy;                   /* a stream's thread uses @fd */
};

struct tunnel {
    TunnelDevice *device;            /* ours alone, until tunnel_free() */
    int local;                       /* our end of the pair */
    gsize frame_max;
    gboolean asked;
    int pause_ms;
    int patience_ms;                 /* what the kernel was told last; 0: nothing */
    gsize len;                       /* bytes of @out that wait to be sent */
    guint8 out[BUFFER_MAX];
    guint8 answer[TUNNEL_FRAME_MAX];
};

static void
device_unref(TunnelDevice *d)
{
    if (!g_atomic_int_dec_and_test(&d->users))
        return;
    io_close(&d->fd);
    g_mutex_clear(&d->lock);
    g_cond_clear(&d->left);
    g_free(d);
}

/* The thread of an older stream may still be ending. */
static gboolean
device_enter(TunnelDevice *d, gint64 deadline, GError **error)
{
    gboolean entered;

    g_mutex_lock(&d->lock);
    while (d->busy && g_cond_wait_until(&d->left, &d->lock, deadline))
        ;
    entered = !d->busy;
    d->busy = TRUE;
    g_mutex_unlock(&d->lock);
    if (!entered)
        return error_system(error, "the older stream through the carrier TPM does not end");
    g_atomic_int_inc(&d->users);
    return TRUE;
}

static void
device_leave(TunnelDevice *d)
{
    g_mutex_lock(&d->lock);
    d->busy = FALSE;
    g_cond_broadcast(&d->left);
    g_mutex_unlock(&d->lock);
    device_unref(d);
}

static void
tunnel_free(struct tunnel *t)
{
    device_leave(t->device);
    io_close(&t->local);
    g_free(t);
}

/* A command and its answer; the device's own time-out (120 s in Linux) bounds it. */
static gboolean
exchange_raw(struct tunnel *t, const guint8 *frame, gsize len, gsize *ret_len, GError **error)
{
    ssize_t n;

    do {
        n = write(t->device->fd, frame, len);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)len)
        return error_errno(error, n < 0 ? errno : EIO, "the carrier TPM takes no command");
    do {
        n = read(t->device->fd, t->answer, sizeof(t->answer));
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return error_errno(error, n < 0 ? errno : EIO, "the carrier TPM gives no answer");
    *ret_len = (gsize)n;
    return TRUE;
}

static gboolean
exchange(struct tunnel *t, const guint8 *frame, gsize len, struct tunnel_frame *ret,
         GError **error)
{
    gsize got = 0;

    return exchange_raw(t, frame, len, &got, error)
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
    return exchange_raw(t, memory, builder_len(&out), &got, error);
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

/* ---- the thread ---- */

/* Blocks while our side does not read. */
static gboolean
send_here(struct tunnel *t, const guint8 *data, gsize len)
{
    while (len > 0) {
        ssize_t n = send(t->local, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        data += n;
        len -= (gsize)n;
    }
    return TRUE;
}

/* Bytes for our side, at once: it wakes once. FALSE: the stream has ended, or our side has. */
static gboolean
deliver(struct tunnel *t, const struct tunnel_frame *f)
{
    guint8 memory[TUNNEL_RECORD_HEADER + TUNNEL_FRAME_MAX], header[TUNNEL_RECORD_HEADER];
    struct builder out = builder_on(memory, sizeof(memory));

    if (f->code == TUNNEL_ENDED)
        return FALSE;
    if (f->len == 0)
        return TRUE;
    t->asked = FALSE;
    t->pause_ms = PAUSE_MS_FIRST;
    if (f->code == TUNNEL_RECORD) {
        tunnel_record_header(f->len, header);
        builder_bytes(&out, header, sizeof(header));
    }
    builder_bytes(&out, f->payload, f->len);
    return send_here(t, memory, builder_len(&out));
}

/*
 * A receive that waits itself: its time-out is a tick's, where poll() sets the processor's timer
 * for each command. Ticks are up to 10 ms, so no pause may be much shorter.
 */
static void
set_patience(struct tunnel *t, int ms)
{
    const struct timeval patience = { ms / 1000, ms % 1000 * 1000 };

    if (ms != t->patience_ms)
        (void)setsockopt(t->local, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    t->patience_ms = ms;
}

/* What our side has to say, waiting for it when there is time. FALSE: our side has ended. */
static gboolean
listen_here(struct tunnel *t)
{
    ssize_t n;

    if (t->len > 0)
        return TRUE;
    if (!t->asked)
        set_patience(t, t->pause_ms);
    n = recv(t->local, t->out, sizeof(t->out), t->asked ? MSG_DONTWAIT : 0);
    if (n < 0) {
        t->pause_ms = MIN(t->pause_ms * 2, PAUSE_MS_LAST);
        return errno == EAGAIN || errno == EINTR;
    }
    t->len = (gsize)n;
    return n > 0;
}

static gboolean
talk(struct tunnel *t)
{
    guint8 memory[TUNNEL_FRAME_MAX];
    struct builder out = builder_on(memory, sizeof(memory));
    struct tunnel_frame answer;
    gsize taken = 0;

    if (t->len > 0) {
        taken = tunnel_pack(t->out, t->len, t->frame_max, FALSE, &out);
        t->len -= taken;
        memmove(t->out, t->out + taken, t->len);
        t->asked = TRUE;
    } else {
        tunnel_frame_write(&out, TUNNEL_POLL, NULL, 0);
    }
    return exchange(t, memory, builder_len(&out), &answer, NULL) && deliver(t, &answer);
}

static gpointer
tunnel_run(gpointer data)
{
    struct tunnel *t = data;
    struct tunnel_frame answer;

    while (listen_here(t) && talk(t))
        ;
    exchange_code(t, TUNNEL_CLOSE, NULL, 0, &answer, NULL);
    tunnel_free(t);
    return NULL;
}

TunnelDevice *
tunnel_device_take(int fd)
{
    TunnelDevice *d = g_new0(TunnelDevice, 1);

    d->users = 1;
    d->fd = fd;
    g_mutex_init(&d->lock);
    g_cond_init(&d->left);
    return d;
}

TunnelDevice *
tunnel_device_open(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0)
        return tunnel_device_take(fd);
    error_errno(error, errno, "%s", path);
    return NULL;
}

void
tunnel_device_free(TunnelDevice *d)
{
    if (d)
        device_unref(d);
}

int
tunnel_connect(TunnelDevice *device, gint64 deadline, GError **error)
{
    struct tunnel *t;
    int pair[2];

    if (!device_enter(device, deadline, error))
        return -1;
    t = g_new0(struct tunnel, 1);
    t->device = device;
    t->local = -1;
    t->pause_ms = PAUSE_MS_FIRST;
    if (!open_stream(t, error)) {
        tunnel_free(t);
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        error_errno(error, errno, "socket pair");
        tunnel_free(t);
        return -1;
    }
    t->local = pair[0];
    if (!io_set_nonblocking(pair[1], TRUE, error)) {
        io_close(&pair[1]);
        tunnel_free(t);
        return -1;
    }
    g_thread_unref(g_thread_new("tunnel", tunnel_run, t));
    return pair[1];
}
