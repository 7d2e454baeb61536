/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_attach - ATTACH, in the order of protocol section 6.1: verified →
 * entry in the attach log durable (and witnessed) → orderly end of an older
 * session → power cycle → the launch measured into PCR 0 → Startup(CLEAR) →
 * PCR 17 → answer. Any failure after the entry leaves the TPM off.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"
#include "cocotransport/wire/eventlog.h"

#include <string.h>

#define PCR_LAUNCH 17
#define LOCALITY_LAUNCH 4

/* The job on the TPM thread. */
struct attach_job {
    Peer *peer;
    Peer *older;                     /* the attached one, which is fenced; NULL: none */
    struct snp_report report;
    guint8 launch[LAUNCH_ID_LEN];
    guint8 evidence_digest[SHA256_SIZE];
    guint8 context[SHA256_SIZE];     /* of role resume, and the first key of it: whatever may fail */
    Secret *resume_key;              /* of a new life has come about before the older one ends */
    struct attachment attachment;
    guint ek_count;
    struct ek_name ek_names[EK_NAMES_MAX];
    gboolean cycled;                 /* the older life of the TPM is over */
    enum coco_status status;
    GError *error;
};

static void
job_free(struct attach_job *job)
{
    peer_unref(job->peer);
    if (job->older != NULL)
        peer_unref(job->older);
    secret_free(job->resume_key);
    g_clear_pointer(&job->attachment.event, g_bytes_unref);
    g_clear_error(&job->error);
    g_free(job);
}

/* PCR 17, each bank its own hash; the answer names the banks, for the event of PCR 0. */
static GBytes *
measure_point(struct attach_job *job, Engine *e, GError **error)
{
    guint8 point[256];
    struct builder b = builder_on(point, sizeof(point));
    GBytes *digests = NULL;
    guint32 rc;

    launch_point_write(&job->attachment, job->launch, &b);
    g_assert(!b.failed);
    rc = engine_pcr_event(e, PCR_LAUNCH, LOCALITY_LAUNCH, point, builder_len(&b), &digests);
    if (rc != 0)
        error_system(error, "TPM2_PCR_Event: 0x%03x", rc);
    return rc != 0 ? NULL : digests;
}

/* The entry of PCR 0 for tools: in every bank that PCR 17 shows to be there. */
static GBytes *
make_event(const struct snp_report *report, GBytes *digests, GError **error)
{
    struct cursor in = cursor_from(g_bytes_get_data(digests, NULL), g_bytes_get_size(digests));
    g_autofree struct event *event = g_new0(struct event, 1);
    struct builder data = builder_on(event->data, sizeof(event->data));
    guint8 memory[4096];
    struct builder out = builder_on(memory, sizeof(memory));
    guint32 banks;

    event->type = EV_EFI_HCRTM_EVENT;
    launch_event_write(report, &data);
    event->data_len = (guint32)builder_len(&data);
    banks = cursor_be32(&in);
    for (guint32 i = 0; i < banks && event->count < EVENT_DIGESTS_MAX && !in.failed; i++) {
        struct event_digest *d = &event->digests[event->count];
        gsize len;

        d->alg = cursor_be16(&in);
        len = crypto_tpm_hash(d->alg, event->data, event->data_len, d->bytes);
        if (len == 0) {
            error_system(error, "a PCR bank of hash 0x%04x", d->alg);
            return NULL;
        }
        d->len = (guint8)len;
        (void)cursor_bytes(&in, len);
        event->count++;
    }
    event_write(event, &out);
    if (in.failed || out.failed || event->count == 0) {
        error_system(error, "the event of PCR 0 could not be made");
        return NULL;
    }
    return g_bytes_new(memory, builder_len(&out));
}

static gboolean
power_cycle(struct attach_job *job, Engine *e, GError **error)
{
    struct receipt now;
    g_autoptr(GBytes) digests = NULL;

    life_power_off(e);
    if (!life_power_on(e, &job->report, error))
        return FALSE;
    sealed_receipt(job->peer->c->store, &now);
    job->attachment.epoch = now.epoch;
    memcpy(job->attachment.lineage, now.lineage, sizeof(now.lineage));
    if (!crypto_random(job->attachment.attach_id, ATTACH_ID_SIZE, error))
        return FALSE;
    digests = measure_point(job, e, error);
    if (digests == NULL)
        return FALSE;
    job->attachment.event = make_event(&job->report, digests, error);
    if (job->attachment.event == NULL)
        return FALSE;
    life_read_names(e, &job->ek_count, job->ek_names);

    return TRUE;
}

/* On the TPM thread. */
static void
run_attach(Engine *e, gpointer data)
{
    struct attach_job *job = data;

    if (!sealed_attach(job->peer->c->store, job->launch, &job->error)) {
        job->status = g_error_matches(job->error, COCO_ERROR, COCO_ERROR_DENIED)
                          ? COCO_LAUNCH_USED : COCO_INTERNAL;
        return;
    }
    if (job->older != NULL)
        job->older->fenced = TRUE;
    job->cycled = TRUE;
    if (power_cycle(job, e, &job->error)) {
        job->status = COCO_OK;
        return;
    }
    job->status = COCO_INTERNAL;
    engine_power_off(e);
}

/* The older session is over: its session comes back through closed(). */
void
cocotpm_end_session(Cocotpm *c, Peer *older)
{
    if (older == NULL || c->life.peer != older)
        return;
    c->life.peer = NULL;
    server_take_source(c->server, &older->source);
}

static gboolean
derive_resumption(struct attach_job *job, GError **error)
{
    const Cocotpm *c = job->peer->c;
    guint8 client[REFERENCE_SIZE];

    if (!reference_of_report(&job->report, c->policy->psk_pin, client, error) ||
        !schedule_context(ROLE_RESUME, c->uuid, c->own_reference, client, job->context, error))
        return FALSE;
    job->resume_key = protocol_resume_key(job->peer->tls, error);
    return job->resume_key != NULL;
}

static void
begin_life(Cocotpm *c, struct attach_job *job)
{
    struct life *l = &c->life;

    cocotpm_end_life(c);
    memcpy(l->context, job->context, sizeof(l->context));
    l->keys[1] = (struct life_key){ 1, g_steal_pointer(&job->resume_key) };
    l->on = TRUE;
    l->attachment = job->attachment;
    l->attachment.localities = (guint8)c->policy->peer.localities;
    job->attachment.event = NULL;
    l->report = job->report;
    memcpy(l->launch, job->launch, sizeof(l->launch));
    memcpy(l->evidence_digest, job->evidence_digest, sizeof(l->evidence_digest));
    l->executed = 1;
    l->answer = secret_new(COCO_MESSAGE_MAX);
    c->ek_count = job->ek_count;
    memcpy(c->ek_names, job->ek_names, sizeof(c->ek_names));
}

/* The first answer that is kept for a client that did not get it. */
static void
keep_answer(struct life *l)
{
    struct builder b = builder_on(secret_bytes(l->answer), COCO_MESSAGE_MAX);

    message_header_write(&b, TAG_COCO_ANSWER, 0, COCO_OK);
    attachment_write(&l->attachment, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    g_assert(!b.failed);
    l->answer_len = builder_len(&b);
}

/* In the main loop again. A peer that went meanwhile leaves its launch suspended. */
static void
attach_done(gpointer data)
{
    struct attach_job *job = data;
    Peer *p = job->peer;
    Cocotpm *c = p->c;
    struct life *l = &c->life;

    c->attaching = FALSE;
    if (job->status != COCO_OK) {
        if (job->status == COCO_INTERNAL)
            g_warning("ATTACH: %s", job->error->message);
        if (job->cycled) {
            cocotpm_end_session(c, job->older);
            cocotpm_end_life(c);
        }
        peer_refuse_error(p, job->status, job->error);
    } else {
        cocotpm_end_session(c, job->older);
        begin_life(c, job);
        keep_answer(l);
        g_message("attached: epoch %" G_GUINT64_FORMAT, l->attachment.epoch);
        peer_send(p, secret_peek(l->answer), l->answer_len);
        serve_start(p);
    }
    job_free(job);
}

/* @said: what the evidence vouches for besides the channel. */
gboolean
cocotpm_verify_client(Peer *p, const struct evidence *e, const void *said, gsize len,
                      struct verdict *ret, GError **error)
{
    Cocotpm *c = p->c;
    guint8 report_data[SHA512_SIZE];
    const struct verify_context context = {
        .now = protocol_now(),
        .report_data = report_data,
        .own_chip_id = c->own.chip_id,
        .chain = sealed_chain(c->store),
        .judge_identity = TRUE,
    };

    if (!protocol_report_data(p->tls, SIDE_CLIENT, said, len, report_data, error))
        return FALSE;
    if (!verify_evidence(e, c->policy, &context, ret))
        return error_denied(error, "%s: %s", ret->check, ret->reason);
    if (ret->kind != EVIDENCE_SNP_REPORT)
        return error_denied(error, "evidence of another kind than an SNP report");
    return TRUE;
}

/* What a statement names the CoCoVM's evidence by: SHA-256 of its report. */
static gboolean
digest_evidence(const struct evidence *e, guint8 ret[static SHA256_SIZE], GError **error)
{
    gsize len;
    const void *report = g_bytes_get_data(e->parts[EVIDENCE_SNP_REPORT], &len);
    const struct crypto_piece piece = { report, len };

    return crypto_sha256(&piece, 1, ret, error);
}

/* What is known without the TPM thread. */
static enum coco_status
judge(Peer *p, const guint8 *launch, const char **ret_why)
{
    Cocotpm *c = p->c;

    if (c->attaching || (c->life.peer != NULL && !c->policy->peer.takeover)) {
        *ret_why = "another launch is attached";
        return COCO_BUSY;
    }
    if (sealed_launch_used(c->store, launch)) {
        *ret_why = "this launch was attached before: one attach a launch";
        return COCO_LAUNCH_USED;
    }
    return COCO_OK;
}

static void
post(Peer *p, struct attach_job *job)
{
    Cocotpm *c = p->c;

    job->older = c->life.peer != NULL ? peer_ref(c->life.peer) : NULL;
    p->state = PEER_ATTACHING;
    peer_established(p);
    peer_unwatch(p);
    c->attaching = TRUE;
    server_post(c->server, run_attach, attach_done, job);
}

void
peer_attach(Peer *p, struct cursor body)
{
    g_auto(evidence_t) e = { 0 };
    g_autoptr(GError) error = NULL;
    struct verdict verdict = { 0 };
    struct attach_job *job = g_new0(struct attach_job, 1);
    const char *why = "";
    gsize hello_len;
    const void *hello = g_bytes_get_data(p->hello, &hello_len);
    enum coco_status status = COCO_EVIDENCE_INVALID;

    job->peer = peer_ref(p);
    if (!evidence_parse(&body, &e, &error)) {
        status = COCO_MALFORMED;
    } else if (cocotpm_verify_client(p, &e, hello, hello_len, &verdict, &error) &&
               digest_evidence(&e, job->evidence_digest, &error) &&
               launch_id(&verdict.report, job->launch, &error)) {
        job->report = verdict.report;
        status = derive_resumption(job, &error) ? judge(p, job->launch, &why) : COCO_INTERNAL;
    }
    verdict_clear(&verdict);
    if (status == COCO_OK) {
        post(p, job);
        return;
    }
    peer_refuse(p, status, error != NULL ? error->message : why);
    job_free(job);
}
