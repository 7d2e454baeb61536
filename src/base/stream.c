/* SPDX-License-Identifier: BSD-3-Clause */
/* stream - the socket among the streams, and what all have. */
#include "config.h"

#include "base/stream.h"

#include "base/io.h"

#include <errno.h>
#include <sys/socket.h>

struct socket_stream {
    Stream stream;                   /* first */
    int fd;
};

static ssize_t
socket_send(Stream *s, const void *data, gsize len)
{
    const int fd = ((struct socket_stream *)s)->fd;
    ssize_t n;

    do
        n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t
socket_recv(Stream *s, void *data, gsize size)
{
    const int fd = ((struct socket_stream *)s)->fd;
    ssize_t n;

    do
        n = recv(fd, data, size, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n;
}

static int
socket_poll_fd(Stream *s)
{
    return ((struct socket_stream *)s)->fd;
}

static gboolean
socket_pending(Stream *s)
{
    (void)s;
    return FALSE;
}

static void
socket_free(Stream *s)
{
    io_close(&((struct socket_stream *)s)->fd);
    g_free(s);
}

Stream *
stream_new(int fd)
{
    static const struct stream_ops ops = { socket_send, socket_recv, socket_poll_fd, socket_pending,
                                           socket_free };
    struct socket_stream *s = g_new0(struct socket_stream, 1);

    s->stream.ops = &ops;
    s->fd = fd;
    return &s->stream;
}

ssize_t
stream_send(Stream *s, const void *data, gsize len)
{
    return s->ops->send(s, data, len);
}

ssize_t
stream_recv(Stream *s, void *data, gsize size)
{
    return s->ops->recv(s, data, size);
}

int
stream_poll_fd(Stream *s)
{
    return s->ops->poll_fd(s);
}

gboolean
stream_pending(Stream *s)
{
    return s->ops->pending(s);
}

void
stream_free(Stream *s)
{
    if (s)
        s->ops->free(s);
}
