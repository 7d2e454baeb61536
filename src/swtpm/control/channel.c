/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/control/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/builder.h"
#include "base/io.h"

#define REQUEST_TIMEOUT_MS 500
#define DATA_TIMEOUT_MS 10000        /* for each further piece of a blob, and for taking an answer */
#define PIECE_SIZE 16384             /* of HASH_DATA handed on at once */
#define FLUSH_MS 1000

struct Channel {
    struct channel_config config;
    int client;
    guint accept_watch, read_watch, write_watch, timer;

    GByteArray *in;          /* of the request so far; made for the largest, so that it never moves */
    int fd;                  /* that came with it */
    const struct ptm_row *row;
    guint32 left;            /* data of HASH_DATA still to come */
    gboolean busy;           /* the handler has it */

    guint8 *out;             /* answer that the client has not taken yet */
    gsize out_len, out_sent;
};

static void wait_for_request(Channel *c);

static void
drop_source(guint *id)
{
    if (*id != 0)
        g_source_remove(*id);
    *id = 0;
}

static void
wipe_input(Channel *c)
{
    if (c->in->len > 0)
        explicit_bzero(c->in->data, c->in->len);
    g_byte_array_set_size(c->in, 0);
}

static void
forget_answer(Channel *c)
{
    if (c->out != NULL)
        explicit_bzero(c->out, c->out_len);
    g_clear_pointer(&c->out, g_free);
    c->out_len = c->out_sent = 0;
}

static gboolean on_accept(gint fd, GIOCondition condition, gpointer user);

static void
close_client(Channel *c)
{
    drop_source(&c->read_watch);
    drop_source(&c->write_watch);
    drop_source(&c->timer);
    io_close(&c->client);
    io_close(&c->fd);
    wipe_input(c);
    forget_answer(c);
    c->row = NULL;
    c->left = 0;
    if (c->config.listen_fd >= 0 && c->accept_watch == 0)
        c->accept_watch = g_unix_fd_add(c->config.listen_fd, G_IO_IN, on_accept, c);
    if (c->config.lost != NULL)
        c->config.lost(c->config.user);
}

static gboolean
on_timeout(gpointer user)
{
    Channel *c = user;

    c->timer = 0;
    if (c->in->len >= 4 && c->left == 0 && c->out == NULL && c->row != NULL && !c->row->data) {
        drop_source(&c->read_watch);
        channel_answer_result(c, PTM_BAD_PARAMETER);
    } else {
        close_client(c);
    }
    return G_SOURCE_REMOVE;
}

static void
start_timer(Channel *c, guint ms)
{
    drop_source(&c->timer);
    c->timer = g_timeout_add(ms, on_timeout, c);
}

/* The handler may answer from inside: then nothing of the call is looked at any more. */
static void
hand_over(Channel *c, gsize skip, gsize len, gboolean last)
{
    struct ptm_call call = {
        .row = c->row,
        .body = cursor_from(c->in->data + skip, len),
        .last = last,
        .fd = c->fd,
    };

    drop_source(&c->read_watch);
    drop_source(&c->timer);
    c->busy = TRUE;
    c->fd = -1;
    c->config.handle(c, &call, c->config.user);
    io_close(&call.fd);
}

static gboolean
may_run(Channel *c)
{
    gboolean running;

    if (c->row->when == PTM_ALWAYS)
        return TRUE;
    running = c->config.running(c->config.user);
    return running == (c->row->when == PTM_RUNNING);
}

static void
refuse(Channel *c, guint32 result)
{
    drop_source(&c->read_watch);
    drop_source(&c->timer);
    c->busy = TRUE;
    channel_answer_result(c, result);
}

/* SET_STATEBLOB: all of it before the handler sees it. */
static void
judge_blob(Channel *c, gsize fixed, guint32 count)
{
    gsize have = c->in->len - fixed;

    if (count > PTM_BLOB_MAX || have > count)
        refuse(c, PTM_BAD_PARAMETER);
    else if (have < count)
        start_timer(c, DATA_TIMEOUT_MS);
    else
        hand_over(c, 4, c->in->len - 4, TRUE);
}

/* HASH_DATA: any length, so in pieces; the fixed part is before the first only. */
static void
judge_stream(Channel *c, gsize fixed, guint32 count)
{
    gsize have = c->in->len - fixed;

    if (have > count) {
        refuse(c, PTM_BAD_PARAMETER);
        return;
    }
    c->left = count - (guint32)have;
    if (have < MIN(count, PIECE_SIZE)) {
        c->left = 0;
        start_timer(c, DATA_TIMEOUT_MS);
        return;
    }
    hand_over(c, fixed, have, c->left == 0);
}

static void
judge_more_data(Channel *c)
{
    if (c->in->len > c->left) {
        refuse(c, PTM_BAD_PARAMETER);
        return;
    }
    if (c->in->len < MIN(c->left, PIECE_SIZE)) {
        start_timer(c, DATA_TIMEOUT_MS);
        return;
    }
    c->left -= c->in->len;
    hand_over(c, 0, c->in->len, c->left == 0);
}

static void
judge_data(Channel *c)
{
    gsize fixed = 4u + c->row->body;
    struct cursor count = cursor_from(c->in->data + fixed - 4, 4);

    if (c->row->code == CMD_HASH_DATA)
        judge_stream(c, fixed, cursor_be32(&count));
    else
        judge_blob(c, fixed, cursor_be32(&count));
}

static void
judge(Channel *c)
{
    struct cursor in = cursor_from(c->in->data, c->in->len);
    gsize fixed;

    if (c->left > 0) {
        judge_more_data(c);
        return;
    }
    if (c->in->len < 4)
        return;
    c->row = ptm_row(cursor_be32(&in));
    if (c->row == NULL) {
        refuse(c, PTM_BAD_ORDINAL);
        return;
    }
    fixed = 4u + c->row->body;
    if (c->config.trace != NULL)
        c->config.trace(c->config.user, c->row, c->in->len);
    if (c->in->len < fixed)
        return;
    if (!may_run(c))
        refuse(c, PTM_BAD_ORDINAL);
    else if (c->row->data)
        judge_data(c);
    else if (c->in->len > fixed && !c->row->longer)
        refuse(c, PTM_BAD_PARAMETER);
    else
        hand_over(c, 4, c->in->len - 4, TRUE);
}

static void
keep_fd(Channel *c, struct msghdr *msg)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h != NULL; h = CMSG_NXTHDR(msg, h)) {
        gsize count;

        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (gsize i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
            io_close(&c->fd);
            c->fd = fd;
        }
    }
}

static ssize_t
receive(Channel *c, guint8 *buf, gsize size)
{
    union {
        struct cmsghdr align;
        guint8 space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec iov = { buf, size };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = sizeof(control.space) };
    ssize_t n = recvmsg(c->client, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n < 0 && errno == ENOTSOCK)
        return read(c->client, buf, size);
    if (n >= 0)
        keep_fd(c, &msg);
    return n;
}

static gboolean
on_readable(gint fd, GIOCondition condition, gpointer user)
{
    Channel *c = user;
    guint8 buf[PIECE_SIZE];
    ssize_t n = receive(c, buf, sizeof(buf));

    (void)fd;
    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0 || c->in->len + (gsize)n > PTM_BLOB_MAX + PTM_REQUEST_MAX + PIECE_SIZE) {
        c->read_watch = 0;
        close_client(c);
        return G_SOURCE_REMOVE;
    }
    if (c->in->len == 0)
        start_timer(c, c->left > 0 ? DATA_TIMEOUT_MS : REQUEST_TIMEOUT_MS);
    g_byte_array_append(c->in, buf, (guint)n);
    explicit_bzero(buf, (gsize)n);
    judge(c);
    return c->read_watch != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
wait_for_request(Channel *c)
{
    c->busy = FALSE;
    wipe_input(c);
    io_close(&c->fd);
    if (c->left == 0)
        c->row = NULL;
    else
        start_timer(c, DATA_TIMEOUT_MS);
    if (c->read_watch == 0 && c->client >= 0)
        c->read_watch = g_unix_fd_add(c->client, G_IO_IN, on_readable, c);
}

static gboolean
on_accept(gint fd, GIOCondition condition, gpointer user)
{
    Channel *c = user;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    (void)condition;
    if (client < 0)
        return G_SOURCE_CONTINUE;
    c->client = client;
    c->accept_watch = 0;
    wait_for_request(c);
    return G_SOURCE_REMOVE;
}

/* TRUE: all of it went; FALSE: the rest has to wait, or the client is gone (and closed). */
static gboolean
send_some(Channel *c)
{
    while (c->out_sent < c->out_len) {
        ssize_t n = send(c->client, c->out + c->out_sent, c->out_len - c->out_sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == ENOTSOCK)
            n = write(c->client, c->out + c->out_sent, c->out_len - c->out_sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return FALSE;
        if (n < 0) {
            close_client(c);
            return FALSE;
        }
        c->out_sent += (gsize)n;
    }
    forget_answer(c);
    return TRUE;
}

static gboolean
on_writable(gint fd, GIOCondition condition, gpointer user)
{
    Channel *c = user;

    (void)fd;
    (void)condition;
    if (!send_some(c))
        return c->write_watch != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    c->write_watch = 0;
    drop_source(&c->timer);
    wait_for_request(c);
    return G_SOURCE_REMOVE;
}

void
channel_answer(Channel *c, const guint8 *bytes, gsize len)
{
    if (c->client < 0)
        return;
    c->out = g_memdup2(bytes, len);
    c->out_len = len;
    c->out_sent = 0;
    if (len == 0 || send_some(c)) {
        forget_answer(c);
        wait_for_request(c);
    } else if (c->client >= 0) {
        start_timer(c, DATA_TIMEOUT_MS);
        c->write_watch = g_unix_fd_add(c->client, G_IO_OUT, on_writable, c);
    }
}

void
channel_answer_result(Channel *c, guint32 result)
{
    guint8 bytes[4];
    struct builder out = builder_on(bytes, sizeof(bytes));

    builder_be32(&out, result);
    channel_answer(c, bytes, sizeof(bytes));
}

void
channel_flush(Channel *c)
{
    struct pollfd pfd = { .fd = c->client, .events = POLLOUT };

    while (c->client >= 0 && c->out != NULL && poll(&pfd, 1, FLUSH_MS) > 0) {
        if (send_some(c))
            return;
        pfd.fd = c->client;
    }
}

Channel *
channel_new(const struct channel_config *config)
{
    Channel *c = g_new0(Channel, 1);

    c->config = *config;
    c->client = config->client_fd;
    c->fd = -1;
    /* Large enough once and for all: moving would leave copies of a state behind. */
    c->in = g_byte_array_sized_new(PTM_BLOB_MAX + PTM_REQUEST_MAX + PIECE_SIZE);
    if (c->client >= 0)
        wait_for_request(c);
    else if (config->listen_fd >= 0)
        c->accept_watch = g_unix_fd_add(config->listen_fd, G_IO_IN, on_accept, c);
    return c;
}

void
channel_free(Channel *c)
{
    if (c == NULL)
        return;
    c->config.lost = NULL;
    close_client(c);
    drop_source(&c->accept_watch);
    io_close(&c->config.listen_fd);
    g_byte_array_unref(c->in);
    g_free(c);
}
