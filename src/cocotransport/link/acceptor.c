/* SPDX-License-Identifier: BSD-3-Clause */
/* acceptor - watched while there is room, but for a pause where a descriptor is wanting. */
#include "config.h"

#include "cocotransport/link/acceptor.h"

#include "base/io.h"
#include "base/log.h"
#include "base/watch.h"
#include "cocotransport/link/link.h"

#define AT_ONCE 16
#define PAUSE_MS 200

struct Acceptor {
    int listener;
    acceptor_taken taken;
    gpointer data;
    gboolean room;
    guint watch, pause;
    struct log_limit errors;
};

static gboolean incoming(int fd, GIOCondition condition, gpointer data);

static void
watch(Acceptor *a)
{
    if (!a->room || a->pause)
        g_clear_handle_id(&a->watch, g_source_remove);
    else if (!a->watch)
        a->watch = watch_fd(a->listener, G_IO_IN, incoming, a);
}

static gboolean
pause_over(gpointer data)
{
    Acceptor *a = data;

    a->pause = 0;
    watch(a);
    return G_SOURCE_REMOVE;
}

/* What stays in the backlog would be tried again at once. */
static void
not_taken(Acceptor *a, const GError *error)
{
    guint dropped;

    a->pause = g_timeout_add(PAUSE_MS, pause_over, a);
    watch(a);
    if (log_limit_pass(&a->errors, 1, &dropped))
        a->taken(-1, error, a->data);
}

static gboolean
incoming(int fd, GIOCondition condition, gpointer data)
{
    Acceptor *a = data;
    g_autoptr(GError) error = NULL;
    int taken = 0;

    (void)condition;
    for (guint i = 0; i < AT_ONCE && taken >= 0 && a->room; i++) {
        taken = link_accept(fd, &error);
        if (taken >= 0)
            a->taken(taken, NULL, a->data);
    }
    if (error)
        not_taken(a, error);
    return G_SOURCE_CONTINUE;
}

Acceptor *
acceptor_new(int listener, acceptor_taken taken, gpointer data)
{
    Acceptor *a = g_new0(Acceptor, 1);

    a->listener = listener;
    a->taken = taken;
    a->data = data;
    a->room = TRUE;
    watch(a);
    return a;
}

void
acceptor_room(Acceptor *a, gboolean room)
{
    a->room = room;
    watch(a);
}

void
acceptor_free(Acceptor *a)
{
    if (!a)
        return;
    g_clear_handle_id(&a->watch, g_source_remove);
    g_clear_handle_id(&a->pause, g_source_remove);
    io_close(&a->listener);
    g_free(a);
}
