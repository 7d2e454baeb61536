/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_hcl - cocotpm-verify hcl: platform report → claims → attestation key
 * → TPM quote, as Azure's confidential VMs have it. Their TPM is the
 * paravisor's; the same chain stands behind a CoCoTPM's bundle.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotpm/hcl.h"
#include "cocotpm/quote.h"
#include "cocotpm/verify.h"
#include "cocotransport/attest/certificate.h"

struct hcl_config {
    struct verify_options common;    /* first */
    char *blob, *td_quote, *quote, *signature, *nonce;
};

static const struct option_row rows[] = {
    { "blob", 0, OPTION_STRING, offsetof(struct hcl_config, blob), "FILE",
      "what lies at NV index 0x01400001" },
    VERIFY_VEK_ROW(struct hcl_config),
    { "td-quote", 0, OPTION_STRING, offsetof(struct hcl_config, td_quote), "FILE",
      "TDX: the quote made of the blob's report" },
    { "quote-message", 0, OPTION_STRING, offsetof(struct hcl_config, quote), "FILE",
      "a TPM quote (TPMS_ATTEST) by the key in the claims" },
    { "quote-signature", 0, OPTION_STRING, offsetof(struct hcl_config, signature), "FILE",
      "its RSASSA signature with SHA-256, bare" },
    { "nonce", 0, OPTION_STRING, offsetof(struct hcl_config, nonce), "HEX",
      "what the quote has to be made over" },
    VERIFY_CHAIN_ROWS(struct hcl_config),
    VERIFY_JUDGE_ROWS(struct hcl_config),
    { 0 }
};

struct hcl_files {
    GBytes *blob, *evidence, *quote, *signature;
};

static void
files_clear(struct hcl_files *f)
{
    g_clear_pointer(&f->blob, g_bytes_unref);
    g_clear_pointer(&f->evidence, g_bytes_unref);
    g_clear_pointer(&f->quote, g_bytes_unref);
    g_clear_pointer(&f->signature, g_bytes_unref);
}

/* One more link, after those of the platform's evidence. */
static void
add_link(struct verdict *v, const char *name, gboolean holds, GError **error)
{
    const struct check check = { name, holds ? CHECK_PASSED : CHECK_FAILED };

    g_array_append_val(v->checks, check);
    if (!holds && v->check == NULL) {
        v->accepted = FALSE;
        v->check = name;
        g_free(v->reason);
        v->reason = g_strdup(*error != NULL ? (*error)->message : "");
    }
    g_clear_error(error);
}

static void
add_words(struct verdict *v, const char *words)
{
    char *reason = g_strconcat(v->reason, words, NULL);

    g_free(v->reason);
    v->reason = reason;
}

static gboolean
nonce_holds(const struct quote *q, const char *hex, GError **error)
{
    const TPM2B_DATA *data = &q->attest.extraData;
    g_autofree char *has = hex_encode(data->buffer, data->size);

    return g_ascii_strcasecmp(has, hex) == 0 ||
           error_denied(error, "the quote was made over another nonce (%s)", has);
}

static void
judge_quote(const struct hcl_config *config, const struct hcl *h, const struct hcl_files *files,
            struct verdict *v)
{
    struct quote q = { 0 };
    GError *error = NULL;
    gsize n_len, e_len;
    const void *n = g_bytes_get_data(h->modulus, &n_len);
    const void *e = g_bytes_get_data(h->exponent, &e_len);
    const gboolean parsed = quote_parse_attest(files->quote, &q, &error);

    add_link(v, "quote_format", parsed, &error);
    if (!parsed)
        return;
    add_link(v, "quote_signature", quote_verify_rsa(&q, n, n_len, e, e_len, files->signature,
                                                    &error), &error);
    if (config->nonce != NULL)
        add_link(v, "quote_nonce", nonce_holds(&q, config->nonce, &error), &error);
    quote_clear(&q);
}

static void
judge_blob(const struct hcl_config *config, const struct hcl *h, const struct hcl_files *files,
           struct verify_input *in, struct verdict *v)
{
    g_auto(evidence_t) evidence = { { NULL } };
    guint8 report_data[64];
    GError *error = NULL;

    if (h->kind == HCL_SNP) {
        evidence.parts[EVIDENCE_SNP_REPORT] = g_bytes_new(h->report, h->report_len);
        evidence.parts[EVIDENCE_VEK_CERTIFICATE] = g_bytes_ref(files->evidence);
    } else {
        evidence.parts[EVIDENCE_TDX_QUOTE] = g_bytes_ref(files->evidence);
        verify_input_trust_intel(&config->common, in);
    }
    if (hcl_report_data(h, report_data, &error))
        in->context.report_data = report_data;
    verify_evidence(&evidence, in->policy, &in->context, v);
    add_link(v, "claims_digest", error == NULL, &error);
    in->context.report_data = NULL;
    if (files->quote != NULL)
        judge_quote(config, h, files, v);
    else if (v->accepted)
        add_words(v, "; no TPM quote was given");
}

static int
judge(const struct hcl_config *config, char *const *more_chains, const struct hcl_files *files,
      GError **error)
{
    g_auto(hcl_t) h = { 0 };
    struct verify_input in;
    struct verdict v = { 0 };
    g_autoptr(JsonObject) fields = NULL;
    gsize len;
    const void *data = g_bytes_get_data(files->blob, &len);
    int status;

    if (!hcl_parse(data, len, &h, error))
        return VERIFY_UNUSABLE;
    if ((h.kind == HCL_SNP) != (config->common.vek != NULL) ||
        (h.kind == HCL_TDX) != (config->td_quote != NULL)) {
        error_malformed(error, "the blob is of %s: %s is needed", h.kind == HCL_SNP ? "SNP" : "TDX",
                        h.kind == HCL_SNP ? "--vek" : "--td-quote");
        return VERIFY_UNUSABLE;
    }
    if (!verify_input_read(&config->common, more_chains, &in, error))
        return VERIFY_UNUSABLE;
    judge_blob(config, &h, files, &in, &v);
    fields = h.kind == HCL_SNP ? verify_snp_fields(&v.report, v.product) : verify_td_fields(&v.td);
    status = verify_print_verdict(&v, "report", fields, &in, config->common.json);
    verdict_clear(&v);
    verify_input_clear(&in);
    return status;
}

static int
read_and_judge(const struct hcl_config *config, char *const *more_chains, GError **error)
{
    struct hcl_files files = { 0 };
    int status = VERIFY_UNUSABLE;

    if (config->blob == NULL)
        error_malformed(error, "--blob is missing");
    else if ((config->common.vek == NULL) == (config->td_quote == NULL))
        error_malformed(error, "one of --vek and --td-quote is needed");
    else if ((config->quote == NULL) != (config->signature == NULL))
        error_malformed(error, "--quote-message and --quote-signature belong together");
    else if (config->nonce != NULL && config->quote == NULL)
        error_malformed(error, "--nonce needs a quote");
    else if (verify_read_optional(config->blob, HCL_MAX, &files.blob, error) &&
             verify_read_optional(config->common.vek, CHAIN_MAX, &files.evidence, error) &&
             verify_read_optional(config->td_quote, EVIDENCE_FILE_MAX, &files.evidence, error) &&
             verify_read_optional(config->quote, 4096, &files.quote, error) &&
             verify_read_optional(config->signature, 4096, &files.signature, error))
        status = judge(config, more_chains, &files, error);
    files_clear(&files);
    return status;
}

int
verify_command_hcl(int argc, char **argv, GError **error)
{
    struct hcl_config config = { 0 };
    char **more_chains = NULL;
    int status = 0;

    if (verify_start("hcl --blob FILE --vek FILE|--td-quote FILE [OPTIONS]", rows, argc, argv,
                     &config.common, &more_chains, error))
        status = read_and_judge(&config, more_chains, error);
    options_clear(rows, &config);
    return status;
}
