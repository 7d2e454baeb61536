/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_serve - the attached session on the TPM thread: one message in, one
 * answer out, each numbered and the last answer kept, so that a cut link loses
 * nothing (protocol, section 6.2). While a command runs the main thread looks
 * for CANCEL and for the end of the link.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"

#include <string.h>

#define MESSAGES_AT_ONCE 64

/* A number, and the answer kept under it; the one before is wiped. */
static void
keep_answer(struct life *l, const guint8 *answer, gsize len)
{
    gnutls_memset(secret_bytes(l->answer), 0, l->answer_len);
    memcpy(secret_bytes(l->answer), answer, len);
    l->answer_len = len;
    l->executed++;
}

/* A receipt of what the answer rests on goes out in the same write, just before it. */
static enum tls_result
send_receipt(Peer *p)
{
    struct life *l = &p->c->life;
    guint8 message[MESSAGE_HEADER + RECEIPT_SIZE];
    struct builder b = builder_on(message, sizeof(message));
    struct receipt now;

    if (p->c->policy->freshness == POLICY_FRESHNESS_NONE)
        return TLS_DONE;
    sealed_receipt(p->c->store, &now);
    if (now.generation == l->receipt_generation)
        return TLS_DONE;
    l->receipt_generation = now.generation;
    message_header_write(&b, TAG_COCO_COMMAND, sizeof(message), COCO_RECEIPT);
    receipt_write(&now, &b);
    tls_hold(p->tls, TRUE);

    return tls_send(p->tls, message, sizeof(message), NULL);
}

/* FALSE: the link is gone. The answer is kept all the same. */
static gboolean
send_answer(Peer *p, const guint8 *answer, gsize len)
{
    const gint64 deadline = g_get_monotonic_time() + ANSWER_WAIT_SECONDS * G_USEC_PER_SEC;
    enum tls_result result = send_receipt(p);

    if (result == TLS_DONE)
        result = tls_send(p->tls, answer, len, NULL);
    tls_hold(p->tls, FALSE);
    if (result == TLS_DONE)
        result = tls_flush_until(p->tls, deadline, NULL);

    return result == TLS_DONE;
}

static gboolean
run_tpm(Peer *p, Engine *e, const guint8 *message, gsize len)
{
    const guint8 *answer;
    gsize answer_len;

    source_process(&p->source, e, message, len, &answer, &answer_len);
    keep_answer(&p->c->life, answer, answer_len);

    return send_answer(p, answer, answer_len);
}

static gboolean
run_coco(Peer *p, Engine *e, const struct role_row *row, const guint8 *message, gsize len)
{
    struct builder b = builder_on(p->out, COCO_MESSAGE_MAX);

    command_run(p, e, row, message, len, &b);
    keep_answer(&p->c->life, p->out, builder_len(&b));

    return send_answer(p, p->out, builder_len(&b)) && !p->detached;
}

/* FALSE: the session is over. */
static gboolean
serve(Peer *p, Engine *e, const guint8 *message, gsize len)
{
    g_autoptr(GError) error = NULL;
    struct message_header h;
    const struct role_row *row = roles_find(p->role, PEER_ATTACHED, message, len, &h, &error);
    guint dropped;

    if (row == NULL) {
        if (log_limit_pass(&p->limit, 1, &dropped))
            g_message("session ended: %s", error->message);
        return FALSE;
    }
    if (row->code == COCO_CANCEL)
        return TRUE;                 /* nothing runs: too late to cancel, and never answered */
    return row->code == 0 ? run_tpm(p, e, message, len) : run_coco(p, e, row, message, len);
}

static void
cancel_soon(gpointer data)
{
    engine_cancel(data);
}

/*
 * A message that TLS had read along with the one in hand raises no event for
 * the main thread: looked at before the command starts.
 */
static void
look_ahead(Peer *p, Engine *e)
{
    if (!tls_pending(p->tls) || p->early_len > 0)
        return;
    if (serve_ops.interrupt(&p->source, e))
        server_notify(cancel_soon, e);
}

/* FALSE: the session is over. */
static gboolean
serve_some(Peer *p, Engine *e)
{
    for (guint i = 0; !p->fenced && !p->lost && i < MESSAGES_AT_ONCE; i++) {
        enum tls_result result = TLS_DONE;
        gsize len = p->early_len;

        if (len > 0) {
            memcpy(p->in, p->early, len);
            p->early_len = 0;
        } else {
            result = tls_receive(p->tls, p->in, COCO_MESSAGE_MAX, &len, NULL);
        }
        if (result == TLS_AGAIN)
            return TRUE;
        if (result != TLS_DONE)
            return FALSE;
        look_ahead(p, e);
        if (!serve(p, e, p->in, len))
            return FALSE;
        /* Nothing is buffered: the stream will tell, and a call is saved. */
        if (p->early_len == 0 && !tls_pending(p->tls))
            break;
    }
    return !p->fenced && !p->lost;
}

static gboolean
on_ready(struct source *src, Engine *e)
{
    Peer *p = (Peer *)src;
    const gboolean good = serve_some(p, e);

    src->again = good && (p->early_len > 0 || tls_pending(p->tls));
    return good;
}

static gboolean
is_cancel(const guint8 *message, gsize len)
{
    struct cursor in = cursor_from(message, len);
    struct message_header h;

    return message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL) && h.tag == TAG_COCO_COMMAND &&
           h.code == COCO_CANCEL && h.size == len && len == MESSAGE_HEADER;
}

/* CANCEL is passed on at once; anything else waits for its turn, and nothing more is read then. */
static gboolean
on_interrupt(struct source *src, Engine *e)
{
    Peer *p = (Peer *)src;
    enum tls_result result;
    gsize len;

    if (p->early_len > 0 || p->lost)
        return FALSE;
    if (p->early == NULL)
        p->early = g_malloc0(COCO_MESSAGE_MAX);
    result = tls_receive(p->tls, p->early, COCO_MESSAGE_MAX, &len, NULL);
    if (result == TLS_AGAIN)
        return TRUE;
    if (result != TLS_DONE) {
        p->lost = TRUE;
        return FALSE;
    }
    if (is_cancel(p->early, len)) {
        engine_cancel(e);
        return TRUE;
    }
    p->early_len = len;
    return FALSE;
}

/* In the main loop: the session is ours again. The TPM stays on unless it was detached. */
static void
on_closed(struct source *src)
{
    Peer *p = (Peer *)src;
    Cocotpm *c = p->c;
    const gboolean current = c->life.peer == p;

    if (current)
        c->life.peer = NULL;
    if (current && p->detached) {
        cocotpm_end_life(c);
        g_message("detached");
    } else if (current) {
        peer_event(c, "link lost: suspended");
    }
    p->state = PEER_OPEN;
    peer_close(p, NULL);
    cocotpm_resume_waiting(c);
    peer_unref(p);
}

const struct source_ops serve_ops = { on_ready, on_interrupt, on_closed };

void
serve_start(Peer *p)
{
    if (p->closed)
        return;
    p->state = PEER_ATTACHED;
    p->c->life.peer = p;
    peer_established(p);
    peer_unwatch(p);
    server_add_source(p->c->server, &peer_ref(p)->source);
}
