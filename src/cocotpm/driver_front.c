/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_front - the sockets of the swtpm TCTI.
 *
 * A client waits or has one job in the queue, and is not read from then. The first
 * job of the queue is with the TPM. Clients above CLIENTS_MAX wait in the
 * listener's backlog.
 */
#include "config.h"

#include "cocotpm/driver_front.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "base/watch.h"
#include "cocotransport/link/acceptor.h"
#include "cocotransport/wire/message.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CLIENTS_MAX 64

/* Commands of one client that are waited for without the main loop, and how long each at the most. */
#define TURNS_MAX 8
#define LINGER_MS 4

/* Control commands (TPM emulator protocol of QEMU and swtpm) and their results. */
enum {
    CTRL_GET_CAPABILITY = 1,
    CTRL_SHUTDOWN = 3,
    CTRL_GET_TPMESTABLISHED = 4,
    CTRL_SET_LOCALITY = 5,
    CTRL_CANCEL_TPM_CMD = 9,
};
#define RESULT_BAD_PARAMETER 0x03u
#define RESULT_BAD_ORDINAL 0x0au

/* Bits of GET_CAPABILITY's answer. */
#define CAP_SHUTDOWN (1u << 1)
#define CAP_GET_TPMESTABLISHED (1u << 2)
#define CAP_SET_LOCALITY (1u << 3)
#define CAP_CANCEL_TPM_CMD (1u << 5)

#define LOCALITY_MAX 4

struct front_listener {
    DriverFront *front;
    Acceptor *acceptor;
    gboolean control;
};

struct front_client {
    DriverFront *front;
    int fd;
    guint watch;                     /* 0: more came, or it left, while its job is in the queue */
    gboolean queued;                 /* a job of it is in the queue */
    gboolean control;
    gsize len;                       /* bytes of @buffer that are there */
    guint8 buffer[TPM_MESSAGE_MAX];
};

struct DriverFront {
    struct driver_tpm *tpm;
    struct front_listener listeners[2];
    GPtrArray *clients;
    GQueue jobs;                     /* of struct front_client *; what it wants is in its buffer */
    gboolean working;                /* the first one is with the TPM */
    const struct front_client *answered;   /* just now, and it may ask again */
    void (*stop)(gpointer);
    gpointer stop_data;
};

static gboolean client_readable(int fd, GIOCondition condition, gpointer data);
static void next_job(DriverFront *f);

static void
client_free(gpointer data)
{
    struct front_client *c = data;

    g_clear_handle_id(&c->watch, g_source_remove);
    io_close(&c->fd);
    gnutls_memset(c->buffer, 0, sizeof(c->buffer));
    g_free(c);
}

static void
make_room(DriverFront *f)
{
    for (guint i = 0; i < G_N_ELEMENTS(f->listeners); i++)
        acceptor_room(f->listeners[i].acceptor, f->clients->len < CLIENTS_MAX);
}

static void
client_close(struct front_client *c)
{
    DriverFront *f = c->front;

    g_ptr_array_remove_fast(f->clients, c);
    make_room(f);
}

/* The source outlives most jobs: one that comes and goes wakes the main loop each time. */
static void
client_watch(struct front_client *c)
{
    if (!c->watch)
        c->watch = watch_fd(c->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, client_readable, c);
}

/* One write: an answer always fits into a socket that was read empty. */
static gboolean
client_answer(struct front_client *c, const guint8 *answer, gsize len)
{
    ssize_t n;

    do {
        n = send(c->fd, answer, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

/* The size of the message at the start of the buffer; 0 while it is not whole. */
static gsize
client_message(const struct front_client *c, gboolean *ret_broken)
{
    struct cursor in = cursor_from(c->buffer, c->len);
    struct message_header h;

    *ret_broken = FALSE;
    /* Control commands have no length: one read is one command, as with swtpm. */
    if (c->control)
        return c->len >= 4 ? c->len : 0;
    if (c->len < MESSAGE_HEADER)
        return 0;
    if (!message_header_parse(&in, TPM_MESSAGE_MAX, &h, NULL)) {
        *ret_broken = TRUE;
        return 0;
    }
    return c->len >= h.size ? h.size : 0;
}

static void
client_queue(struct front_client *c)
{
    c->queued = TRUE;
    g_queue_push_tail(&c->front->jobs, c);
}

/* The job is done: what came behind it is looked at, then the next one's turn. */
static void
job_done(DriverFront *f, const guint8 *answer, gsize len)
{
    struct front_client *c = g_queue_pop_head(&f->jobs);
    gboolean broken = FALSE;
    gsize used = client_message(c, &broken);

    f->answered = NULL;              /* when this one goes, nobody may look at it */
    f->working = FALSE;
    c->queued = FALSE;
    if (!client_answer(c, answer, len)) {
        client_close(c);
    } else {
        c->len -= used;
        memmove(c->buffer, c->buffer + used, c->len);
        gnutls_memset(c->buffer + c->len, 0, used);
        if (client_message(c, &broken) > 0) {
            client_queue(c);
        } else if (broken) {
            client_close(c);
        } else {
            f->answered = c;
            client_watch(c);
        }
    }
    next_job(f);
}

static void
command_answered(const guint8 *answer, gsize len, gpointer data)
{
    job_done(data, answer, len);
}

static void
control_result(DriverFront *f, guint32 result)
{
    guint8 memory[4];
    struct builder out = builder_on(memory, sizeof(memory));

    builder_be32(&out, result);
    job_done(f, memory, builder_len(&out));
}

static void
control_answered(guint32 result, gpointer data)
{
    control_result(data, result);
}

static void
shutdown_answered(guint32 result, gpointer data)
{
    DriverFront *f = data;
    void (*stop)(gpointer) = f->stop;
    gpointer stop_data = f->stop_data;

    control_result(f, result);
    stop(stop_data);
}

/* Handlers: each ends in control_result() or job_done(), now or later. */
static void
run_capability(DriverFront *f, struct cursor *body)
{
    guint8 memory[8];
    struct builder out = builder_on(memory, sizeof(memory));

    (void)body;
    builder_be64(&out, CAP_SHUTDOWN | CAP_GET_TPMESTABLISHED | CAP_SET_LOCALITY
                       | CAP_CANCEL_TPM_CMD);
    job_done(f, memory, builder_len(&out));
}

static void
run_shutdown(DriverFront *f, struct cursor *body)
{
    (void)body;
    f->tpm->ops->shutdown(f->tpm, shutdown_answered, f);
}

/* The bit tells of a dynamic launch (D-RTM), which a CoCoVM has none of. */
static void
run_established(DriverFront *f, struct cursor *body)
{
    const guint8 none[8] = { 0 };

    (void)body;
    job_done(f, none, sizeof(none));
}

static void
run_locality(DriverFront *f, struct cursor *body)
{
    guint8 locality = cursor_u8(body);

    if (locality > LOCALITY_MAX)
        control_result(f, DRIVER_RESULT_BAD_LOCALITY);
    else
        f->tpm->ops->locality(f->tpm, locality, control_answered, f);
}

static const struct control_command {
    guint32 code;
    gsize body;                      /* at least; QEMU and the TCTI send more at times */
    void (*run)(DriverFront *f, struct cursor *body);
} control_commands[] = {
    { CTRL_GET_CAPABILITY, 0, run_capability },
    { CTRL_SHUTDOWN, 0, run_shutdown },
    { CTRL_GET_TPMESTABLISHED, 0, run_established },
    { CTRL_SET_LOCALITY, 1, run_locality },
};

static void
control_run(DriverFront *f, struct front_client *c)
{
    struct cursor in = cursor_from(c->buffer, c->len);
    guint32 code = cursor_be32(&in);

    for (guint i = 0; i < G_N_ELEMENTS(control_commands); i++) {
        const struct control_command *row = &control_commands[i];

        if (row->code != code)
            continue;
        if (cursor_left(&in) < row->body)
            control_result(f, RESULT_BAD_PARAMETER);
        else
            row->run(f, &in);
        return;
    }
    control_result(f, RESULT_BAD_ORDINAL);
}

static void
next_job(DriverFront *f)
{
    struct front_client *c = g_queue_peek_head(&f->jobs);
    gboolean broken = FALSE;

    if (!c || f->working)
        return;
    f->working = TRUE;
    if (c->control)
        control_run(f, c);
    else
        f->tpm->ops->command(f->tpm, c->buffer, client_message(c, &broken), command_answered, f);
}

/* CANCEL must not wait behind the command it is to cancel. */
static gboolean
is_cancel(const struct front_client *c)
{
    struct cursor in = cursor_from(c->buffer, c->len);

    return c->control && cursor_be32(&in) == CTRL_CANCEL_TPM_CMD && !in.failed;
}

static gboolean
client_cancel(struct front_client *c)
{
    const guint8 ok[4] = { 0 };

    c->front->tpm->ops->cancel(c->front->tpm);
    c->len = 0;
    return client_answer(c, ok, sizeof(ok));
}

/* @flags: of recv(), which waits LINGER_MS without MSG_DONTWAIT. FALSE: the client is gone. */
static gboolean
client_read(struct front_client *c, int flags)
{
    gboolean broken = FALSE;
    ssize_t n = recv(c->fd, c->buffer + c->len, sizeof(c->buffer) - c->len, flags);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    c->len += n > 0 ? (gsize)n : 0;
    if (n <= 0 || (is_cancel(c) && !client_cancel(c)))
        return FALSE;
    if (client_message(c, &broken) > 0)
        client_queue(c);
    return !broken;
}

/* Then nobody else waits while it is waited for. A tool's control commands come before its first TPM
 * command, by another socket. */
static gboolean
is_alone(const struct front_client *c)
{
    const GPtrArray *clients = c->front->clients;

    for (guint i = 0; i < clients->len; i++) {
        const struct front_client *other = clients->pdata[i];

        if (other != c && !other->control)
            return FALSE;
    }
    return !c->control;
}

/* The next command mostly comes at once, and a turn of the main loop costs more than all that is done
 * here. */
static gboolean
client_readable(int fd, GIOCondition condition, gpointer data)
{
    struct front_client *c = data;
    DriverFront *f = c->front;
    int flags = MSG_DONTWAIT;

    (void)fd;
    (void)condition;
    if (c->queued) {
        c->watch = 0;
        return G_SOURCE_REMOVE;
    }
    for (guint left = TURNS_MAX; left > 0; left--) {
        f->answered = NULL;
        if (!client_read(c, flags)) {
            client_close(c);
            break;
        }
        next_job(f);
        if (f->answered != c || !is_alone(c))
            break;
        flags = 0;
    }
    return G_SOURCE_CONTINUE;
}

static void
set_linger(int fd)
{
    const struct timeval most = { 0, LINGER_MS * 1000 };

    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) == 0)
        io_set_nonblocking(fd, FALSE, NULL);
}

static void
incoming(int fd, const GError *error, gpointer data)
{
    struct front_listener *l = data;
    struct front_client *c;

    if (fd < 0) {
        g_warning("%s", error->message);
        return;
    }
    set_linger(fd);
    c = g_new0(struct front_client, 1);
    c->front = l->front;
    c->fd = fd;
    c->control = l->control;
    g_ptr_array_add(l->front->clients, c);
    client_watch(c);
    make_room(l->front);
}

static void
listen_on(DriverFront *f, struct front_listener *l, int fd, gboolean control)
{
    l->front = f;
    l->control = control;
    l->acceptor = acceptor_new(fd, incoming, l);
}

DriverFront *
driver_front_new(int data, int control, struct driver_tpm *tpm, void (*stop)(gpointer),
                 gpointer stop_data)
{
    DriverFront *f = g_new0(DriverFront, 1);

    f->tpm = tpm;
    f->stop = stop;
    f->stop_data = stop_data;
    f->clients = g_ptr_array_new_with_free_func(client_free);
    g_queue_init(&f->jobs);
    listen_on(f, &f->listeners[0], data, FALSE);
    listen_on(f, &f->listeners[1], control, TRUE);
    return f;
}

void
driver_front_free(DriverFront *f)
{
    if (!f)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(f->listeners); i++)
        acceptor_free(f->listeners[i].acceptor);
    g_queue_clear(&f->jobs);
    g_ptr_array_unref(f->clients);
    g_free(f);
}
