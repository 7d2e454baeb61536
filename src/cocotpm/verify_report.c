/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_report - cocotpm-verify report: one SNP report with its certificates.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/verify.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/attest/certtable.h"

struct report_config {
    struct verify_options common;    /* first */
    char *report, *certs;
};

static const struct option_row rows[] = {
    { "report", 0, OPTION_STRING, offsetof(struct report_config, report), "FILE",
      "the report, 1184 bytes" },
    VERIFY_VEK_ROW(struct report_config),
    { "certs", 0, OPTION_STRING, offsetof(struct report_config, certs), "FILE",
      "instead of --vek: the certificate table of an extended report" },
    VERIFY_REPORT_DATA_ROW(struct report_config),
    VERIFY_CHAIN_ROWS(struct report_config),
    VERIFY_JUDGE_ROWS(struct report_config),
    { 0 }
};

/* Of the table only the key's certificate is taken: the chain has to come from elsewhere. */
static GBytes *
vek_of_table(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, CERTTABLE_MAX, error);
    GBytes *entries[CERTTABLE_KINDS] = { NULL };
    GBytes *vek = NULL;
    gsize len;
    const void *data;

    if (bytes == NULL)
        return NULL;
    data = g_bytes_get_data(bytes, &len);
    if (!certtable_parse(data, len, entries, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    vek = entries[CERTTABLE_VCEK] != NULL ? entries[CERTTABLE_VCEK] : entries[CERTTABLE_VLEK];
    if (vek != NULL)
        g_bytes_ref(vek);
    else
        error_malformed(error, "%s: neither a VCEK nor a VLEK is in the table", path);
    certtable_clear(entries);
    return vek;
}

static gboolean
read_evidence(const struct report_config *config, struct evidence *ret, GError **error)
{
    if (config->report == NULL)
        return error_malformed(error, "--report is missing");
    if ((config->common.vek == NULL) == (config->certs == NULL))
        return error_malformed(error, "one of --vek and --certs is needed");
    ret->parts[EVIDENCE_SNP_REPORT] = verify_read_evidence(config->report, error);
    if (ret->parts[EVIDENCE_SNP_REPORT] == NULL)
        return FALSE;
    ret->parts[EVIDENCE_VEK_CERTIFICATE] = config->common.vek != NULL
                                           ? io_read_file(config->common.vek, CHAIN_MAX, error)
                                           : vek_of_table(config->certs, error);
    return ret->parts[EVIDENCE_VEK_CERTIFICATE] != NULL;
}

static int
judge(const struct report_config *config, char *const *more_chains, GError **error)
{
    g_auto(evidence_t) evidence = { { NULL } };
    struct verify_input in;
    struct verdict v = { 0 };
    g_autoptr(JsonObject) fields = NULL;
    int status;

    if (!read_evidence(config, &evidence, error) ||
        !verify_input_read(&config->common, more_chains, &in, error))
        return VERIFY_UNUSABLE;
    verify_evidence(&evidence, in.policy, &in.context, &v);
    if (g_bytes_get_size(evidence.parts[EVIDENCE_SNP_REPORT]) == SNP_REPORT_SIZE)
        fields = verify_snp_fields(&v.report, v.product);
    status = verify_print_verdict(&v, "report", fields, &in, config->common.json);
    verdict_clear(&v);
    verify_input_clear(&in);
    return status;
}

int
verify_command_report(int argc, char **argv, GError **error)
{
    struct report_config config = { 0 };
    char **more_chains = NULL;
    int status = 0;

    if (verify_start("report --report FILE --vek FILE [--chain FILE]... [OPTIONS]", rows, argc,
                     argv, &config.common, &more_chains, error)) {
        if (more_chains != NULL && *more_chains != NULL && config.common.chains == NULL)
            error_malformed(error, "\"%s\" belongs to no option", *more_chains);
        else
            status = judge(&config, more_chains, error);
    }
    options_clear(rows, &config);
    return status;
}
