/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_tdx - cocotpm-verify tdx: one TDX quote, which brings its chain along,
 * and what Intel publishes of its platform's firmware, where it is given.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
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

static gboolean
read_tcb_info(const char *path, struct tcb_info **ret, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, COLLATERAL_MAX, error);
    gsize len;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

    if (bytes == NULL)
        return FALSE;
    *ret = tcb_info_read(text, len, error);
    if (*ret == NULL)
        g_prefix_error(error, "%s: ", path);
    return *ret != NULL;
}

static gboolean
read_qe_identity(const char *path, struct qe_identity **ret, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, COLLATERAL_MAX, error);
    gsize len;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

    if (bytes == NULL)
        return FALSE;
    *ret = qe_identity_read(text, len, error);
    if (*ret == NULL)
        g_prefix_error(error, "%s: ", path);
    return *ret != NULL;
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
    if (config->tcb_info != NULL && !read_tcb_info(config->tcb_info, &ret->tcb_info, error))
        return FALSE;
    if (config->qe_identity != NULL &&
        !read_qe_identity(config->qe_identity, &ret->qe_identity, error))
        return FALSE;
    if (config->chain != NULL &&
        (ret->chain = io_read_file(config->chain, CHAIN_MAX, error)) == NULL)
        return FALSE;
    if (config->pck_crl != NULL &&
        (ret->pck_crl = io_read_file(config->pck_crl, CHAIN_MAX, error)) == NULL)
        return FALSE;
    return read_accepted(config->accept, &ret->accept, error);
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
