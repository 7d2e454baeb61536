/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_control - QEMU's TPM emulator, seen from QEMU. One control client at a
 * time, one request per read and answered at once, as swtpm does it. Nothing a
 * request says reaches the CoCoTPM but that the VM is gone.
 */
#include "config.h"

#include "cocotpm/relay_control.h"

#include "base/cursor.h"
#include "base/io.h"
#include "base/watch.h"
#include "cocotpm/relay_commands.h"
#include "cocotpm/relay_tunnel.h"
#include "cocotransport/link/acceptor.h"
#include "cocotransport/wire/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CTRL_GET_CAPABILITY = 0x01,
    CTRL_INIT = 0x02,
    CTRL_SHUTDOWN = 0x03,
    CTRL_GET_TPMESTABLISHED = 0x04,
    CTRL_SET_LOCALITY = 0x05,
    CTRL_CANCEL_TPM_CMD = 0x09,
    CTRL_RESET_TPMESTABLISHED = 0x0b,
    CTRL_STOP = 0x0e,
    CTRL_SET_DATAFD = 0x10,
    CTRL_SET_BUFFERSIZE = 0x11,
};

enum { RESULT_OK = 0, RESULT_BAD_PARAMETER = 0x03, RESULT_BAD_ORDINAL = 0x0a, RESULT_IOERROR = 0x1f,
       RESULT_BAD_LOCALITY = 0x3d };

/* What QEMU asks for before it takes a TPM 2: INIT, SHUTDOWN, GET_TPMESTABLISHED, SET_LOCALITY,
 * CANCEL, RESET_TPMESTABLISHED, STOP, SET_DATAFD, SET_BUFFERSIZE. Without the bits of GET_ and
 * SET_STATEBLOB it refuses to migrate. */
#define CAPABILITIES 0x34af

#define BUFFER_SIZE_MIN 2808
#define BUFFER_SIZE_MAX TUNNEL_FRAME_MAX

struct RelayControl {
    Acceptor *acceptor;
    int control, data;
    guint control_watch, data_watch;
    RelayTunnel *tunnel;
    gboolean handed;                 /* the control client gave a data channel, which may be gone */
    gboolean running;                /* INIT was the last power event */
    guint32 buffer_size;             /* granted: no answer is longer */
    const struct relay_control_events *events;
    gpointer events_data;
    gsize len;                       /* bytes of @command that are there */
    gsize in_hand;                   /* of which these are the command that is answered next */
    guint8 command[TPM_MESSAGE_MAX];
};

struct control_call {
    RelayControl *relay;
    struct cursor body;
    int fd;                          /* that came along; -1: none */
    struct builder *out;
};

static gboolean data_readable(int fd, GIOCondition condition, gpointer data);

/* ---- data channel ---- */

static void
data_close(RelayControl *c)
{
    g_clear_handle_id(&c->data_watch, g_source_remove);
    io_close(&c->data);
    c->len = c->in_hand = 0;
}

static void
data_watch(RelayControl *c)
{
    if (!c->data_watch && c->data >= 0)
        c->data_watch = watch_fd(c->data, G_IO_IN | G_IO_HUP | G_IO_ERR, data_readable, c);
}

/*
 * QEMU believes every length: one above the granted size overflows its buffer
 * or its guest's. So the bound is kept here once more, whatever made the answer.
 */
static void
data_send(RelayControl *c, const guint8 *answer, gsize len)
{
    static const guint8 failure[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };
    ssize_t n;

    /* Of a data channel that is gone. */
    if (c->in_hand == 0)
        return;
    if (len > c->buffer_size || len < MESSAGE_HEADER) {
        answer = failure;
        len = sizeof(failure);
    }
    c->len -= c->in_hand;
    memmove(c->command, c->command + c->in_hand, c->len);
    c->in_hand = 0;
    do {
        n = send(c->data, answer, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)len)
        data_close(c);
}

static void
data_command(RelayControl *c, const struct message_header *h)
{
    guint8 memory[TUNNEL_FRAME_MAX];
    struct builder out = builder_on(memory, sizeof(memory));

    c->in_hand = h->size;
    if (c->running && tunnel_code_known(h->code)) {
        relay_tunnel_frame(c->tunnel, c->command, h->size, c->buffer_size);
        return;
    }
    relay_command_answer(c->command, h->size, c->running, &out);
    data_send(c, memory, builder_len(&out));
}

/* Commands are framed by their size: pieces are waited for, and of several each has its turn. */
static void
data_next(RelayControl *c)
{
    while (c->data >= 0 && c->in_hand == 0) {
        struct cursor in = cursor_from(c->command, c->len);
        struct message_header h = { 0 };

        if (c->len < MESSAGE_HEADER) {
            data_watch(c);
            return;
        }
        /* Nothing says where the next command would begin: there is no next one. */
        if (!message_header_parse(&in, TPM_MESSAGE_MAX, &h, NULL)) {
            data_close(c);
        } else if (c->len < h.size) {
            data_watch(c);
            return;
        } else {
            data_command(c, &h);
        }
    }
}

static void
data_answer(const guint8 *answer, gsize len, gpointer data)
{
    RelayControl *c = data;

    data_send(c, answer, len);
    data_next(c);
}

static gboolean
data_readable(int fd, GIOCondition condition, gpointer data)
{
    RelayControl *c = data;
    ssize_t n = recv(fd, c->command + c->len, sizeof(c->command) - c->len, MSG_DONTWAIT);

    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    c->data_watch = 0;
    if (n > 0) {
        c->len += (gsize)n;
        data_next(c);
    } else {
        data_close(c);
    }
    return G_SOURCE_REMOVE;
}

/* ---- control channel ---- */

static void
run_capability(struct control_call *call)
{
    builder_be64(call->out, CAPABILITIES);
}

static void
run_ok(struct control_call *call)
{
    builder_be32(call->out, RESULT_OK);
}

static void
power_off(RelayControl *c)
{
    c->running = FALSE;
    if (relay_tunnel_end(c->tunnel))
        c->events->vm_gone(c->events_data);
}

/* A reset of the VM is two to five groups of STOP, SET_BUFFERSIZE and INIT. */
static void
run_init(struct control_call *call)
{
    power_off(call->relay);
    call->relay->running = TRUE;
    run_ok(call);
}

static void
run_stop(struct control_call *call)
{
    power_off(call->relay);
    run_ok(call);
}

static void
run_established(struct control_call *call)
{
    builder_be32(call->out, RESULT_OK);
    builder_be32(call->out, 0);
}

static void
run_locality(struct control_call *call)
{
    builder_be32(call->out, cursor_u8(&call->body) > 4 ? RESULT_BAD_LOCALITY : RESULT_OK);
}

static void
run_cancel(struct control_call *call)
{
    relay_tunnel_hurry(call->relay->tunnel);
    run_ok(call);
}

static void
run_datafd(struct control_call *call)
{
    RelayControl *c = call->relay;

    if (call->fd >= 0 && c->data >= 0) {
        builder_be32(call->out, RESULT_IOERROR);
        return;
    }
    if (call->fd < 0 || !io_set_nonblocking(call->fd, TRUE, NULL)) {
        builder_be32(call->out, RESULT_BAD_PARAMETER);
        return;
    }
    c->data = call->fd;
    c->handed = TRUE;
    call->fd = -1;
    data_watch(c);
    run_ok(call);
}

static void
run_buffersize(struct control_call *call)
{
    RelayControl *c = call->relay;
    guint32 wanted = cursor_be32(&call->body);

    if (wanted != 0 && c->running) {
        builder_be32(call->out, RESULT_BAD_ORDINAL);
        return;
    }
    if (wanted != 0)
        c->buffer_size = CLAMP(wanted, BUFFER_SIZE_MIN, BUFFER_SIZE_MAX);
    builder_be32(call->out, RESULT_OK);
    builder_be32(call->out, c->buffer_size);
    builder_be32(call->out, BUFFER_SIZE_MIN);
    builder_be32(call->out, BUFFER_SIZE_MAX);
}

static const struct control_command {
    guint32 code;
    gsize body;                      /* at least */
    void (*run)(struct control_call *call);
} commands[] = {
    { CTRL_GET_CAPABILITY, 0, run_capability },
    { CTRL_INIT, 4, run_init },
    { CTRL_SHUTDOWN, 0, run_stop },
    { CTRL_GET_TPMESTABLISHED, 0, run_established },
    { CTRL_SET_LOCALITY, 1, run_locality },
    { CTRL_CANCEL_TPM_CMD, 0, run_cancel },
    { CTRL_RESET_TPMESTABLISHED, 1, run_ok },
    { CTRL_STOP, 0, run_stop },
    { CTRL_SET_DATAFD, 0, run_datafd },
    { CTRL_SET_BUFFERSIZE, 4, run_buffersize },
};

/* Returns the command's code. */
static guint32
control_run(struct control_call *call)
{
    guint32 code = cursor_be32(&call->body);

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].code != code)
            continue;
        if (cursor_left(&call->body) < commands[i].body)
            builder_be32(call->out, RESULT_BAD_PARAMETER);
        else
            commands[i].run(call);
        return code;
    }
    builder_be32(call->out, RESULT_BAD_ORDINAL);
    return code;
}

/* One read with the descriptors that came along; more than one are closed. */
static ssize_t
control_read(int sock, guint8 *buffer, gsize size, int *ret_fd)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } space = { 0 };
    struct iovec iov = { buffer, size };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.bytes,
                          .msg_controllen = sizeof(space.bytes) };
    ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    for (struct cmsghdr *m = n < 0 ? NULL : CMSG_FIRSTHDR(&msg); m; m = CMSG_NXTHDR(&msg, m)) {
        gsize count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
            continue;
        for (gsize i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(m) + i * sizeof(int), sizeof(int));
            if (*ret_fd < 0)
                *ret_fd = fd;
            else
                io_close(&fd);
        }
    }
    return n;
}

/* Whoever handed over a data channel was QEMU, and is gone with its VM; the data channel's end may
 * have been seen first. */
static void
control_close(RelayControl *c)
{
    if (c->handed)
        power_off(c);
    c->handed = FALSE;
    data_close(c);
    g_clear_handle_id(&c->control_watch, g_source_remove);
    io_close(&c->control);
    acceptor_room(c->acceptor, TRUE);
}

/* FALSE: the client is gone, or speaks something else. */
static gboolean
control_request(RelayControl *c)
{
    guint8 request[4096], answer[16];
    struct builder out = builder_on(answer, sizeof(answer));
    struct control_call call = { .relay = c, .fd = -1, .out = &out };
    ssize_t n = control_read(c->control, request, sizeof(request), &call.fd);
    guint32 code;

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n < 4) {
        io_close(&call.fd);
        return FALSE;
    }
    call.body = cursor_from(request, (gsize)n);
    code = control_run(&call);
    io_close(&call.fd);
    if (send(c->control, answer, builder_len(&out), MSG_NOSIGNAL) != (ssize_t)builder_len(&out))
        return FALSE;
    if (code == CTRL_SHUTDOWN)
        c->events->shutdown(c->events_data);
    return TRUE;
}

static gboolean
control_readable(int fd, GIOCondition condition, gpointer data)
{
    RelayControl *c = data;

    (void)fd;
    (void)condition;
    if (control_request(c))
        return G_SOURCE_CONTINUE;
    c->control_watch = 0;
    control_close(c);
    return G_SOURCE_REMOVE;
}

static void
control_incoming(int fd, const GError *error, gpointer data)
{
    RelayControl *c = data;

    if (fd < 0) {
        g_warning("%s", error->message);
        return;
    }
    c->control = fd;
    c->control_watch = watch_fd(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, control_readable, c);
    acceptor_room(c->acceptor, FALSE);
}

RelayControl *
relay_control_new(int listener, const struct link_address *to,
                  const struct relay_control_events *events, gpointer data)
{
    RelayControl *c = g_new0(RelayControl, 1);

    c->control = c->data = -1;
    c->buffer_size = BUFFER_SIZE_MAX;
    c->events = events;
    c->events_data = data;
    c->tunnel = relay_tunnel_new(to, data_answer, c);
    c->acceptor = acceptor_new(listener, control_incoming, c);
    return c;
}

void
relay_control_free(RelayControl *c)
{
    if (!c)
        return;
    data_close(c);
    g_clear_handle_id(&c->control_watch, g_source_remove);
    io_close(&c->control);
    acceptor_free(c->acceptor);
    relay_tunnel_free(c->tunnel);
    g_free(c);
}
