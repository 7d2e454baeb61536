/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/data.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/io.h"
#include "swtpm/server.h"

/* A client that takes no answer for so long is gone. */
#define WRITE_TIMEOUT_MS 60000

struct Data {
    struct data_config config;
    struct dispatch *dispatch;
    int client;
    gint kept_fd;            /* atomic: no descriptor is wanted (any more) */
    gint offered;            /* atomic: a descriptor for us, plus one; 0: none */
    gboolean stream;
    gboolean waits;          /* the client can be read from with a wait */
    GMutex lock;             /* of client and waits, where others than the TPM thread read them */
    gint interrupted;        /* atomic; set under lock */
    gboolean unblocked;      /* under lock: the client does not block, by data_interrupt() */
    gsize have;
    guint8 buffer[2 * DISPATCH_MESSAGE_MAX];
};

static gboolean
is_stream(int fd)
{
    struct stat st;
    int type = SOCK_STREAM;
    socklen_t len = sizeof(type);

    /* Devices, the vTPM proxy's descriptor among them, give one command a read. */
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0)
        return type == SOCK_STREAM;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Whoever handed in a descriptor that does not block has its reasons: it is polled. */
static gboolean
blocks(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_NONBLOCK) == 0;
}

static void
set_blocking(int fd, gboolean on)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static void
take_client(Data *d, int fd)
{
    g_mutex_lock(&d->lock);
    d->client = fd;
    d->have = 0;
    d->stream = is_stream(fd);
    d->waits = d->stream && blocks(fd);
    g_mutex_unlock(&d->lock);
}

static void
drop_client(Data *d)
{
    g_mutex_lock(&d->lock);
    io_close(&d->client);
    d->have = 0;
    d->waits = FALSE;
    d->unblocked = FALSE;
    g_mutex_unlock(&d->lock);
}

gboolean
data_waits(const Data *d)
{
    return d->waits;
}

/*
 * A signal alone could come just before the read; a descriptor that does not block alone does
 * not wake a read that sleeps. The lock keeps the descriptor from being closed and given out
 * again meanwhile, and the flag from parting with the descriptor's mode. Who passed the
 * descriptor may have kept a copy, and whether it blocks is common to both: what stopped
 * blocking without us, and not just during a job, stays as it is.
 */
gboolean
data_interrupt(Data *d)
{
    gboolean waits;

    g_mutex_lock(&d->lock);
    waits = d->waits;
    g_atomic_int_set(&d->interrupted, 1);
    if (waits && blocks(d->client)) {
        d->unblocked = TRUE;
        set_blocking(d->client, FALSE);
    }
    g_mutex_unlock(&d->lock);
    return waits;
}

gboolean
data_interrupted(Data *d)
{
    if (g_atomic_int_get(&d->interrupted) == 0)
        return FALSE;
    g_mutex_lock(&d->lock);
    g_atomic_int_set(&d->interrupted, 0);
    if (d->unblocked)
        set_blocking(d->client, TRUE);
    else
        d->waits = d->waits && blocks(d->client);
    d->unblocked = FALSE;
    g_mutex_unlock(&d->lock);
    return TRUE;
}

Data *
data_new(const struct data_config *config, struct dispatch *dispatch)
{
    Data *d = g_new0(Data, 1);

    d->config = *config;
    d->dispatch = dispatch;
    d->client = -1;
    g_mutex_init(&d->lock);
    if (config->listen_fd >= 0 || config->fd >= 0)
        g_atomic_int_set(&d->kept_fd, 1);
    if (config->fd >= 0)
        take_client(d, config->fd);
    return d;
}

void
data_free(Data *d)
{
    int offered;

    if (d == NULL)
        return;
    offered = g_atomic_int_get(&d->offered) - 1;
    io_close(&offered);
    io_close(&d->client);
    io_close(&d->config.listen_fd);
    g_mutex_clear(&d->lock);
    g_free(d);
}

gboolean
data_has_fd(Data *d)
{
    return g_atomic_int_get(&d->kept_fd) != 0;
}

gboolean
data_offer_fd(Data *d, int fd)
{
    if (!g_atomic_int_compare_and_exchange(&d->kept_fd, 0, 1))
        return FALSE;
    g_atomic_int_set(&d->offered, fd + 1);
    return TRUE;
}

static void
lose_client(Data *d)
{
    drop_client(d);
    g_atomic_int_set(&d->kept_fd, d->config.listen_fd >= 0);
    server_notify(d->config.lost, d->config.user);
}

int
data_poll_fd(Data *d)
{
    int offered = g_atomic_int_get(&d->offered) - 1;

    if (offered >= 0) {
        g_atomic_int_set(&d->offered, 0);
        drop_client(d);
        take_client(d, offered);
    }
    return d->client >= 0 ? d->client : d->config.listen_fd;
}

static void
accept_client(Data *d)
{
    int fd = accept4(d->config.listen_fd, NULL, NULL, SOCK_CLOEXEC);
    int one = 1;

    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    take_client(d, fd);
}

/* The whole answer in one write where the peer takes it (the kernel's vTPM proxy insists). */
static gboolean
write_answer(Data *d, const guint8 *bytes, gsize len)
{
    while (len > 0) {
        struct pollfd pfd = { .fd = d->client, .events = POLLOUT };
        ssize_t n = write(d->client, bytes, len);

        if (n < 0 && errno == EAGAIN && poll(&pfd, 1, WRITE_TIMEOUT_MS) > 0)
            continue;
        if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0) {
            bytes += n;
            len -= (gsize)n;
        }
    }
    return TRUE;
}

static gboolean
serve(Data *d, gsize len)
{
    const guint8 *answer;
    gsize answer_len;

    dispatch_message(d->dispatch, d->buffer, len, &answer, &answer_len);
    d->have -= len;
    if (d->have > 0)
        memmove(d->buffer, d->buffer + len, d->have);
    if (!write_answer(d, answer, answer_len) || d->config.disconnect) {
        lose_client(d);
        return FALSE;
    }
    return TRUE;
}

/*
 * swtpm answers whatever one read of ten bytes or more gave. We wait for the
 * rest of a split command and keep a pipelined one; bytes that cannot be a
 * command are answered (with the TPM's error) in one piece, as there.
 */
static void
serve_stream(Data *d)
{
    while (d->have > 0) {
        gssize frame = dispatch_frame(d->dispatch, d->buffer, d->have);
        gsize len = frame < 0 ? d->have : (gsize)frame;

        if (frame == 0 || len > d->have)
            return;
        if (!serve(d, len))
            return;
    }
}

/* A read that does not wait, and not for a job, would be tried again without end. */
static void
poll_from_now_on(Data *d)
{
    g_mutex_lock(&d->lock);
    if (g_atomic_int_get(&d->interrupted) == 0)
        d->waits = FALSE;
    g_mutex_unlock(&d->lock);
}

void
data_ready(Data *d)
{
    ssize_t n;

    if (d->client < 0) {
        accept_client(d);
        return;
    }
    n = read(d->client, d->buffer + d->have, sizeof(d->buffer) - d->have);
    if (n < 0 && errno == EAGAIN && d->waits)
        poll_from_now_on(d);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        lose_client(d);
        return;
    }
    d->have += (gsize)n;
    if (d->stream)
        serve_stream(d);
    else
        serve(d, d->have);
}
