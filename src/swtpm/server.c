/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server - the TPM thread's loop and the job queue. Sources are in sources.c.
 */
#include "config.h"

#include "swtpm/server_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"

struct job {
    server_run run;
    server_done done;
    gpointer data;
};

Server *
server_new(Engine *engine)
{
    Server *s = g_new0(Server, 1);

    s->engine = engine;
    s->wake = -1;
    s->epoll = -1;
    g_mutex_init(&s->lock);
    g_queue_init(&s->jobs);
    s->sources = g_ptr_array_new();
    return s;
}

void
server_set_data(Server *s, Data *data)
{
    s->data = data;
}

static void
wake(Server *s)
{
    const guint64 one = 1;
    ssize_t n;

    do
        n = write(s->wake, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
    if (s->data != NULL && data_interrupt(s->data) && g_atomic_int_get(&s->running) != 0)
        (void)pthread_kill(s->thread_id, DATA_SIGNAL);
}

void
server_post(Server *s, server_run run, server_done done, gpointer data)
{
    struct job *job = g_new(struct job, 1);

    *job = (struct job) { run, done, data };
    g_mutex_lock(&s->lock);
    g_queue_push_tail(&s->jobs, job);
    g_mutex_unlock(&s->lock);
    wake(s);
}

struct notice {
    server_done done;
    gpointer data;
};

static gboolean
on_notice(gpointer user)
{
    struct notice *n = user;

    n->done(n->data);
    return G_SOURCE_REMOVE;
}

void
server_notify(server_done done, gpointer data)
{
    struct notice *n;

    if (done == NULL)
        return;
    n = g_new(struct notice, 1);
    *n = (struct notice) { done, data };
    g_idle_add_full(G_PRIORITY_DEFAULT, on_notice, n, g_free);
}

struct call {
    server_run run;
    gpointer data;
    GMutex lock;
    GCond cond;
    gboolean over;
};

static void
run_call(Engine *engine, gpointer user)
{
    struct call *c = user;

    if (c->run != NULL)
        c->run(engine, c->data);
    g_mutex_lock(&c->lock);
    c->over = TRUE;
    g_cond_signal(&c->cond);
    g_mutex_unlock(&c->lock);
}

void
server_call(Server *s, server_run run, gpointer data)
{
    struct call c = { .run = run, .data = data };

    g_mutex_init(&c.lock);
    g_cond_init(&c.cond);
    server_post(s, run_call, NULL, &c);
    g_mutex_lock(&c.lock);
    while (!c.over)
        g_cond_wait(&c.cond, &c.lock);
    g_mutex_unlock(&c.lock);
    g_mutex_clear(&c.lock);
    g_cond_clear(&c.cond);
}

static void
run_jobs(Server *s)
{
    guint64 count;
    ssize_t n = read(s->wake, &count, sizeof(count));

    (void)n;
    for (;;) {
        struct job *job;

        g_mutex_lock(&s->lock);
        job = g_queue_pop_head(&s->jobs);
        g_mutex_unlock(&s->lock);
        if (job == NULL)
            return;
        job->run(s->engine, job->data);
        server_notify(job->done, job->data);
        g_free(job);
    }
}

/* Most of the life of a plain TPM: one client that stays, and nothing else to wait for. */
static void
loop_on_data(Server *s)
{
    if (data_interrupted(s->data))
        run_jobs(s);
    else
        data_ready(s->data);
}

static void
loop_on_all(Server *s)
{
    struct pollfd fds[2 + SERVER_SOURCES_MAX];
    guint sources = MIN(s->sources->len, SERVER_SOURCES_MAX);
    struct source_state *states[SERVER_SOURCES_MAX];
    gboolean again = FALSE;

    fds[0] = (struct pollfd) { .fd = s->wake, .events = POLLIN };
    fds[1] = (struct pollfd) { .fd = s->data != NULL ? data_poll_fd(s->data) : -1,
                               .events = POLLIN };
    for (guint i = 0; i < sources; i++) {
        states[i] = g_ptr_array_index(s->sources, i);
        fds[2 + i] = (struct pollfd) { .fd = source_state_fd(states[i]), .events = POLLIN };
        again = again || source_state_again(states[i]);
    }
    if (poll(fds, 2 + sources, again ? 0 : -1) < 0)
        return;

    /* Jobs last: they may add and remove sources, which the indices here do not know of. */
    if (fds[1].revents != 0)
        data_ready(s->data);
    for (guint i = 0; i < sources; i++) {
        if (fds[2 + i].revents != 0 || source_state_again(states[i]))
            source_state_ready(s, states[i]);
    }
    if (fds[0].revents != 0)
        run_jobs(s);
}

static gpointer
tpm_thread(gpointer user)
{
    Server *s = user;

    s->thread_id = pthread_self();
    g_atomic_int_set(&s->running, 1);
    while (!s->quit) {
        if (s->sources->len == 0 && s->data != NULL && data_waits(s->data))
            loop_on_data(s);
        else
            loop_on_all(s);
    }
    return NULL;
}

static void
on_data_signal(int number)
{
    (void)number;
}

/* Not restarted: its one purpose is to end a read. */
static gboolean
catch_data_signal(GError **error)
{
    const struct sigaction action = { .sa_handler = on_data_signal };

    if (sigaction(DATA_SIGNAL, &action, NULL) != 0)
        return error_errno(error, errno, "sigaction");
    return TRUE;
}

gboolean
server_start(Server *s, GError **error)
{
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake < 0)
        return error_errno(error, errno, "eventfd");
    if (!sources_start(s, error) || !catch_data_signal(error))
        return FALSE;
    s->thread = g_thread_try_new("tpm", tpm_thread, s, error);
    if (s->thread == NULL)
        return FALSE;
    server_call(s, NULL, NULL);            /* running before the sandbox is closed */
    return TRUE;
}

gboolean
server_started(const Server *s)
{
    return s->thread != NULL;
}

static void
run_quit(Engine *engine, gpointer user)
{
    Server *s = user;

    (void)engine;
    s->quit = TRUE;
}

void
server_free(Server *s)
{
    if (s == NULL)
        return;
    if (s->thread != NULL) {
        server_post(s, run_quit, NULL, s);
        g_thread_join(s->thread);
    }
    sources_stop(s);
    io_close(&s->wake);
    g_ptr_array_unref(s->sources);
    g_mutex_clear(&s->lock);
    g_free(s);
}
