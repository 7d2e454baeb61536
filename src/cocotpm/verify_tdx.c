/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_tdx - cocotpm-verify tdx: one TDX quote, which brings its chain along,
 * and what Intel publishes of its platform's firmware, where it is given.
 */
#include "config.h"

#include "base/error.h"
#include "cocotpm/collateral_json.h"
#include "cocotpm/verify.h"
#include "cocotransport/attest/certificate.h"

struct tdx_config {
    struct verify_options common;    /* first */
    char *quote, *tcb_info, *qe_identity, *chain, *pck_crl;
    GPtrArray *accept;               /* char * */
};

static const struct option_row rows[] = {
    { "quote", 0, OPTION_STRING, offsetof(struct tdx_config, quote), "FILE", "the quote" },
    VERIFY_REPORT_DATA_ROW(struct tdx_config),
    { "tcb-info", 0, OPTION_STRING, offsetof(struct tdx_config, tcb_info), "FILE",
      "Intel's TCB info for the platform, JSON as received" },
    { "qe-identity", 0, OPTION_STRING, offsetof(struct tdx_config, qe_identity), "FILE",
      "Intel's identity of the quoting enclave, JSON as received" },
    { "collateral-chain", 0, OPTION_STRING, offsetof(struct tdx_config, chain), "FILE",
      "certificates of the key that signed those two, and the root" },
    { "accept-tcb", 0, OPTION_STRINGS, offsetof(struct tdx_config, accept), "STATUS",
      "a TCB status that is good enough beside UpToDate; may be repeated" },
    { "pck-crl", 0, OPTION_STRING, offsetof(struct tdx_config, pck_crl), "FILE",
      "the revocation list of platform certificates, PEM or DER" },
    VERIFY_CRL_ROW(struct tdx_config),
    VERIFY_JUDGE_ROWS(struct tdx_config),
    { 0 }
};

static void
collateral_clear(struct tdx_collateral *c)
{
    g_clear_pointer(&c->tcb_info, tcb_info_free);
    g_clear_pointer(&c->qe_identity, qe_identity_free);
    g_clear_pointer(&c->chain, g_bytes_unref);
    g_clear_pointer(&c->pck_crl, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tdx_collateral_t, collateral_clear)

/* What was read of the file at @path, or an error that names it. */
static gboolean
is_read(const void *part, const char *path, GError **error)
{
    if (part == NULL)
        g_prefix_error(error, "%s: ", path);
    return part != NULL;
}

static gboolean
read_signed_parts(const struct tdx_config *config, struct tdx_collateral *ret, GError **error)
{
    g_autoptr(GBytes) info = NULL;
    g_autoptr(GBytes) identity = NULL;

    if (!verify_read_optional(config->tcb_info, COLLATERAL_MAX, &info, error) ||
        !verify_read_optional(config->qe_identity, COLLATERAL_MAX, &identity, error))
        return FALSE;
    if (info != NULL)
        ret->tcb_info = tcb_info_read(info, error);
    if (info != NULL && !is_read(ret->tcb_info, config->tcb_info, error))
        return FALSE;
    if (identity != NULL)
        ret->qe_identity = qe_identity_read(identity, error);
    return identity == NULL || is_read(ret->qe_identity, config->qe_identity, error);
}

static gboolean
read_accepted(GPtrArray *names, unsigned *ret, GError **error)
{
    for (guint i = 0; names != NULL && i < names->len; i++) {
        enum tcb_status status;

        if (!tcb_status_parse(g_ptr_array_index(names, i), &status, error))
            return FALSE;
        *ret |= 1u << status;
    }
    return TRUE;
}

static gboolean
read_collateral(const struct tdx_config *config, struct tdx_collateral *ret, GError **error)
{
    return read_signed_parts(config, ret, error) &&
           verify_read_optional(config->chain, CHAIN_MAX, &ret->chain, error) &&
           verify_read_optional(config->pck_crl, CHAIN_MAX, &ret->pck_crl, error) &&
           read_accepted(config->accept, &ret->accept, error);
}

static gboolean
options_agree(const struct tdx_config *config, GError **error)
{
    const gboolean judged = config->tcb_info != NULL || config->qe_identity != NULL;

    if (config->quote == NULL)
        return error_malformed(error, "--quote is missing");
    if (judged != (config->chain != NULL))
        return error_malformed(error, "--collateral-chain and what it has signed (--tcb-info, "
                               "--qe-identity) belong together");
    return config->accept == NULL || judged ||
           error_malformed(error, "--accept-tcb needs --tcb-info or --qe-identity");
}

static int
judge(const struct tdx_config *config, GError **error)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_auto(tdx_collateral_t) collateral = { .accept = 0 };
    struct verify_input in;
    struct verdict v = { 0 };
    g_autoptr(JsonObject) fields = NULL;
    int status;

    evidence.parts[EVIDENCE_TDX_QUOTE] = verify_read_evidence(config->quote, error);
    if (evidence.parts[EVIDENCE_TDX_QUOTE] == NULL ||
        !read_collateral(config, &collateral, error) ||
        !verify_input_read(&config->common, NULL, &in, error))
        return VERIFY_UNUSABLE;
    verify_input_trust_intel(&config->common, &in);
    in.context.collateral = &collateral;
    verify_evidence(&evidence, in.policy, &in.context, &v);
    if (v.checks->len > 1)
        fields = verify_quote_fields(&v);
    status = verify_print_verdict(&v, "td_report", fields, &in, config->common.json);
    verdict_clear(&v);
    verify_input_clear(&in);
    return status;
}

int
verify_command_tdx(int argc, char **argv, GError **error)
{
    struct tdx_config config = { 0 };
    int status = 0;

    if (verify_start("tdx --quote FILE [OPTIONS]", rows, argc, argv, &config.common, NULL, error))
        status = options_agree(&config, error) ? judge(&config, error) : VERIFY_UNUSABLE;
    options_clear(rows, &config);
    return status;
}
