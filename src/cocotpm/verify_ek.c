/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_ek - cocotpm-verify ek: a certificate of an endorsement key, together
 * with the evidence that names that key. Without evidence there is no verdict.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/bundle.h"
#include "cocotpm/ek_certificate.h"
#include "cocotpm/verify.h"

struct ek_config {
    struct verify_options common;    /* first */
    GPtrArray *authorities;
    char *statement, *report, *vek, *bundle, *nonce;
    gboolean trust_owner;
};

#define ROW(name, kind, field, value, help) \
    { name, 0, kind, offsetof(struct ek_config, field), value, help }

static const struct option_row rows[] = {
    ROW("ca", OPTION_STRINGS, authorities, "FILE",
        "certificates of CAs that are trusted to certify endorsement keys; may be repeated"),
    ROW("statement", OPTION_STRING, statement, "FILE",
        "the endorsement of the TPM's NV index 0x0100c0c0"),
    ROW("report", OPTION_STRING, report, "FILE", "its report, of NV index 0x0100c0c1"),
    ROW("vek", OPTION_STRING, vek, "FILE", "the report's certificate, of NV index 0x0100c0c2"),
    ROW("bundle", OPTION_STRING, bundle, "FILE",
        "in place of those three: a quote or a birth statement (cocotpm-bundle(5))"),
    ROW("nonce", OPTION_STRING, nonce, "HEX", "what the bundle has to be made over"),
    ROW("trust-owner", OPTION_FLAG, trust_owner, NULL,
        "accept an instance that its owner can recover, and forge quotes with"),
    VERIFY_CHAIN_ROWS(struct ek_config),
    VERIFY_JUDGE_ROWS(struct ek_config),
    { 0 }
};

static gboolean
config_check(const struct ek_config *c, GError **error)
{
    if (c->authorities == NULL)
        return error_malformed(error, "--ca is missing: who is trusted to certify keys");
    if (c->common.policy == NULL)
        return error_malformed(error, "--policy is missing: who the TPM's VM has to be");
    if (c->bundle == NULL && (c->statement == NULL || c->report == NULL || c->vek == NULL))
        return error_malformed(error, "an EK certificate alone says nothing: evidence that names "
                               "its key is wanted, --statement, --report and --vek, or --bundle");
    if (c->bundle != NULL && (c->statement != NULL || c->report != NULL || c->vek != NULL))
        return error_malformed(error, "--bundle stands in place of --statement, --report, --vek");
    if ((c->bundle != NULL) != (c->nonce != NULL))
        return error_malformed(error, "--bundle and --nonce belong together");
    return TRUE;
}

static gboolean
read_bundle(const struct ek_config *c, struct bundle *ret, GError **error)
{
    g_autoptr(GBytes) file = NULL;
    gsize len;
    const char *text;

    if (c->bundle == NULL) {
        ret->statement = io_read_file(c->statement, STATEMENT_MAX, error);
        ret->report = ret->statement == NULL ? NULL
                                             : io_read_file(c->report, SNP_REPORT_SIZE, error);
        ret->certificate = ret->report == NULL ? NULL
                                               : io_read_file(c->vek, CERTIFICATE_MAX, error);
        return ret->certificate != NULL;
    }
    file = io_read_file(c->bundle, BUNDLE_MAX, error);
    if (file == NULL)
        return FALSE;
    text = g_bytes_get_data(file, &len);
    if (bundle_parse(len > 0 ? text : "", len, ret, error))
        return TRUE;
    g_prefix_error(error, "%s: ", c->bundle);
    return FALSE;
}

static GBytes *
read_authorities(GPtrArray *paths, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();

    for (guint i = 0; i < paths->len; i++) {
        g_autoptr(GBytes) file = io_read_file(paths->pdata[i], CHAIN_MAX, error);

        if (file == NULL)
            return NULL;
        g_byte_array_append(all, g_bytes_get_data(file, NULL), (guint)g_bytes_get_size(file));
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

struct ek_input {
    struct verify_input common;
    bundle_t bundle;
    GBytes *certificate;
    GBytes *authorities;
    guint8 nonce[STATEMENT_NONCE_MAX];
    gsize nonce_len;
};

static gboolean
read_input(const struct ek_config *c, const char *path, struct ek_input *in, GError **error)
{
    if (c->nonce != NULL && !verify_read_nonce(c->nonce, in->nonce, &in->nonce_len, error))
        return FALSE;
    in->certificate = io_read_file(path, CERTIFICATE_MAX, error);
    if (in->certificate == NULL || !read_bundle(c, &in->bundle, error)
        || !verify_input_read(&c->common, NULL, &in->common, error))
        return FALSE;
    if (in->common.policy->kind != POLICY_DRIVER)
        return error_malformed(error, "--policy: a driver's policy ([cocotpm]) is wanted");
    in->authorities = read_authorities(c->authorities, error);
    return in->authorities != NULL;
}

static void
input_clear(struct ek_input *in)
{
    verify_input_clear(&in->common);
    bundle_clear(&in->bundle);
    g_clear_pointer(&in->certificate, g_bytes_unref);
    g_clear_pointer(&in->authorities, g_bytes_unref);
}

static int
judge_with(const struct ek_config *c, const struct ek_input *in)
{
    g_autofree struct bundle_verdict *v = g_new0(struct bundle_verdict, 1);
    g_autoptr(JsonObject) fields = NULL;
    const struct bundle_context context = {
        .verify = &in->common.context,
        .policy = in->common.policy,
        .nonce = in->nonce,
        .nonce_len = in->nonce_len,
        .trust_owner = c->trust_owner,
        .endorsement = c->bundle == NULL,
    };
    const struct ek_context ek = {
        .certificate = in->certificate,
        .authorities = in->authorities,
        .now = in->common.context.now,
        .statement = &v->statement,
        .statement_bytes = in->bundle.statement,
    };
    struct binding binding;
    int status;

    if (bundle_judge(&in->bundle, &context, v))
        ek_certificate_judge(&ek, &v->verdict, &binding);
    if (v->statement.given != 0)
        fields = verify_statement_fields(&v->statement);
    status = verify_print_verdict(&v->verdict, "statement", fields, &in->common, c->common.json);
    bundle_verdict_clear(v);
    return status;
}

int
verify_command_ek(int argc, char **argv, GError **error)
{
    struct ek_config config = { 0 };
    struct ek_input in = { 0 };
    char **files = NULL;
    int status = VERIFY_ACCEPTED;

    if (verify_start("ek CERTIFICATE --ca FILE --policy FILE EVIDENCE [OPTIONS]", rows, argc, argv,
                     &config.common, &files, error)) {
        status = VERIFY_UNUSABLE;
        if (files == NULL || files[0] == NULL || files[1] != NULL)
            error_malformed(error, "one certificate is wanted");
        else if (config_check(&config, error) && read_input(&config, files[0], &in, error))
            status = judge_with(&config, &in);
    }
    input_clear(&in);
    options_clear(rows, &config);
    return status;
}
