/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server_private - what server.c and sources.c share.
 */
#pragma once

#include <pthread.h>

#include "swtpm/data.h"
#include "swtpm/server.h"

/* Kept sessions at once: one that is attached, one that takes over, one of the operator, spare. */
#define SERVER_SOURCES_MAX 8

struct source_state {
    Server *server;
    struct source *source;
    GMutex lock;             /* who touches the session holds it */
    gboolean working;        /* under lock: inside source_process() */
    gboolean gone;           /* TPM thread: closed() is on its way */
};

struct Server {
    Engine *engine;
    Data *data;
    GThread *thread;
    pthread_t thread_id;     /* of it, once it is running */
    gint running;            /* atomic; before that no read can be asleep */
    GMutex lock;             /* of the jobs */
    GQueue jobs;
    int wake;                /* eventfd */
    gboolean quit;           /* TPM thread */

    GPtrArray *sources;      /* TPM thread: struct source_state * */
    gint closing;            /* atomic: closed() calls on their way to the main loop */
    int epoll;               /* descriptors of sources with a command in hand, for the main thread */
    guint watch;             /* the main loop's, of that */
};

gboolean sources_start(Server *s, GError **error);
void sources_stop(Server *s);

int source_state_fd(struct source_state *st);
gboolean source_state_again(const struct source_state *st);
void source_state_ready(Server *s, struct source_state *st);
