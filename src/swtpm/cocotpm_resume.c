/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_resume - RESUME: the same life of the TPM on a new link, exactly
 * once (protocol, section 6.2). The older link's session is taken back first,
 * so that a command in hand is finished and its number stands. A RESUME that
 * is refused changes nothing.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"

#include <string.h>

/* Fresh evidence of the same launch, unless the policy vouches that it was burnt. */
static gboolean
same_launch(Peer *p, struct cursor evidence, const struct resume *r, GError **error)
{
    g_auto(evidence_t) e = { 0 };
    struct verdict verdict = { 0 };
    guint8 said[RESUME_SIZE], launch[LAUNCH_ID_LEN];
    struct builder b = builder_on(said, sizeof(said));
    gboolean good;

    if (p->c->policy->peer.burns_evidence)
        return TRUE;
    resume_write(r, &b);
    good = evidence_parse(&evidence, &e, error) &&
           cocotpm_verify_client(p, &e, said, sizeof(said), &verdict, error) &&
           launch_id(&verdict.report, launch, error);
    verdict_clear(&verdict);
    if (good && memcmp(launch, p->c->life.launch, sizeof(launch)) != 0)
        good = error_denied(error, "evidence of another launch");

    return good;
}

static gboolean
names_life(const struct life *l, const struct resume *r)
{
    const guint8 none[ATTACH_ID_SIZE] = { 0 };

    if (memcmp(r->attach_id, l->attachment.attach_id, ATTACH_ID_SIZE) == 0)
        return TRUE;
    return memcmp(r->attach_id, none, ATTACH_ID_SIZE) == 0 && r->sent == 1 && r->received == 0;
}

static gboolean
numbers_good(const struct life *l, const struct resume *r)
{
    return r->sent == l->executed || (r->sent == l->executed + 1 && r->received == l->executed);
}

/* The key that made this session, and the one that comes from it. */
static gboolean
rotate(struct life *l, Peer *p, GError **error)
{
    const guint at = l->keys[0].number == p->key_number && l->keys[0].key != NULL ? 0 : 1;
    Secret *next = protocol_resume_key(p->tls, error);

    if (next == NULL)
        return FALSE;
    if (at == 1) {
        secret_free(l->keys[0].key);
        l->keys[0] = l->keys[1];
    } else {
        secret_free(l->keys[1].key);
    }
    l->keys[1] = (struct life_key){ p->key_number + 1, next };

    return TRUE;
}

/* A key that is no more ends what was begun with it. Whoever is attached comes back by itself. */
static void
end_others(Cocotpm *c, const Peer *but, const char *why)
{
    for (guint i = c->peers->len; i > 0; i--) {
        Peer *other = c->peers->pdata[i - 1];
        struct psk_identity id;
        gsize len;
        const guint8 *identity;

        if (other == but || other->state == PEER_ATTACHED)
            continue;
        identity = tls_identity(other->tls, &len);
        if (identity != NULL && psk_identity_parse(identity, len, &id, NULL) &&
            id.role == ROLE_RESUME)
            peer_close(other, why);
    }
}

/* A RESUME with an attach id of zeroes names no launch but by its key: with one of the older
 * launch it would get the newer one's TPM. */
void
cocotpm_end_life(Cocotpm *c)
{
    Peer *p = g_steal_pointer(&c->resuming);

    if (p != NULL && !p->closed)
        peer_refuse(p, COCO_WRONG_STATE, "that session is over");
    if (p != NULL)
        peer_unref(p);
    end_others(c, NULL, "its session is over");
    life_clear(&c->life);
}

static void
send_resumed(Peer *p)
{
    struct life *l = &p->c->life;
    struct builder b = builder_on(p->out, COCO_MESSAGE_MAX);

    message_header_write(&b, TAG_COCO_ANSWER, 0, COCO_OK);
    builder_be64(&b, l->executed);
    if (p->resume.received < l->executed)
        builder_bytes(&b, secret_peek(l->answer), l->answer_len);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    g_assert(!b.failed);
    peer_send(p, p->out, builder_len(&b));
    gnutls_memset(p->out, 0, builder_len(&b));
}

/* Nobody is attached now. */
static void
finish(Peer *p)
{
    struct life *l = &p->c->life;
    g_autoptr(GError) error = NULL;

    if (!l->on || !names_life(l, &p->resume)) {
        peer_refuse(p, COCO_WRONG_STATE, "that session is over");
        return;
    }
    /* A takeover came while the older link's session was on its way back: it is to meet nobody
     * attached when it is through, or both launches would have the TPM. */
    if (p->c->attaching) {
        peer_refuse(p, COCO_BUSY, "another launch is being attached");
        return;
    }
    if (!numbers_good(l, &p->resume)) {
        peer_refuse(p, COCO_STALE, "the numbers of commands do not fit");
        return;
    }
    if (!rotate(l, p, &error)) {
        peer_refuse_error(p, COCO_INTERNAL, error);
        return;
    }
    end_others(p->c, p, "a newer RESUME came");
    l->receipt_generation = 0;
    peer_event(p->c, "resumed: command %" G_GUINT64_FORMAT, l->executed);
    send_resumed(p);
    serve_start(p);
}

void
cocotpm_resume_waiting(Cocotpm *c)
{
    Peer *p = c->resuming;

    if (p == NULL || c->life.peer != NULL)
        return;
    c->resuming = NULL;
    if (!p->closed)
        finish(p);
    peer_unref(p);
}

/* What can be told without the older link's session; it goes on when this is refused. */
static gboolean
judge(Peer *p, struct cursor evidence, const struct resume *r, enum coco_status *ret_status,
      GError **error)
{
    Cocotpm *c = p->c;

    *ret_status = COCO_WRONG_STATE;
    if (!c->life.on || !names_life(&c->life, r))
        return error_denied(error, "that session is over");
    if (c->attaching) {
        *ret_status = COCO_BUSY;
        return error_denied(error, "another launch is being attached");
    }
    *ret_status = COCO_EVIDENCE_INVALID;
    return same_launch(p, evidence, r, error);
}

/*
 * A command whose state cannot be stored keeps the older link's session, for as long as the host
 * likes, and who waits for it is not read: its link may be gone long ago. The newest one waits. The
 * session is asked for once, or the TPM thread would find a heap of jobs then.
 */
static void
wait_for_session(Cocotpm *c, Peer *p)
{
    Peer *older = g_steal_pointer(&c->resuming);

    c->resuming = peer_ref(p);
    if (older != NULL) {
        peer_close(older, "a newer RESUME came");
        peer_unref(older);
    } else if (c->life.peer != NULL) {
        server_take_source(c->server, &c->life.peer->source);
    }
    cocotpm_resume_waiting(c);
}

void
peer_resume(Peer *p, struct cursor body)
{
    Cocotpm *c = p->c;
    g_autoptr(GError) error = NULL;
    struct resume r;
    enum coco_status status = COCO_MALFORMED;

    if (!resume_parse(&body, &r, &error) || !judge(p, body, &r, &status, &error)) {
        peer_refuse_error(p, status, error);
        return;
    }
    p->resume = r;
    p->state = PEER_ATTACHING;
    peer_established(p);
    peer_unwatch(p);
    wait_for_session(c, p);
}
