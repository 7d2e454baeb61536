/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_operator - what the host's operator may ask: how things are, and to
 * stop. Nothing here may help against the tenant.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include <signal.h>

/* "This VM is gone": the session ends and the TPM goes off, in an orderly way. */
struct reset_job {
    Peer *asker;
    Peer *older;
    gboolean stop;                   /* and the process ends */
};

static void
run_reset(Engine *e, gpointer data)
{
    struct reset_job *job = data;

    if (job->older != NULL)
        job->older->fenced = TRUE;
    life_power_off(e);
}

static void
answer_ok(Peer *p)
{
    guint8 message[MESSAGE_HEADER];
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, TAG_COCO_ANSWER, sizeof(message), COCO_OK);
    peer_send(p, message, sizeof(message));
}

static void
reset_done(gpointer data)
{
    struct reset_job *job = data;
    Cocotpm *c = job->asker->c;

    c->attaching = FALSE;
    cocotpm_end_session(c, job->older);
    cocotpm_end_life(c);
    peer_event(c, "the operator %s", job->stop ? "stops this CoCoTPM" : "says that the VM is gone");
    answer_ok(job->asker);
    if (job->stop)
        (void)raise(SIGTERM);
    peer_unref(job->asker);
    if (job->older != NULL)
        peer_unref(job->older);
    g_free(job);
}

static void
reset(Peer *p, gboolean stop)
{
    Cocotpm *c = p->c;
    struct reset_job *job;

    if (c->attaching || c->resuming != NULL) {
        peer_refuse(p, COCO_BUSY, "a link is being attached");
        return;
    }
    job = g_new0(struct reset_job, 1);
    job->asker = peer_ref(p);
    job->older = c->life.peer != NULL ? peer_ref(c->life.peer) : NULL;
    job->stop = stop;
    c->attaching = TRUE;
    server_post(c->server, run_reset, reset_done, job);
}

void
peer_operator(Peer *p, guint32 code)
{
    if (code == COCO_OP_STATUS)
        peer_info(p);
    else
        reset(p, code == COCO_OP_STOP);
}
