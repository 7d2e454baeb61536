/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_hello - HELLO and its answer: no state changes here. What is known
 * already (stale, busy) is said now, before a launch burns its evidence for
 * nothing.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"

#include <string.h>

#define ANSWER_SIZE COCO_MESSAGE_MAX

static guint32
claim_flags(const Cocotpm *c)
{
    guint32 flags = 0;

    if (provider_is_emulated(c->provider))
        flags |= CLAIM_FLAG_EMULATED;
    if (sealed_recoverable(c->store))
        flags |= CLAIM_FLAG_RECOVERABLE;
    if (sealed_recovered(c->store))
        flags |= CLAIM_FLAG_RECOVERED;
    if (!c->policy->peer.same_chip)
        flags |= CLAIM_FLAG_SAME_CHIP_OFF;
    if (c->policy->peer.takeover)
        flags |= CLAIM_FLAG_TAKEOVER;
    if (c->policy->owner_secret)
        flags |= CLAIM_FLAG_OWNER_SECRET;
    return flags;
}

static guint8
freshness_claim(const struct policy *policy)
{
    static const guint8 claims[] = {
        [POLICY_FRESHNESS_RECEIPT] = CLAIM_FRESHNESS_RECEIPT,
        [POLICY_FRESHNESS_WITNESS] = CLAIM_FRESHNESS_WITNESS,
        [POLICY_FRESHNESS_NONE] = CLAIM_FRESHNESS_NONE,
    };

    return claims[policy->freshness];
}

static guint8
reset_claim(const struct policy *policy)
{
    if (policy->peer.burns_evidence)
        return CLAIM_RESET_BURNT;
    return policy->freshness == POLICY_FRESHNESS_WITNESS ? CLAIM_RESET_WITNESS : CLAIM_RESET_LOG;
}

static guint8
psk_claim(const struct policy *policy)
{
    return policy->psk == POLICY_PSK_SECRET ? CLAIM_PSK_SECRET : CLAIM_PSK_BOOTSTRAP;
}

void
cocotpm_claims(Cocotpm *c, struct claims *ret)
{
    struct receipt now;
    struct claims k = {
        .given = ((1u << CLAIM_TYPES) - 2) & ~(1u << CLAIM_RECEIPT),
        .version = PROTOCOL_VERSION,
        .psk = psk_claim(c->policy),
        .software = "swtpm --cocotpm " PACKAGE_VERSION,
        .freshness = freshness_claim(c->policy),
        .reset = reset_claim(c->policy),
        .flags = claim_flags(c),
    };

    sealed_receipt(c->store, &now);
    memcpy(k.uuid, c->uuid, sizeof(k.uuid));
    memcpy(k.policy_digest, c->policy->digest, sizeof(k.policy_digest));
    memcpy(k.lineage, now.lineage, sizeof(k.lineage));
    memcpy(k.chain, now.chain, sizeof(k.chain));
    k.epoch = now.epoch;
    k.generation = now.generation;
    k.ek_count = c->ek_count;
    memcpy(k.ek_names, c->ek_names, sizeof(k.ek_names));
    if (k.ek_count == 0)
        k.given &= ~(1u << CLAIM_EK_NAMES);
    *ret = k;
}

static gboolean
own_claims(Cocotpm *c, const guint8 *hello, gsize len, struct claims *ret, GError **error)
{
    const struct crypto_piece said = { hello, len };
    struct claims k;

    cocotpm_claims(c, &k);
    if (!crypto_sha512(&said, 1, k.hello, error))
        return FALSE;
    *ret = k;

    return TRUE;
}

/* Status and words, or COCO_OK. */
static enum coco_status
judge(Cocotpm *c, const struct claims *k, const char **ret_why)
{
    if (k->version != PROTOCOL_VERSION) {
        *ret_why = "this CoCoTPM speaks version 1 of the protocol only";
        return COCO_UNSUPPORTED;
    }
    if (memcmp(k->uuid, c->uuid, sizeof(k->uuid)) != 0) {
        *ret_why = "this CoCoTPM is another instance";
        return COCO_DENIED;
    }
    if (k->psk != psk_claim(c->policy)) {
        *ret_why = "the policy asks for another kind of link secret";
        return COCO_DENIED;
    }
    if (k->given & (1u << CLAIM_RECEIPT)) {
        struct cursor in = cursor_from(k->receipt, sizeof(k->receipt));
        struct receipt theirs;

        if (!receipt_parse(&in, &theirs, NULL) || !sealed_check_receipt(c->store, &theirs)) {
            *ret_why = "the receipt is not of this state's history: it was rolled back or forked";
            return COCO_STALE;
        }
    }
    if (c->attaching || (c->life.peer != NULL && !c->policy->peer.takeover)) {
        *ret_why = "another launch is attached";
        return COCO_BUSY;
    }
    if (!worker_may_report(c)) {
        *ret_why = "too many reports were asked for; try again in a second";
        return COCO_BUSY;
    }
    return COCO_OK;
}

void
cocotpm_add_certificate(const Cocotpm *c, struct evidence *e)
{
    if (e->parts[EVIDENCE_VEK_CERTIFICATE] == NULL && c->certificate != NULL)
        e->parts[EVIDENCE_VEK_CERTIFICATE] = g_bytes_ref(c->certificate);
}

static void
proved(Peer *p, struct evidence *evidence, const GError *error)
{
    struct builder b = builder_on(p->out, ANSWER_SIZE);
    gsize len;
    const void *claims = g_bytes_get_data(p->claims, &len);

    if (error != NULL) {
        g_warning("this VM's report: %s", error->message);
        peer_refuse(p, COCO_INTERNAL, "no report could be made");
        return;
    }
    cocotpm_add_certificate(p->c, evidence);
    message_header_write(&b, TAG_COCO_ANSWER, 0, COCO_OK);
    hello_answer_write(claims, len, evidence, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    if (b.failed) {
        peer_refuse(p, COCO_INTERNAL, "the evidence is too long");
        return;
    }
    p->state = PEER_GREETED;
    peer_send(p, p->out, builder_len(&b));
    if (!p->closed)
        peer_watch(p);
}

static gboolean
begin(Peer *p, const struct claims *mine, GError **error)
{
    guint8 memory[CLAIMS_MAX];
    struct builder b = builder_on(memory, sizeof(memory));
    guint8 report_data[SHA512_SIZE];

    claims_write(mine, &b);
    if (b.failed)
        return error_system(error, "own claims are too long");
    p->claims = g_bytes_new(memory, builder_len(&b));
    if (!protocol_report_data(p->tls, SIDE_SERVER, memory, builder_len(&b), report_data, error))
        return FALSE;
    p->state = PEER_PROVING;
    worker_evidence(p, report_data, proved);

    return TRUE;
}

void
peer_hello(Peer *p, struct cursor body, const guint8 *message, gsize len)
{
    g_autoptr(GError) error = NULL;
    struct claims theirs, mine;
    const char *why = NULL;
    enum coco_status status;

    if (!claims_parse(&body, CLAIMS_CLIENT, &theirs, &error)) {
        peer_refuse_error(p, COCO_MALFORMED, error);
        return;
    }
    status = judge(p->c, &theirs, &why);
    if (status != COCO_OK) {
        peer_refuse(p, status, why);
        return;
    }
    p->hello = g_bytes_new(message, len);
    if (!own_claims(p->c, message, len, &mine, &error) || !begin(p, &mine, &error)) {
        g_warning("HELLO: %s", error->message);
        peer_refuse(p, COCO_INTERNAL, "HELLO could not be answered");
    }
}
