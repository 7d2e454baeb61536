/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bundle_judge - quote → attestation key → endorsement key → statement →
 * REPORT_DATA → report → VCEK → root, link by link, in a table.
 */
#include "config.h"

#include <string.h>

#include "base/builder.h"
#include "base/error.h"
#include "cocotpm/bundle.h"
#include "cocotpm/pcr_replay.h"
#include "cocotpm/quote.h"
#include "cocotransport/keys/schedule.h"

#define PCR_POINT 17

struct walk {
    const struct bundle *bundle;
    const struct bundle_context *context;
    struct statement *s;
    struct quote quote;
    TPMT_PUBLIC ak;
};

static gboolean
link_statement(struct walk *w, GError **error)
{
    struct cursor in = cursor_from(g_bytes_get_data(w->bundle->statement, NULL),
                                   g_bytes_get_size(w->bundle->statement));

    return statement_parse(&in, w->s, error);
}

static gboolean
link_kind(struct walk *w, GError **error)
{
    if ((w->s->kind == STATEMENT_ENDORSEMENT) != w->context->endorsement)
        return error_denied(error, w->context->endorsement
                                       ? "this is no endorsement"
                                       : "this is an endorsement, which says nothing of now");
    return (w->s->kind == STATEMENT_QUOTE) == (w->bundle->quote != NULL) ||
           error_denied(error, w->bundle->quote ? "such a statement comes with no quote"
                                                : "there is no quote");
}

static gboolean
nonce_is(const struct walk *w, const guint8 *nonce, gsize len)
{
    return len == w->context->nonce_len && memcmp(nonce, w->context->nonce, len) == 0;
}

static gboolean
link_nonce(struct walk *w, GError **error)
{
    return nonce_is(w, w->s->nonce, w->s->nonce_len) ||
           error_denied(error, "the statement was made over another nonce: it is an old one, or "
                        "somebody else's");
}

static gboolean
link_quote_format(struct walk *w, GError **error)
{
    return quote_parse(w->bundle->quote, w->bundle->signature, &w->quote, error);
}

static gboolean
link_quote_nonce(struct walk *w, GError **error)
{
    const TPM2B_DATA *data = &w->quote.attest.extraData;

    return nonce_is(w, data->buffer, data->size) ||
           error_denied(error, "the quote was made over another nonce: it is an old one, or "
                        "somebody else's");
}

static gboolean
link_ak(struct walk *w, GError **error)
{
    return tpm_public_parse(w->s->ak.bytes, w->s->ak.len, &w->ak, error) &&
           tpm_public_is_ak(&w->ak, error);
}

static gboolean
link_quote_signature(struct walk *w, GError **error)
{
    return quote_verify(&w->quote, &w->ak, error);
}

static const struct statement_bank *
bank_of(const struct statement *s, guint16 alg)
{
    for (guint i = 0; i < s->bank_count; i++) {
        if (s->banks[i].alg == alg)
            return &s->banks[i];
    }
    return NULL;
}

/* Selected values one after the other, in the order of the selection (Part 1, 17.5). */
static gboolean
collect_pcrs(const struct walk *w, GByteArray *out, GError **error)
{
    const TPML_PCR_SELECTION *list = &w->quote.attest.attested.quote.pcrSelect;

    for (UINT32 i = 0; i < list->count; i++) {
        const TPMS_PCR_SELECTION *selection = &list->pcrSelections[i];
        const struct statement_bank *bank = bank_of(w->s, selection->hash);

        if (bank == NULL)
            return error_denied(error, "the quote selects a bank that the statement has not");
        for (guint pcr = 0; pcr < selection->sizeofSelect * 8u; pcr++) {
            if (!(selection->pcrSelect[pcr / 8] & 1u << pcr % 8))
                continue;
            if (pcr >= STATEMENT_PCRS)
                return error_denied(error, "the quote selects PCR %u", pcr);
            g_byte_array_append(out, bank->values[pcr], bank->size);
        }
    }
    return TRUE;
}

static gboolean
link_quote_pcrs(struct walk *w, GError **error)
{
    g_autoptr(GByteArray) values = g_byte_array_new();
    const TPM2B_DIGEST *quoted = &w->quote.attest.attested.quote.pcrDigest;
    guint8 digest[64];
    gsize size;

    if (!quote_selects(&w->quote, PCR_POINT))
        return error_denied(error, "the quote does not select PCR 17, so it tells no power-on "
                            "from another");
    if (!collect_pcrs(w, values, error))
        return FALSE;
    size = tpm_hash(quote_hash(&w->quote), values->data, values->len, digest);
    return (size > 0 && size == quoted->size && memcmp(digest, quoted->buffer, size) == 0) ||
           error_denied(error, "the quote is of other PCR values than the statement: of another "
                        "TPM, another power-on, or PCRs were extended between the two");
}

/* Only keys of the endorsement hierarchy show it as it is (Part 2, 10.11.6). */
static gboolean
link_reset_count(struct walk *w, GError **error)
{
    return w->quote.attest.clockInfo.resetCount == w->s->reset_count ||
           error_denied(error, "the quote's reset count is not the statement's: it is of another "
                        "power-on, or its key is not in the endorsement hierarchy");
}

static gboolean
link_pcr17(struct walk *w, GError **error)
{
    guint8 point[128], value[64];
    struct builder b = builder_on(point, sizeof(point));

    builder_bytes(&b, w->s->attach_id, sizeof(w->s->attach_id));
    builder_be64(&b, w->s->epoch);
    builder_bytes(&b, w->s->lineage, sizeof(w->s->lineage));
    builder_bytes(&b, w->s->launch_id, sizeof(w->s->launch_id));
    for (guint i = 0; i < w->s->bank_count; i++) {
        const struct statement_bank *bank = &w->s->banks[i];

        if (pcr_of_point(bank->alg, point, builder_len(&b), value) != bank->size ||
            memcmp(value, bank->values[PCR_POINT], bank->size) != 0)
            return error_denied(error, "PCR 17 is not what attach id, epoch, lineage and launch "
                                "make it");
    }
    return TRUE;
}

static gboolean
link_pcr0(struct walk *w, GError **error)
{
    GBytes *log = w->bundle->eventlog;
    guint8 value[64];

    for (guint i = 0; i < w->s->bank_count; i++) {
        const struct statement_bank *bank = &w->s->banks[i];

        if (log != NULL) {
            if (!pcr_replay(g_bytes_get_data(log, NULL), g_bytes_get_size(log), w->s, bank, error))
                return FALSE;
        } else if (pcr_of_launch(bank->alg, w->s->event, w->s->event_len, value) != bank->size ||
                   memcmp(value, bank->values[0], bank->size) != 0) {
            return error_denied(error, "PCR 0 is not what the launch event alone makes it; an "
                                "event log may say why");
        }
    }
    return TRUE;
}

static gboolean
link_eks(struct walk *w, GError **error)
{
    for (guint i = 0; i < w->s->ek_count; i++) {
        TPMT_PUBLIC ek;

        if (!tpm_public_parse(w->s->eks[i].bytes, w->s->eks[i].len, &ek, error) ||
            !tpm_public_is_ek(&ek, error))
            return FALSE;
    }
    return TRUE;
}

/* Every EK has to be one of those that are pinned, once any is. */
static gboolean
link_ek_names(struct walk *w, GError **error)
{
    GPtrArray *pinned = w->context->policy->peer.ek_names;

    for (guint i = 0; pinned->len > 0 && i < w->s->ek_count; i++) {
        guint8 name[TPM_NAME_MAX];
        gsize len;

        if (!tpm_public_name(w->s->eks[i].bytes, w->s->eks[i].len, name, &len, error))
            return FALSE;
        if (!policy_list_has(pinned, name, len))
            return error_denied(error, "the TPM's endorsement key is not one of ek-name");
    }
    return TRUE;
}

static gboolean
link_policy_digest(struct walk *w, GError **error)
{
    return policy_list_has(w->context->policy->peer.policy_digests, w->s->policy_digest, 32) ||
           error_denied(error, "the instance runs under another policy than policy-digest");
}

static gboolean
link_not_recoverable(struct walk *w, GError **error)
{
    return w->context->trust_owner || !(w->s->flags & CLAIM_FLAG_RECOVERABLE) ||
           error_denied(error, "the instance is recoverable: its owner could forge quotes "
                        "(--trust-owner accepts that)");
}

static gboolean
link_report_data(struct walk *w, GError **error)
{
    gsize statement_len;
    const void *statement = g_bytes_get_data(w->bundle->statement, &statement_len);
    guint8 wanted[64];
    struct snp_report report;

    if (!snp_report_parse(g_bytes_get_data(w->bundle->report, NULL),
                          g_bytes_get_size(w->bundle->report), &report, error) ||
        !schedule_statement_data(statement, statement_len, wanted, error))
        return FALSE;
    return crypto_equal(wanted, report.report_data, sizeof(wanted)) ||
           error_denied(error, "the report does not vouch for this statement");
}

enum { IN_QUOTE = 1 << STATEMENT_QUOTE, IN_BIRTH = 1 << STATEMENT_BIRTH,
       IN_ALL = IN_QUOTE | IN_BIRTH | 1 << STATEMENT_ENDORSEMENT };

static const struct link {
    const char *name;
    gboolean (*holds)(struct walk *w, GError **error);
    int in;                          /* kinds of statement */
} links[] = {
    { "statement", link_statement, IN_ALL },
    { "statement_kind", link_kind, IN_ALL },
    { "nonce", link_nonce, IN_QUOTE | IN_BIRTH },
    { "quote_format", link_quote_format, IN_QUOTE },
    { "quote_nonce", link_quote_nonce, IN_QUOTE },
    { "ak_restricted", link_ak, IN_QUOTE },
    { "quote_signature", link_quote_signature, IN_QUOTE },
    { "quote_pcrs", link_quote_pcrs, IN_QUOTE },
    { "quote_reset_count", link_reset_count, IN_QUOTE },
    { "pcr17", link_pcr17, IN_QUOTE },
    { "pcr0", link_pcr0, IN_QUOTE },
    { "ek_restricted", link_eks, IN_ALL },
    { "ek_name", link_ek_names, IN_ALL },
    { "policy_digest", link_policy_digest, IN_ALL },
    { "not_recoverable", link_not_recoverable, IN_ALL },
    { "statement_in_report", link_report_data, IN_ALL },
};

static void
add_check(struct verdict *v, const char *name, enum check_result result)
{
    const struct check check = { name, result };

    g_array_append_val(v->checks, check);
}

/* Link by link; the first that breaks ends the walk, since all after it hangs on it. */
static gboolean
walk_links(struct walk *w, struct verdict *v)
{
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autoptr(GError) error = NULL;

        /* Until it is read, its kind is 0: the links that read it are for all. */
        if (links[i].in != IN_ALL && !(links[i].in & 1 << w->s->kind)) {
            add_check(v, links[i].name, CHECK_SKIPPED);
            continue;
        }
        if (!links[i].holds(w, &error)) {
            add_check(v, links[i].name, CHECK_FAILED);
            v->check = links[i].name;
            v->reason = g_strdup(error->message);
            return FALSE;
        }
        add_check(v, links[i].name, CHECK_PASSED);
    }
    return TRUE;
}

/* The rest of the chain: report, VCEK, root, and who the TPM VM is. */
static gboolean
judge_report(const struct walk *w, struct verdict *v)
{
    g_auto(evidence_t) evidence = { { NULL } };
    struct verify_context context = *w->context->verify;
    struct verdict report = { 0 };

    evidence.parts[EVIDENCE_SNP_REPORT] = g_bytes_ref(w->bundle->report);
    evidence.parts[EVIDENCE_VEK_CERTIFICATE] = g_bytes_ref(w->bundle->certificate);
    context.report_data = NULL;
    v->accepted = verify_evidence(&evidence, w->context->policy, &context, &report);
    v->check = report.check;
    v->reason = g_steal_pointer(&report.reason);
    v->kind = report.kind;
    v->report = report.report;
    v->product = report.product;
    g_array_append_vals(v->checks, report.checks->data, report.checks->len);
    verdict_clear(&report);
    return v->accepted;
}

gboolean
bundle_judge(const struct bundle *b, const struct bundle_context *context,
             struct bundle_verdict *ret)
{
    struct walk w = { .bundle = b, .context = context, .s = &ret->statement };
    gboolean good;

    ret->verdict.checks = g_array_new(FALSE, FALSE, sizeof(struct check));
    good = walk_links(&w, &ret->verdict) && judge_report(&w, &ret->verdict);
    quote_clear(&w.quote);
    return good;
}

void
bundle_verdict_clear(struct bundle_verdict *v)
{
    verdict_clear(&v->verdict);
}
