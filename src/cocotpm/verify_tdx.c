/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_tdx - cocotpm-verify tdx: one TDX quote, which brings its chain along.
 */
#include "config.h"

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotpm/verify.h"

struct tdx_config {
    struct verify_options common;    /* first */
    char *quote, *report_data;
};

static const struct option_row rows[] = {
    { "quote", 0, OPTION_STRING, offsetof(struct tdx_config, quote), "FILE", "the quote" },
    { "report-data", 0, OPTION_STRING, offsetof(struct tdx_config, report_data), "HEX",
      "what REPORTDATA has to be, 64 bytes" },
    VERIFY_JUDGE_ROWS(struct tdx_config),
    { 0 }
};

static int
judge(const struct tdx_config *config, GError **error)
{
    g_auto(evidence_t) evidence = { { NULL } };
    struct verify_input in;
    guint8 report_data[64];
    struct verdict v = { 0 };
    g_autoptr(JsonObject) fields = NULL;
    int status;

    if (config->quote == NULL) {
        error_malformed(error, "--quote is missing");
        return VERIFY_UNUSABLE;
    }
    if (config->report_data != NULL &&
        !hex_decode(config->report_data, report_data, sizeof(report_data), error)) {
        g_prefix_error(error, "--report-data: ");
        return VERIFY_UNUSABLE;
    }
    evidence.parts[EVIDENCE_TDX_QUOTE] = verify_read_evidence(config->quote, error);
    if (evidence.parts[EVIDENCE_TDX_QUOTE] == NULL ||
        !verify_input_read(&config->common, NULL, &in, error))
        return VERIFY_UNUSABLE;
    verify_input_trust_intel(&config->common, &in);
    in.context.report_data = config->report_data != NULL ? report_data : NULL;
    verify_evidence(&evidence, in.policy, &in.context, &v);
    if (v.checks->len > 1)
        fields = verify_td_fields(&v.td);
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
        status = judge(&config, error);
    options_clear(rows, &config);
    return status;
}
