/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * serve - a frame is read and answered in one go: peers are local test
 * programs, and one that stops in the middle of a frame is cut off soon.
 */
#include "config.h"

#include "snpemu/serve.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/link/link.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_SECONDS 20
#define CONNECTIONS_MAX 64

struct Server {
    char *path;
    serve_answer answer;
    void *data;
    AutoFd listener;
    guint watch;
    GHashTable *connections;         /* fd → watch */
};

static void
connection_close(Server *s, int fd)
{
    g_hash_table_remove(s->connections, GINT_TO_POINTER(fd));
    close(fd);
}

static gboolean
frame_answer(Server *s, int fd)
{
    gint64 deadline = g_get_monotonic_time() + FRAME_SECONDS * G_TIME_SPAN_SECOND;
    g_autofree uint8_t *in = g_malloc(EMULATOR_FRAME_MAX);
    g_autoptr(Secret) out = secret_new(EMULATOR_FRAME_MAX + EMULATOR_PREFIX);
    struct builder b = builder_on(secret_bytes(out), secret_len(out));
    struct cursor c = { 0 };
    uint32_t size = 0;
    uint16_t operation = 0;

    if (!io_read_until(fd, in, EMULATOR_PREFIX, deadline, NULL))
        return FALSE;
    c = cursor_from(in, EMULATOR_PREFIX);
    size = cursor_be32(&c);
    if (size < 2 || size > EMULATOR_FRAME_MAX || !io_read_until(fd, in, size, deadline, NULL))
        return FALSE;
    c = cursor_from(in, size);
    operation = cursor_be16(&c);
    builder_be32(&b, 0);
    builder_be16(&b, operation);
    if (!s->answer(s->data, operation, &c, &b) || b.failed)
        return FALSE;
    builder_be32_at(&b, 0, (uint32_t)builder_len(&b) - EMULATOR_PREFIX);
    deadline = g_get_monotonic_time() + FRAME_SECONDS * G_TIME_SPAN_SECOND;
    return io_write_until(fd, secret_peek(out), builder_len(&b), deadline, NULL);
}

static gboolean
connection_ready(int fd, GIOCondition condition, void *data)
{
    Server *s = data;

    (void)condition;
    if (frame_answer(s, fd))
        return G_SOURCE_CONTINUE;
    connection_close(s, fd);
    return G_SOURCE_REMOVE;
}

static gboolean
peer_allowed(int fd)
{
    struct ucred peer = { 0 };
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0
           && (peer.uid == 0 || peer.uid == geteuid());
}

static gboolean
listener_ready(int fd, GIOCondition condition, void *data)
{
    Server *s = data;
    const int connection = link_accept(fd, NULL);

    (void)condition;
    if (connection < 0)
        return G_SOURCE_CONTINUE;
    if (!peer_allowed(connection) || g_hash_table_size(s->connections) >= CONNECTIONS_MAX)
        close(connection);
    else
        g_hash_table_insert(s->connections, GINT_TO_POINTER(connection),
                            GUINT_TO_POINTER(g_unix_fd_add(connection, G_IO_IN | G_IO_HUP,
                                                           connection_ready, s)));
    return G_SOURCE_CONTINUE;
}

Server *
server_new(const char *path, serve_answer answer, void *data, GError **error)
{
    const struct link_address address = { .kind = LINK_UNIX, .path = (char *)path,
                                          .mode = 0600 };
    const int listener = link_listen(&address, error);
    Server *s = NULL;

    if (listener < 0)
        return NULL;
    s = g_new0(Server, 1);
    s->path = g_strdup(path);
    s->answer = answer;
    s->data = data;
    s->listener = listener;
    s->connections = g_hash_table_new(NULL, NULL);
    s->watch = g_unix_fd_add(listener, G_IO_IN, listener_ready, s);
    return s;
}

void
server_free(Server *s)
{
    GHashTableIter all;
    void *fd = NULL, *watch = NULL;

    if (s == NULL)
        return;
    g_source_remove(s->watch);
    g_hash_table_iter_init(&all, s->connections);
    while (g_hash_table_iter_next(&all, &fd, &watch)) {
        g_source_remove(GPOINTER_TO_UINT(watch));
        close(GPOINTER_TO_INT(fd));
    }
    g_hash_table_unref(s->connections);
    io_close(&s->listener);
    unlink(s->path);
    g_free(s->path);
    g_free(s);
}
