/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_collateral - the checks of a TDX platform's firmware against what
 * Intel publishes of it: TCB info, QE identity and revocation lists, as far as
 * they were given (Intel SGX and TDX DCAP, "TCB level selection"). Every byte of
 * TCB info that counts was signed by Intel, so it is read only after that.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/judge.h"

#define SIGNER_NAME "Intel SGX TCB Signing"
#define QE_MISC 16                   /* offsets in the QE's report (SGX REPORT_BODY) */
#define QE_ATTRIBUTES 48
#define QE_SIGNER 128
#define QE_PRODUCT 256
#define QE_SVN 258
/* TEE_TCB_SVN of a module that says its version: 0 is its SVN, 1 the version. */
#define MODULE_SVN 0
#define MODULE_VERSION 1

static gboolean
check_chain(struct judge *j, G_GNUC_UNUSED int arg)
{
    GError *error = NULL;
    const struct certificate *signer, *root;

    if (j->context->collateral->chain == NULL)
        return judge_fail(j, "the certificates of the key that signed TCB info are not there");
    j->collateral_chain = certificates_parse(j->context->collateral->chain, &error);
    if (j->collateral_chain == NULL)
        return judge_fail_error(j, error);
    if (j->collateral_chain->len != 2)
        return judge_fail(j, "TCB info's chain has %u certificates, not two",
                          j->collateral_chain->len);
    signer = g_ptr_array_index(j->collateral_chain, 0);
    root = g_ptr_array_index(j->collateral_chain, 1);
    /* Root and platform authorities sign for the root, too: the name tells them apart. */
    if (certificate_is_ca(signer) || strcmp(signer->subject, SIGNER_NAME) != 0)
        return judge_fail(j, "the signer of TCB info is called \"%s\"", signer->subject);
    if (!root->self_issued || !judge_signed_by(signer, root) || !judge_signed_by(root, root))
        return judge_fail(j, "%s is not signed by %s", signer->subject, root->subject);
    if (!judge_trusts_root(j, root))
        return FALSE;
    j->collateral_signer = signer;
    j->found |= NEED_COLLATERAL;
    return TRUE;
}

static gboolean
check_chain_dates(struct judge *j, G_GNUC_UNUSED int arg)
{
    for (guint i = 0; i < j->collateral_chain->len; i++) {
        const struct certificate *c = g_ptr_array_index(j->collateral_chain, i);

        if (!certificate_in_date(c, j->context->now))
            return judge_fail(j, "the certificate of %s is not yet or no longer good", c->subject);
    }
    return TRUE;
}

enum which_list { LIST_ROOT, LIST_PCK };

/* The list of @which, read, signed by whom it should be, and in date. */
static gboolean
check_list(struct judge *j, int which)
{
    GBytes *bytes = which == LIST_ROOT ? j->context->crl : j->context->collateral->pck_crl;
    const struct certificate *issuer = which == LIST_ROOT ? j->root : j->signer;
    struct crl **crl = which == LIST_ROOT ? &j->crl : &j->pck_crl;
    GError *error = NULL;

    *crl = crl_parse(bytes, &error);
    if (*crl == NULL || !crl_signed_by_ecdsa(j->der, *crl, issuer, &error))
        return judge_fail_error(j, error);
    if (!crl_in_date(*crl, j->context->now))
        return judge_fail(j, "the revocation list of %s is not yet or no longer good",
                          issuer->subject);
    j->found |= which == LIST_ROOT ? NEED_CRL : NEED_PCK_CRL;
    return TRUE;
}

static gboolean
check_pck_not_revoked(struct judge *j, G_GNUC_UNUSED int arg)
{
    return !crl_names(j->pck_crl, g_ptr_array_index(j->chain, 0)) ||
           judge_fail(j, "the platform's key is revoked");
}

static gboolean
check_ca_not_revoked(struct judge *j, G_GNUC_UNUSED int arg)
{
    if (crl_names(j->crl, j->signer))
        return judge_fail(j, "%s is revoked", j->signer->subject);
    return j->collateral_signer == NULL || !crl_names(j->crl, j->collateral_signer) ||
           judge_fail(j, "%s is revoked", j->collateral_signer->subject);
}

static gboolean
check_pck(struct judge *j, G_GNUC_UNUSED int arg)
{
    GError *error = NULL;

    if (!pck_extensions_parse(j->der, g_ptr_array_index(j->chain, 0), &j->pck, &error))
        return judge_fail_error(j, error);
    j->found |= NEED_PCK;
    return TRUE;
}

enum which_part { PART_TCB_INFO, PART_QE_IDENTITY };

static const struct signed_part *
part_of(const struct judge *j, int which)
{
    return which == PART_TCB_INFO ? &j->context->collateral->tcb_info->part
                                  : &j->context->collateral->qe_identity->part;
}

static const char *
part_name(int which)
{
    return which == PART_TCB_INFO ? "TCB info" : "QE identity";
}

static gboolean
check_part_signature(struct judge *j, int which)
{
    const struct signed_part *part = part_of(j, which);
    gsize len;
    const void *data = g_bytes_get_data(part->body, &len);

    return judge_p256_verify(j->collateral_signer->key, data, len, part->signature) ||
           judge_fail(j, "%s is not signed by %s", part_name(which), j->collateral_signer->subject);
}

static gboolean
check_part_date(struct judge *j, int which)
{
    const struct signed_part *part = part_of(j, which);

    return (j->context->now >= part->issued && j->context->now <= part->next_update) ||
           judge_fail(j, "%s is not yet or no longer good: ask Intel for a new one",
                      part_name(which));
}

static gboolean
check_platform(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct tcb_info *info = j->context->collateral->tcb_info;

    return (memcmp(info->fmspc, j->pck.fmspc, sizeof(info->fmspc)) == 0 &&
            memcmp(info->pce_id, j->pck.pce_id, sizeof(info->pce_id)) == 0) ||
           judge_fail(j, "TCB info is for other platforms (FMSPC or PCE-ID)");
}

static gboolean
masked_equal(const guint8 *value, const guint8 *wanted, const guint8 *mask, size_t len)
{
    guint8 differs = 0;

    for (size_t i = 0; i < len; i++)
        differs |= (guint8)((value[i] ^ wanted[i]) & mask[i]);
    return differs == 0;
}

static const struct tcb_level *
level_of_svn(GArray *levels, unsigned svn)
{
    for (guint i = 0; i < levels->len; i++) {
        const struct tcb_level *level = &g_array_index(levels, struct tcb_level, i);

        if (svn >= level->svn)
            return level;
    }
    return NULL;
}

static const struct tdx_module *
module_of_version(GArray *modules, unsigned version)
{
    for (guint i = 0; i < modules->len; i++) {
        const struct tdx_module *module = &g_array_index(modules, struct tdx_module, i);

        if (module->version == version)
            return module;
    }
    return NULL;
}

static gboolean
check_module(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct td_report *td = &j->verdict->td;
    const unsigned version = td->tee_tcb_svn[MODULE_VERSION];
    const struct tdx_module *module =
        module_of_version(j->context->collateral->tcb_info->modules, version);
    const struct tcb_level *level;
    guint8 attributes[8];

    for (size_t i = 0; i < sizeof(attributes); i++)
        attributes[i] = (guint8)(td->seam_attributes >> 8 * i);
    if (module == NULL)
        return judge_fail(j, "TCB info knows no TDX module of version %u", version);
    if (memcmp(module->signer, td->mr_signer_seam, sizeof(module->signer)) != 0 ||
        !masked_equal(attributes, module->attributes, module->mask, sizeof(attributes)))
        return judge_fail(j, "the TDX module's signer or attributes are not those of TCB info");
    if (version == 0)
        return TRUE;                 /* its SVN is judged with the platform's */
    level = level_of_svn(module->levels, td->tee_tcb_svn[MODULE_SVN]);
    if (level == NULL)
        return judge_fail(j, "the TDX module's SVN %u is below all that TCB info knows",
                          td->tee_tcb_svn[MODULE_SVN]);
    j->verdict->tcb.module = level->status;
    return TRUE;
}

static gboolean
reaches(const guint8 *has, const guint8 *wanted, size_t from)
{
    for (size_t i = from; i < TCB_COMPONENTS; i++) {
        if (has[i] < wanted[i])
            return FALSE;
    }
    return TRUE;
}

/* The first level that the platform reaches in every component. */
static gboolean
check_level(struct judge *j, G_GNUC_UNUSED int arg)
{
    const GArray *levels = j->context->collateral->tcb_info->levels;
    const guint8 *svn = j->verdict->td.tee_tcb_svn;
    const size_t from = svn[MODULE_VERSION] > 0 ? MODULE_VERSION + 1 : 0;
    struct tcb_verdict *tcb = &j->verdict->tcb;

    for (guint i = 0; i < levels->len; i++) {
        const struct tcb_level *level = &g_array_index(levels, struct tcb_level, i);

        if (!reaches(j->pck.components, level->sgx, 0) || j->pck.pce_svn < level->svn ||
            !reaches(svn, level->tdx, from))
            continue;
        tcb->platform = level->status;
        memcpy(tcb->date, level->date, sizeof(tcb->date));
        tcb->advisories = g_strdup(level->advisories);
        tcb->platform_judged = TRUE;
        return TRUE;
    }
    return judge_fail(j, "the platform is below every level that TCB info knows");
}

static gboolean
check_qe(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct qe_identity *qe = j->context->collateral->qe_identity;
    const guint8 *report = j->quote.qe_report;
    const unsigned product = report[QE_PRODUCT] | (unsigned)report[QE_PRODUCT + 1] << 8;
    const unsigned svn = report[QE_SVN] | (unsigned)report[QE_SVN + 1] << 8;
    const struct tcb_level *level = level_of_svn(qe->levels, svn);

    if (memcmp(qe->signer, report + QE_SIGNER, sizeof(qe->signer)) != 0 || product != qe->product)
        return judge_fail(j, "the quoting enclave is not the one of QE identity");
    if (!masked_equal(report + QE_MISC, qe->misc, qe->misc_mask, sizeof(qe->misc)) ||
        !masked_equal(report + QE_ATTRIBUTES, qe->attributes, qe->mask, sizeof(qe->mask)))
        return judge_fail(j, "the quoting enclave's attributes are not those of QE identity");
    if (level == NULL)
        return judge_fail(j, "the quoting enclave's SVN %u is below all that QE identity knows",
                          svn);
    j->verdict->tcb.qe = level->status;
    j->verdict->tcb.qe_judged = TRUE;
    return TRUE;
}

/* What all of it comes to; nothing but the best is good unless the caller said so. */
static gboolean
check_status(struct judge *j, G_GNUC_UNUSED int arg)
{
    struct tcb_verdict *tcb = &j->verdict->tcb;

    if (j->context->collateral->tcb_info != NULL && !tcb->platform_judged)
        return judge_fail(j, "the platform has no TCB status");
    if (j->context->collateral->qe_identity != NULL && !tcb->qe_judged)
        return judge_fail(j, "the quoting enclave has no TCB status");
    tcb->joined = tcb_status_join(tcb_status_join(tcb->platform, tcb->module), tcb->qe);
    return ((1u << TCB_UP_TO_DATE | j->context->collateral->accept) >> tcb->joined & 1) != 0 ||
           judge_fail(j, "the TCB status is %s (platform %s, TDX module %s, quoting enclave %s)",
                      tcb_status_name(tcb->joined), tcb_status_name(tcb->platform),
                      tcb_status_name(tcb->module), tcb_status_name(tcb->qe));
}

#define CHAINED (NEED_REPORT | NEED_CHAIN)
#define SIGNED (CHAINED | NEED_COLLATERAL)

const struct judge_row judge_collateral_rows[] = {
    { "root_crl", check_list, WHEN_CRL, CHAINED, LIST_ROOT },
    { "pck_crl", check_list, WHEN_PCK_CRL, CHAINED, LIST_PCK },
    { "pck_not_revoked", check_pck_not_revoked, WHEN_PCK_CRL, CHAINED | NEED_PCK_CRL, 0 },
    { "collateral_chain", check_chain, WHEN_COLLATERAL, CHAINED, 0 },
    { "collateral_validity", check_chain_dates, WHEN_COLLATERAL, SIGNED, 0 },
    { "ca_not_revoked", check_ca_not_revoked, WHEN_CRL, CHAINED | NEED_CRL, 0 },
    { "tcb_info_signature", check_part_signature, WHEN_TCB_INFO, SIGNED, PART_TCB_INFO },
    { "tcb_info_validity", check_part_date, WHEN_TCB_INFO, SIGNED, PART_TCB_INFO },
    { "pck_extensions", check_pck, WHEN_TCB_INFO, CHAINED, 0 },
    { "tcb_info_platform", check_platform, WHEN_TCB_INFO, SIGNED | NEED_PCK, 0 },
    { "tdx_module", check_module, WHEN_TCB_INFO, SIGNED, 0 },
    { "tcb_level", check_level, WHEN_TCB_INFO, SIGNED | NEED_PCK, 0 },
    { "qe_identity_signature", check_part_signature, WHEN_QE_IDENTITY, SIGNED, PART_QE_IDENTITY },
    { "qe_identity_validity", check_part_date, WHEN_QE_IDENTITY, SIGNED, PART_QE_IDENTITY },
    { "qe_identity", check_qe, WHEN_QE_IDENTITY, SIGNED, 0 },
    { "tcb_status", check_status, WHEN_COLLATERAL, SIGNED, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};
