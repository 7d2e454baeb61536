/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_ask - one client at a time; others wait in the backlog.
 *
 *     listening --- accepted ---> reading --- whole request ---> asking --- answered ---> listening
 */
#include "config.h"

#include "cocotpm/driver_ask.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/io.h"
#include "base/watch.h"
#include "cocotransport/link/acceptor.h"
#include "cocotransport/link/link.h"
#include "cocotransport/wire/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_SECONDS 10

struct DriverAsk {
    DriverSession *session;
    struct driver_ask_config config;
    char *path;
    Acceptor *acceptor;
    int client;
    guint watch;                     /* of the client while it is read */
    guint timer;
    gsize len;
    guint8 buffer[2 + DRIVER_ASK_MAX];
};

static void
drop_watches(DriverAsk *a)
{
    if (a->watch != 0)
        g_source_remove(a->watch);
    if (a->timer != 0)
        g_source_remove(a->timer);
    a->watch = a->timer = 0;
}

static void
end_client(DriverAsk *a)
{
    drop_watches(a);
    io_close(&a->client);
    acceptor_room(a->acceptor, TRUE);
}

/* The answer fits into the socket's buffer; a client that is gone loses it. */
static void
answered(enum coco_status status, const guint8 *body, gsize len, gpointer data)
{
    DriverAsk *a = data;
    g_autofree guint8 *memory = g_malloc(8 + COCO_MESSAGE_MAX);
    struct builder out = builder_on(memory, 8 + COCO_MESSAGE_MAX);

    builder_be32(&out, status);
    builder_be32(&out, (guint32)len);
    builder_bytes(&out, body, len);
    if (!out.failed)
        (void)!send(a->client, memory, builder_len(&out), MSG_NOSIGNAL | MSG_DONTWAIT);
    end_client(a);
    if (a->config.answered)
        a->config.answered(status, a->config.data);
}

static gboolean
on_readable(gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    DriverAsk *a = data;
    const ssize_t n = read(fd, a->buffer + a->len, sizeof(a->buffer) - a->len);
    struct cursor in;
    gsize wanted;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0)
        a->len += (gsize)n;
    in = cursor_from(a->buffer, a->len);
    wanted = cursor_be16(&in);
    if (n > 0 && (in.failed || (wanted <= DRIVER_ASK_MAX && cursor_left(&in) < wanted)))
        return G_SOURCE_CONTINUE;
    a->watch = 0;
    if (n <= 0 || cursor_left(&in) != wanted || wanted < a->config.least ||
        wanted > a->config.most) {
        end_client(a);
        return G_SOURCE_REMOVE;
    }
    drop_watches(a);
    driver_session_request(a->session, a->config.code, in.pos, wanted, answered, a);
    return G_SOURCE_REMOVE;
}

static gboolean
on_timeout(gpointer data)
{
    DriverAsk *a = data;

    a->timer = 0;
    end_client(a);
    return G_SOURCE_REMOVE;
}

static void
on_connection(int fd, const GError *error, gpointer data)
{
    DriverAsk *a = data;

    if (fd < 0) {
        g_warning("%s: %s", a->path, error->message);
        return;
    }
    a->client = fd;
    a->len = 0;
    a->watch = watch_fd(fd, G_IO_IN | G_IO_HUP, on_readable, a);
    a->timer = g_timeout_add_seconds(CLIENT_SECONDS, on_timeout, a);
    acceptor_room(a->acceptor, FALSE);
}

DriverAsk *
driver_ask_new(const struct driver_ask_config *config, GError **error)
{
    char *copy = g_strdup(config->path);
    const struct link_address address = { .kind = LINK_UNIX, .path = copy, .mode = 0600 };
    const int listener = link_listen(&address, error);
    DriverAsk *a;

    if (listener < 0) {
        g_free(copy);
        return NULL;
    }
    a = g_new0(DriverAsk, 1);
    a->config = *config;
    a->path = copy;
    a->client = -1;
    a->acceptor = acceptor_new(listener, on_connection, a);
    return a;
}

void
driver_ask_start(DriverAsk *a, DriverSession *session)
{
    a->session = session;
}

void
driver_ask_free(DriverAsk *a)
{
    if (a == NULL)
        return;
    drop_watches(a);
    io_close(&a->client);
    acceptor_free(a->acceptor);
    unlink(a->path);
    g_free(a->path);
    g_free(a);
}
