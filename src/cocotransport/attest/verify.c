/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify - runs the tables of checks over SNP evidence: structure, chain, what
 * report and certificate say of each other, content, and who the peer is.
 * The rows of TDX quotes are in verify_tdx.c.
 */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/judge.h"

gboolean
judge_fail(struct judge *j, const char *format, ...)
{
    va_list args;

    g_free(j->reason);
    va_start(args, format);
    j->reason = g_strdup_vprintf(format, args);
    va_end(args);
    return FALSE;
}

gboolean
judge_zero(const guint8 *data, size_t len)
{
    guint8 seen = 0;

    for (size_t i = 0; i < len; i++)
        seen |= data[i];
    return seen == 0;
}

gboolean
judge_fail_error(struct judge *j, GError *error)
{
    judge_fail(j, "%s", error != NULL ? error->message : "no reason was given");
    g_clear_error(&error);
    return FALSE;
}

static gboolean
collateral_given(const struct verify_context *context, enum judge_when when)
{
    const struct tdx_collateral *c = context->collateral;

    if (c == NULL)
        return FALSE;
    return (when == WHEN_TCB_INFO && c->tcb_info != NULL) ||
           (when == WHEN_QE_IDENTITY && c->qe_identity != NULL) ||
           (when == WHEN_PCK_CRL && c->pck_crl != NULL) ||
           (when == WHEN_COLLATERAL && (c->tcb_info != NULL || c->qe_identity != NULL));
}

static gboolean
row_applies(const struct judge *j, const struct judge_row *row)
{
    if ((row->needs & j->found) != row->needs)
        return FALSE;
    switch (row->when) {
    case WHEN_ALWAYS:
        return TRUE;
    case WHEN_VCEK:
        return !j->vlek;
    case WHEN_VLEK:
        return j->vlek;
    case WHEN_CRL:
        return j->context->crl != NULL;
    case WHEN_IDENTITY:
        return j->context->judge_identity;
    case WHEN_COLLATERAL:
    case WHEN_TCB_INFO:
    case WHEN_QE_IDENTITY:
    case WHEN_PCK_CRL:
        return collateral_given(j->context, row->when);
    case WHEN_REPORT_DATA:
        return j->context->report_data != NULL;
    }
    return TRUE;
}

static void
verdict_add(struct verdict *v, const char *name, enum check_result result)
{
    const struct check check = { name, result };

    g_array_append_val(v->checks, check);
}

/* FALSE when the verdict is spoken and the rest need not be asked. */
static gboolean
run_row(struct judge *j, const struct judge_row *row)
{
    struct verdict *v = j->verdict;

    if (!row_applies(j, row)) {
        verdict_add(v, row->name, CHECK_SKIPPED);
        return TRUE;
    }
    if (row->check(j, row->arg)) {
        verdict_add(v, row->name, CHECK_PASSED);
        return TRUE;
    }
    verdict_add(v, row->name, CHECK_FAILED);
    if (v->check == NULL) {
        v->check = row->name;
        v->reason = g_steal_pointer(&j->reason);
    }
    g_clear_pointer(&j->reason, g_free);
    return j->context->all_checks;
}

gboolean
judge_run(struct judge *j, const struct judge_row *const *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (const struct judge_row *row = tables[i]; row->name != NULL; row++) {
            if (!run_row(j, row))
                return FALSE;
        }
    }
    return j->verdict->check == NULL;
}

static void
judge_clear(struct judge *j)
{
    der_free(j->der);
    g_clear_pointer(&j->chain, g_ptr_array_unref);
    certificate_free(j->vek);
    crl_free(j->crl);
    g_clear_pointer(&j->collateral_chain, g_ptr_array_unref);
    crl_free(j->pck_crl);
    g_free(j->reason);
}

/* An accepted verdict says what nobody looked at. */
static char *
unjudged(const struct verify_context *context)
{
    g_autoptr(GString) words = g_string_new("every check that was asked passed");

    if (!context->judge_identity)
        g_string_append(words, "; not judged: who the peer is (measurement, signer, HOST_DATA, "
                        "chip, cloud), VMPL, TCB floors, committed firmware");
    if (context->report_data == NULL)
        g_string_append(words, "; not judged: REPORT_DATA");
    if (context->crl == NULL)
        g_string_append(words, "; no revocation list was given");
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static gboolean
verify_snp(const struct evidence *e, const struct policy *policy,
           const struct verify_context *context, struct verdict *ret)
{
    static const struct judge_row *const tables[] = {
        judge_structure_rows, judge_chain_rows, judge_match_rows, judge_content_rows,
        judge_peer_rows,
    };
    /* A row that is skipped proves nothing: these have to have been found. */
    const unsigned needed = NEED_REPORT | NEED_VEK | NEED_CHAIN | NEED_EXTENSIONS;
    struct judge j = { .evidence = e, .policy = policy, .context = context, .verdict = ret };

    ret->kind = EVIDENCE_SNP_REPORT;
    j.raw = g_bytes_get_data(e->parts[EVIDENCE_SNP_REPORT], &j.raw_len);
    ret->accepted = judge_run(&j, tables, G_N_ELEMENTS(tables)) &&
                    (j.found & needed) == needed;
    if (ret->accepted)
        ret->reason = unjudged(context);
    judge_clear(&j);
    return ret->accepted;
}

static char *
unjudged_quote(const struct verify_context *context, const struct tcb_verdict *tcb)
{
    const struct {
        gboolean given;
        const char *name;
    } parts[] = {
        { collateral_given(context, WHEN_TCB_INFO), "TCB info" },
        { collateral_given(context, WHEN_QE_IDENTITY), "QE identity" },
        { collateral_given(context, WHEN_PCK_CRL), "the revocation list of PCK certificates" },
        { context->crl != NULL, "the root's revocation list" },
    };
    g_autoptr(GString) words = g_string_new("every check that was asked passed");
    const char *between = "; not given: ";

    if (!context->judge_identity)
        g_string_append(words, "; not judged: who the TD is (MRTD, RTMRs, module, owner)");
    if (context->report_data == NULL)
        g_string_append(words, "; not judged: REPORTDATA");
    if (tcb->platform_judged)
        g_string_append_printf(words, "; TCB status %s, level of %s",
                               tcb_status_name(tcb->joined), tcb->date);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].given)
            continue;
        g_string_append_printf(words, "%s%s", between, parts[i].name);
        between = ", ";
    }
    if (!tcb->platform_judged)
        g_string_append(words, ": the platform's firmware was not appraised");
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static gboolean
verify_quote(const struct evidence *e, const struct policy *policy,
             const struct verify_context *context, struct verdict *ret)
{
    static const struct judge_row *const tables[] = {
        judge_tdx_rows, judge_collateral_rows, judge_td_rows,
    };
    const unsigned needed = NEED_REPORT | NEED_CHAIN |
                            (collateral_given(context, WHEN_COLLATERAL) ? NEED_COLLATERAL : 0) |
                            (collateral_given(context, WHEN_TCB_INFO) ? NEED_PCK : 0);
    struct judge j = { .evidence = e, .policy = policy, .context = context, .verdict = ret };

    ret->kind = EVIDENCE_TDX_QUOTE;
    j.raw = g_bytes_get_data(e->parts[EVIDENCE_TDX_QUOTE], &j.raw_len);
    ret->accepted = judge_run(&j, tables, G_N_ELEMENTS(tables)) && (j.found & needed) == needed;
    if (ret->accepted)
        ret->reason = unjudged_quote(context, &ret->tcb);
    judge_clear(&j);
    return ret->accepted;
}

static gboolean
refuse(struct verdict *ret, const char *check, const char *reason)
{
    verdict_add(ret, check, CHECK_FAILED);
    ret->check = check;
    ret->reason = g_strdup(reason);
    return FALSE;
}

gboolean
verify_evidence(const struct evidence *e, const struct policy *policy,
                const struct verify_context *context, struct verdict *ret)
{
    ret->checks = g_array_new(FALSE, FALSE, sizeof(struct check));
    if (e->parts[EVIDENCE_SNP_REPORT] != NULL && e->parts[EVIDENCE_TDX_QUOTE] == NULL &&
        e->parts[EVIDENCE_CCA_TOKEN] == NULL)
        return verify_snp(e, policy, context, ret);
    if (e->parts[EVIDENCE_TDX_QUOTE] != NULL && e->parts[EVIDENCE_SNP_REPORT] == NULL &&
        e->parts[EVIDENCE_CCA_TOKEN] == NULL)
        return verify_quote(e, policy, context, ret);
    if (e->parts[EVIDENCE_CCA_TOKEN] != NULL) {
        ret->kind = EVIDENCE_CCA_TOKEN;
        return refuse(ret, "evidence_kind", "a CCA token is evidence that cannot be judged here");
    }
    return refuse(ret, "evidence_kind", "there has to be one report of one kind");
}

void
verdict_clear(struct verdict *v)
{
    g_clear_pointer(&v->reason, g_free);
    g_clear_pointer(&v->tcb.advisories, g_free);
    g_clear_pointer(&v->checks, g_array_unref);
    memset(v, 0, sizeof(*v));
}
