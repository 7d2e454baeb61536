/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stream - bytes both ways without waiting: a socket, or what behaves as one.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct Stream Stream;

struct stream_ops {
    /* As send(2) and recv(2) on a non-blocking socket: the count, 0 at the end, -1 and errno. */
    ssize_t (*send)(Stream *s, const void *data, gsize len);
    ssize_t (*recv)(Stream *s, void *data, gsize size);
    int (*poll_fd)(Stream *s);
    gboolean (*pending)(Stream *s);
    void (*free)(Stream *s);
};

/* The first member of whatever is one. */
struct Stream {
    const struct stream_ops *ops;
};

/* Over a non-blocking socket, which it takes over. */
Stream *stream_new(int fd);

ssize_t stream_send(Stream *s, const void *data, gsize len);
ssize_t stream_recv(Stream *s, void *data, gsize size);
/* What to poll until recv() has something (POLLIN) or send() takes more (POLLOUT); to be asked for
 * anew before each wait. */
int stream_poll_fd(Stream *s);
/* recv() has something that came in during send(), of which a poll that was begun before it need
 * not tell. */
gboolean stream_pending(Stream *s);
void stream_free(Stream *s);         /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stream, stream_free)
