/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_evidence - one client at a time; others wait in the backlog.
 *
 *     listening --- accepted ---> reading --- whole request ---> asking --- answered ---> listening
 */
#include "config.h"

#include "cocotpm/driver_evidence.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/io.h"
#include "cocotransport/link/link.h"
#include "cocotransport/wire/message.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_SECONDS 10

struct DriverEvidence {
    DriverSession *session;
    char *path;
    int listener, client;
    guint watch;                     /* of the listener, or of the client while it is read */
    guint timer;
    gboolean asking;
    gboolean freed;                  /* while asking: the answer finds nobody */
    gsize len;
    guint8 buffer[2 + DRIVER_EVIDENCE_MAX];
};

static void listen_again(DriverEvidence *e);

static void
drop_watches(DriverEvidence *e)
{
    if (e->watch != 0)
        g_source_remove(e->watch);
    if (e->timer != 0)
        g_source_remove(e->timer);
    e->watch = e->timer = 0;
}

static void
end_client(DriverEvidence *e)
{
    drop_watches(e);
    io_close(&e->client);
    listen_again(e);
}

static void
free_all(DriverEvidence *e)
{
    drop_watches(e);
    io_close(&e->client);
    io_close(&e->listener);
    unlink(e->path);
    g_free(e->path);
    g_free(e);
}

/* The answer fits into the socket's buffer; a client that is gone loses it. */
static void
answered(enum coco_status status, const guint8 *body, gsize len, gpointer data)
{
    DriverEvidence *e = data;
    g_autofree guint8 *memory = g_malloc(8 + COCO_MESSAGE_MAX);
    struct builder out = builder_on(memory, 8 + COCO_MESSAGE_MAX);

    e->asking = FALSE;
    if (e->freed) {
        free_all(e);
        return;
    }
    builder_be32(&out, status);
    builder_be32(&out, (guint32)len);
    builder_bytes(&out, body, len);
    if (!out.failed)
        (void)!send(e->client, memory, builder_len(&out), MSG_NOSIGNAL | MSG_DONTWAIT);
    end_client(e);
}

static gboolean
on_readable(gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    DriverEvidence *e = data;
    const ssize_t n = read(fd, e->buffer + e->len, sizeof(e->buffer) - e->len);
    struct cursor in;
    gsize wanted;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0)
        e->len += (gsize)n;
    in = cursor_from(e->buffer, e->len);
    wanted = cursor_be16(&in);
    if (n > 0 && (in.failed || (wanted <= DRIVER_EVIDENCE_MAX && cursor_left(&in) < wanted)))
        return G_SOURCE_CONTINUE;
    e->watch = 0;
    if (n <= 0 || in.failed || cursor_left(&in) != wanted) {
        end_client(e);
        return G_SOURCE_REMOVE;
    }
    drop_watches(e);
    e->asking = TRUE;
    driver_session_request(e->session, COCO_EVIDENCE, in.pos, wanted, answered, e);
    return G_SOURCE_REMOVE;
}

static gboolean
on_timeout(gpointer data)
{
    DriverEvidence *e = data;

    e->timer = 0;
    end_client(e);
    return G_SOURCE_REMOVE;
}

static gboolean
on_connection(gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    DriverEvidence *e = data;

    e->client = link_accept(fd, NULL);
    if (e->client < 0)
        return G_SOURCE_CONTINUE;
    e->len = 0;
    e->watch = g_unix_fd_add(e->client, G_IO_IN | G_IO_HUP, on_readable, e);
    e->timer = g_timeout_add_seconds(CLIENT_SECONDS, on_timeout, e);
    return G_SOURCE_REMOVE;
}

static void
listen_again(DriverEvidence *e)
{
    e->watch = g_unix_fd_add(e->listener, G_IO_IN, on_connection, e);
}

DriverEvidence *
driver_evidence_new(const char *path, DriverSession *session, GError **error)
{
    char *copy = g_strdup(path);
    const struct link_address address = { .kind = LINK_UNIX, .path = copy, .mode = 0600 };
    const int listener = link_listen(&address, error);
    DriverEvidence *e;

    if (listener < 0) {
        g_free(copy);
        return NULL;
    }
    e = g_new0(DriverEvidence, 1);
    e->session = session;
    e->path = copy;
    e->listener = listener;
    e->client = -1;
    listen_again(e);
    return e;
}

void
driver_evidence_free(DriverEvidence *e)
{
    if (e == NULL)
        return;
    if (e->asking)
        e->freed = TRUE;
    else
        free_all(e);
}
