/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_evidence - EVIDENCE (protocol, section 6.3): what a relying party is
 * told of the TPM that is attached, vouched for by a report of this VM. Runs
 * on the TPM thread, so that nothing changes while it is written down; the
 * report is made by the worker, which alone asks the platform.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"
#include "cocotransport/wire/eventlog.h"
#include "cocotransport/wire/statement.h"

#include <string.h>

#define TPM2_CC_READCLOCK 0x181u

/* TPMA_OBJECT, Part 2, 8.3. */
#define OBJECT_AK_SET (1u << 1 | 1u << 4 | 1u << 5 | 1u << 16 | 1u << 18)
#define OBJECT_DECRYPT (1u << 17)

static gboolean
put_public(GBytes *area, struct statement_public *ret)
{
    gsize len;
    const void *data = g_bytes_get_data(area, &len);

    if (len == 0 || len > sizeof(ret->bytes))
        return FALSE;
    ret->len = (guint16)len;
    memcpy(ret->bytes, data, len);
    return TRUE;
}

/* TPMT_PUBLIC begins with type, name algorithm, attributes. */
static guint32
attributes_of(GBytes *area)
{
    struct cursor in = cursor_from(g_bytes_get_data(area, NULL), g_bytes_get_size(area));

    (void)cursor_be32(&in);
    return cursor_be32(&in);
}

static gboolean
read_ak(Engine *e, guint32 handle, struct statement *s, GError **error)
{
    g_autoptr(GBytes) area = NULL;
    g_autoptr(GBytes) name = NULL;
    guint32 attributes;

    if (engine_read_public(e, handle, &area, &name, NULL) != 0)
        return error_denied(error, "there is no key at handle 0x%08x", handle);
    attributes = attributes_of(area);
    if ((attributes & OBJECT_AK_SET) != OBJECT_AK_SET || (attributes & OBJECT_DECRYPT) != 0)
        return error_denied(error, "the key is no attestation key: restricted, for signing only, "
                            "made in this TPM and fixed to it");
    return put_public(area, &s->ak) || error_system(error, "the key's public area is too long");
}

/* The keys that HELLO names. */
static gboolean
read_eks(Engine *e, struct statement *s, GError **error)
{
    struct life_ek keys[EK_NAMES_MAX] = { { NULL, NULL } };
    const guint count = life_read_eks(e, keys);
    gboolean good = TRUE;

    for (guint i = 0; good && i < count; i++) {
        good = put_public(keys[i].area, &s->eks[s->ek_count]);
        s->ek_count += good ? 1 : 0;
    }
    life_eks_clear(keys, count);
    if (!good)
        return error_system(error, "an endorsement key is too long");
    return s->ek_count > 0 || error_denied(error, "this TPM has no endorsement key");
}

static gboolean
read_bank(Engine *e, guint16 alg, guint8 size, struct statement *s)
{
    struct statement_bank *bank = &s->banks[s->bank_count];

    bank->alg = alg;
    bank->size = size;
    for (guint32 pcr = 0; pcr < STATEMENT_PCRS; pcr++) {
        gsize len = 0;

        if (engine_pcr_read(e, alg, pcr, bank->values[pcr], sizeof(bank->values[pcr]), &len) != 0 ||
            len != size)
            return FALSE;
    }
    s->bank_count++;
    return TRUE;
}

static gboolean
read_pcrs(Engine *e, struct statement *s, GError **error)
{
    static const struct {
        guint16 alg;
        guint8 size;
    } banks[] = { { 0x4, 20 }, { 0xb, 32 }, { 0xc, 48 }, { 0xd, 64 } };

    for (gsize i = 0; i < G_N_ELEMENTS(banks); i++)
        (void)read_bank(e, banks[i].alg, banks[i].size, s);
    return s->bank_count > 0 || error_system(error, "no PCR bank can be read");
}

/* TPM2_ReadClock: TPMS_TIME_INFO is time, then clock, reset count, restart count, safe. */
static gboolean
read_reset_count(Engine *e, struct statement *s, GError **error)
{
    guint8 command[MESSAGE_HEADER];
    struct builder b = builder_on(command, sizeof(command));
    const guint8 *answer;
    gsize len;
    struct cursor in;
    struct message_header h;

    message_header_write(&b, TAG_TPM_NO_SESSIONS, MESSAGE_HEADER, TPM2_CC_READCLOCK);
    engine_process(e, command, sizeof(command), &answer, &len);
    in = cursor_from(answer, len);
    if (!message_header_parse(&in, TPM_MESSAGE_MAX, &h, NULL) || h.code != 0)
        return error_system(error, "TPM2_ReadClock failed");
    (void)cursor_be64(&in);
    (void)cursor_be64(&in);
    s->reset_count = cursor_be32(&in);
    return !in.failed || error_system(error, "TPM2_ReadClock's answer is cut short");
}

/* The launch as it was measured: the data of the event of PCR 0. */
static gboolean
put_launch(const struct life *l, struct statement *s, GError **error)
{
    g_autofree struct event *event = g_new0(struct event, 1);
    struct cursor in = cursor_from(g_bytes_get_data(l->attachment.event, NULL),
                                   g_bytes_get_size(l->attachment.event));

    if (!event_parse(&in, event, error))
        return FALSE;
    if (event->data_len == 0 || event->data_len > sizeof(s->event))
        return error_system(error, "the launch event is too long");
    s->event_len = (guint16)event->data_len;
    memcpy(s->event, event->data, event->data_len);
    memcpy(s->attach_id, l->attachment.attach_id, sizeof(s->attach_id));
    memcpy(s->launch_id, l->launch, sizeof(s->launch_id));
    s->peer_kind = EVIDENCE_SNP_REPORT;
    memcpy(s->peer_digest, l->evidence_digest, sizeof(s->peer_digest));
    return TRUE;
}

static void
put_instance(Cocotpm *c, struct statement *s)
{
    struct claims k;
    struct receipt now;

    cocotpm_claims(c, &k);
    sealed_receipt(c->store, &now);
    memcpy(s->uuid, c->uuid, sizeof(s->uuid));
    memcpy(s->policy_digest, c->policy->digest, sizeof(s->policy_digest));
    s->epoch = now.epoch;
    memcpy(s->lineage, now.lineage, sizeof(s->lineage));
    s->generation = now.generation;
    memcpy(s->chain, now.chain, sizeof(s->chain));
    s->freshness = k.freshness;
    s->reset = k.reset;
    s->flags = k.flags;
    memcpy(s->software, k.software, sizeof(s->software));
}

static gboolean
make_statement(Peer *p, Engine *e, struct cursor *body, struct statement *s, GError **error)
{
    s->kind = STATEMENT_QUOTE;
    s->nonce_len = (guint8)(cursor_left(body) - 4);
    cursor_copy(body, s->nonce, s->nonce_len);
    if (!read_ak(e, cursor_be32(body), s, error) || !read_eks(e, s, error) ||
        !read_pcrs(e, s, error) || !read_reset_count(e, s, error) ||
        !put_launch(&p->c->life, s, error))
        return FALSE;
    put_instance(p->c, s);
    return TRUE;
}

/* While the report is made the main thread may look for the end of the link. */
struct report_call {
    Cocotpm *c;
    guint8 report_data[SHA512_SIZE];
    struct evidence evidence;
    GError *error;
};

static void
make_report(G_GNUC_UNUSED Engine *e, gpointer data)
{
    struct report_call *call = data;

    (void)worker_evidence_wait(call->c, call->report_data, &call->evidence, &call->error);
}

static gboolean
write_answer(struct report_call *call, const guint8 *statement, gsize len, struct builder *out,
             GError **error)
{
    if (call->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&call->error));
        return FALSE;
    }
    cocotpm_add_certificate(call->c, &call->evidence);
    message_header_write(out, TAG_COCO_ANSWER, 0, COCO_OK);
    builder_be32(out, (guint32)len);
    builder_bytes(out, statement, len);
    evidence_write(&call->evidence, out);
    builder_be32_at(out, 2, (guint32)builder_len(out));
    return !out->failed || error_system(error, "the evidence is too long");
}

static gboolean
answer(Peer *p, Engine *e, const struct statement *s, struct builder *out, GError **error)
{
    g_autofree guint8 *memory = g_malloc(STATEMENT_MAX);
    struct builder b = builder_on(memory, STATEMENT_MAX);
    struct report_call call = { .c = p->c };
    gboolean good;

    statement_write(s, &b);
    if (b.failed)
        return error_system(error, "the statement is too long");
    if (!schedule_statement_data(memory, builder_len(&b), call.report_data, error))
        return FALSE;
    source_work(&p->source, e, make_report, &call);
    good = write_answer(&call, memory, builder_len(&b), out, error);
    evidence_clear(&call.evidence);
    return good;
}

enum coco_status
evidence_run(Peer *p, Engine *e, struct cursor *body, struct builder *out, char **ret_why)
{
    g_autofree struct statement *s = g_new0(struct statement, 1);
    g_autoptr(GError) error = NULL;
    const struct builder start = *out;
    enum coco_status status = COCO_OK;
    guint dropped;

    if (!log_limit_pass(&p->c->statements, 1, &dropped)) {
        *ret_why = g_strdup("too many reports were asked for; try again in a second");
        return COCO_BUSY;
    }
    if (!sealed_witnessed(p->c->store, &error))
        status = COCO_STALE;
    else if (!make_statement(p, e, body, s, &error) || !answer(p, e, s, out, &error))
        status = g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED) ? COCO_DENIED : COCO_INTERNAL;
    if (status != COCO_OK) {
        *out = start;
        *ret_why = g_strdup(error != NULL ? error->message : "this state is not the witness's");
    }
    return status;
}
