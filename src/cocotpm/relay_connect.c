/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_connect - connections made by a thread.
 */
#include "config.h"

#include "cocotpm/relay_connect.h"

#include "base/thread.h"

struct job {
    const struct link_address *to;
    guint seconds;
    relay_connected done;
    gpointer data;
    int fd;
    GError *error;
};

static gboolean
job_done(gpointer data)
{
    struct job *j = data;

    j->done(j->fd, j->error, j->data);
    g_clear_error(&j->error);
    g_free(j);
    return G_SOURCE_REMOVE;
}

static gpointer
job_run(gpointer data)
{
    struct job *j = data;

    j->fd = link_connect(j->to, g_get_monotonic_time() + j->seconds * G_USEC_PER_SEC, &j->error);
    g_idle_add_full(G_PRIORITY_DEFAULT, job_done, j, NULL);
    return NULL;
}

void
relay_connect(const struct link_address *to, guint seconds, relay_connected done, gpointer data)
{
    struct job *j = g_new0(struct job, 1);

    *j = (struct job){ .to = to, .seconds = seconds, .done = done, .data = data, .fd = -1 };
    if (!thread_start("connect", job_run, j, &j->error))
        g_idle_add_full(G_PRIORITY_DEFAULT, job_done, j, NULL);
}
