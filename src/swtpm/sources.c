/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sources - kept sessions on the TPM thread, and the main thread's look at them
 * while a command runs. The descriptor of such a session stands in an epoll
 * set, which the main loop waits for, only during a command that may take
 * long: so a short one wakes nobody.
 */
#include "config.h"

#include "swtpm/server_private.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/error.h"
#include "base/io.h"

/* A state is freed on the main thread only, which also reads the epoll set: never both at once. */
static gboolean
on_interrupt(gint fd, GIOCondition condition, gpointer user)
{
    Server *s = user;
    struct epoll_event event;
    struct source_state *st;

    (void)condition;
    if (epoll_wait(fd, &event, 1, 0) != 1)
        return G_SOURCE_CONTINUE;
    st = event.data.ptr;
    /* Held: the command is over, and what came in is ready()'s to read. */
    if (!g_mutex_trylock(&st->lock))
        return G_SOURCE_CONTINUE;
    if (st->working && st->source->ops->interrupt != NULL &&
        st->source->ops->interrupt(st->source, s->engine)) {
        struct epoll_event again = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = st };

        (void)epoll_ctl(fd, EPOLL_CTL_MOD, st->source->fd, &again);
    }
    g_mutex_unlock(&st->lock);
    return G_SOURCE_CONTINUE;
}

gboolean
sources_start(Server *s, GError **error)
{
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll < 0)
        return error_errno(error, errno, "epoll_create1");
    s->watch = g_unix_fd_add(s->epoll, G_IO_IN, on_interrupt, s);
    return TRUE;
}

static void
state_clear(gpointer user)
{
    struct source_state *st = user;

    g_mutex_clear(&st->lock);
}

static void
state_release(struct source_state *st)
{
    g_atomic_rc_box_release_full(st, state_clear);
}

static void
on_closed(gpointer user)
{
    struct source_state *st = user;
    struct source *src = st->source;

    g_atomic_int_add(&st->server->closing, -1);
    src->state = NULL;
    state_release(st);
    src->ops->closed(src);
}

/* The thread has ended: what is left, or on its way, goes back to its owners here. */
void
sources_stop(Server *s)
{
    while (g_atomic_int_get(&s->closing) > 0)
        g_main_context_iteration(NULL, FALSE);
    while (s->sources->len > 0) {
        struct source_state *st = g_ptr_array_steal_index(s->sources, s->sources->len - 1);

        g_atomic_int_inc(&s->closing);
        on_closed(st);
    }
    if (s->watch != 0)
        g_source_remove(s->watch);
    io_close(&s->epoll);
}

int
source_state_fd(struct source_state *st)
{
    return st->source->fd;
}

gboolean
source_state_again(const struct source_state *st)
{
    return st->source->again;
}

static void
give_back(Server *s, struct source_state *st)
{
    if (st->gone)
        return;
    st->gone = TRUE;
    g_ptr_array_remove(s->sources, st);
    g_atomic_int_inc(&s->closing);
    server_notify(on_closed, st);
}

void
source_state_ready(Server *s, struct source_state *st)
{
    gboolean more;

    if (st->gone)
        return;
    g_mutex_lock(&st->lock);
    more = st->source->ops->ready(st->source, s->engine);
    g_mutex_unlock(&st->lock);
    if (!more)
        give_back(s, st);
}

static void
run_add(Engine *engine, gpointer user)
{
    struct source_state *st = user;

    (void)engine;
    if (st->gone)
        return;
    g_ptr_array_add(st->server->sources, st);
    source_state_ready(st->server, st);
}

void
server_add_source(Server *s, struct source *src)
{
    struct source_state *st = g_atomic_rc_box_new0(struct source_state);

    st->server = s;
    st->source = src;
    g_mutex_init(&st->lock);
    src->state = st;
    server_post(s, run_add, NULL, st);
}

static void
run_take(Engine *engine, gpointer user)
{
    struct source_state *st = user;

    (void)engine;
    give_back(st->server, st);
    state_release(st);
}

/* The source may be closed before the job is run: hence a reference of the job's own. */
void
server_take_source(Server *s, struct source *src)
{
    if (src->state != NULL)
        server_post(s, run_take, NULL, g_atomic_rc_box_acquire(src->state));
}

void
source_work(struct source *src, Engine *engine, server_run run, gpointer data)
{
    struct source_state *st = src->state;
    struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = st };
    gboolean watched;

    st->working = TRUE;
    g_mutex_unlock(&st->lock);
    watched = src->ops->interrupt != NULL &&
              epoll_ctl(st->server->epoll, EPOLL_CTL_ADD, src->fd, &event) == 0;
    run(engine, data);
    g_mutex_lock(&st->lock);
    st->working = FALSE;
    if (watched)
        (void)epoll_ctl(st->server->epoll, EPOLL_CTL_DEL, src->fd, NULL);
}

struct command {
    const guint8 *bytes;
    gsize len;
    const guint8 **ret;
    gsize *ret_len;
};

static void
run_command(Engine *engine, gpointer user)
{
    struct command *c = user;

    engine_process(engine, c->bytes, c->len, c->ret, c->ret_len);
}

void
source_process(struct source *src, Engine *engine, const guint8 *command, gsize len,
               const guint8 **ret, gsize *ret_len)
{
    struct command c = { command, len, ret, ret_len };

    if (engine_is_brief(command, len))
        run_command(engine, &c);
    else
        source_work(src, engine, run_command, &c);
}
