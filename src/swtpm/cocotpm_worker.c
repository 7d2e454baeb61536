/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_worker - the one thread that asks the platform for reports, since
 * a device may block for a minute, and the bound on how often it does: anyone
 * may speak a public PSK, and the AMD-SP's message counter is finite.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"

#include <string.h>

#define BURST 8.0

struct worker {
    GThread *thread;
    GAsyncQueue *jobs;
    GAsyncQueue *running;            /* one item: the thread has come to life */
};

/* Where another thread waits for a report. */
struct wait {
    GMutex lock;
    GCond cond;
    gboolean done;
};

struct job {
    Peer *peer;                      /* NULL: the thread is to end, or wait is set */
    struct wait *wait;
    guint8 report_data[SHA512_SIZE];
    worker_done done;
    struct evidence evidence;
    GError *error;
};

static void
job_free(struct job *job)
{
    evidence_clear(&job->evidence);
    g_clear_error(&job->error);
    g_free(job);
}

/* In the main loop. */
static void
job_done(gpointer data)
{
    struct job *job = data;

    if (!job->peer->closed)
        job->done(job->peer, &job->evidence, job->error);
    peer_unref(job->peer);
    job_free(job);
}

static void
wake(struct wait *w)
{
    g_mutex_lock(&w->lock);
    w->done = TRUE;
    g_cond_signal(&w->cond);
    g_mutex_unlock(&w->lock);
}

static gpointer
work(gpointer data)
{
    Cocotpm *c = data;

    g_async_queue_push(c->worker->running, c);
    for (;;) {
        struct job *job = g_async_queue_pop(c->worker->jobs);

        if (job->peer == NULL && job->wait == NULL) {
            job_free(job);
            return NULL;
        }
        (void)provider_evidence(c->provider, job->report_data, &job->evidence, &job->error);
        if (job->wait != NULL)
            wake(job->wait);
        else
            server_notify(job_done, job);
    }
}

gboolean
worker_start(Cocotpm *c, GError **error)
{
    c->reports = BURST;
    c->reports_at = g_get_monotonic_time();
    c->worker = g_new0(struct worker, 1);
    c->worker->jobs = g_async_queue_new();
    c->worker->running = g_async_queue_new();
    c->worker->thread = g_thread_try_new("evidence", work, c, error);
    if (c->worker->thread == NULL)
        return FALSE;
    /* A thread that is being born makes calls that the sandbox has not. */
    (void)g_async_queue_pop(c->worker->running);

    return TRUE;
}

void
worker_stop(Cocotpm *c)
{
    if (c->worker == NULL)
        return;
    if (c->worker->thread != NULL) {
        g_async_queue_push(c->worker->jobs, g_new0(struct job, 1));
        g_thread_join(c->worker->thread);
    }
    g_async_queue_unref(c->worker->jobs);
    g_async_queue_unref(c->worker->running);
    g_clear_pointer(&c->worker, g_free);
}

gboolean
worker_may_report(Cocotpm *c)
{
    const gint64 now = g_get_monotonic_time();

    c->reports = MIN(BURST, c->reports + (double)(now - c->reports_at) / G_USEC_PER_SEC);
    c->reports_at = now;
    if (c->reports < 1.0)
        return FALSE;
    c->reports -= 1.0;
    return TRUE;
}

void
worker_evidence(Peer *p, const guint8 report_data[static SHA512_SIZE], worker_done done)
{
    struct job *job = g_new0(struct job, 1);

    job->peer = peer_ref(p);
    memcpy(job->report_data, report_data, sizeof(job->report_data));
    job->done = done;
    g_async_queue_push(p->c->worker->jobs, job);
}

gboolean
worker_evidence_wait(Cocotpm *c, const guint8 report_data[static SHA512_SIZE],
                     struct evidence *ret, GError **error)
{
    struct wait wait = { .done = FALSE };
    struct job *job = g_new0(struct job, 1);
    gboolean good;

    g_mutex_init(&wait.lock);
    g_cond_init(&wait.cond);
    job->wait = &wait;
    memcpy(job->report_data, report_data, sizeof(job->report_data));
    g_async_queue_push(c->worker->jobs, job);
    g_mutex_lock(&wait.lock);
    while (!wait.done)
        g_cond_wait(&wait.cond, &wait.lock);
    g_mutex_unlock(&wait.lock);
    g_cond_clear(&wait.cond);
    g_mutex_clear(&wait.lock);
    good = job->error == NULL;
    if (good) {
        *ret = job->evidence;
        memset(&job->evidence, 0, sizeof(job->evidence));
    } else {
        g_propagate_error(error, g_steal_pointer(&job->error));
    }
    job_free(job);

    return good;
}
