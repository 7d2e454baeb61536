/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_bundle - cocotpm-verify bundle: a CoCoTPM's quote or birth statement,
 * from the TPM to the maker's root.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotpm/bundle.h"
#include "cocotpm/quote.h"
#include "cocotpm/verify.h"

struct bundle_config {
    struct verify_options common;    /* first */
    char *nonce;
    gboolean trust_owner;
};

static const struct option_row rows[] = {
    { "nonce", 0, OPTION_STRING, offsetof(struct bundle_config, nonce), "HEX",
      "what the bundle has to be made over, 32 to 64 bytes" },
    { "trust-owner", 0, OPTION_FLAG, offsetof(struct bundle_config, trust_owner), NULL,
      "accept an instance that its owner can recover, and forge quotes with" },
    VERIFY_CHAIN_ROWS(struct bundle_config),
    VERIFY_JUDGE_ROWS(struct bundle_config),
    { 0 }
};

static void
add_eks(JsonObject *o, const struct statement *s)
{
    JsonArray *names = json_array_new();

    for (guint i = 0; i < s->ek_count; i++) {
        guint8 name[TPM_NAME_MAX];
        gsize len;
        g_autofree char *hex = NULL;

        if (!tpm_public_name(s->eks[i].bytes, s->eks[i].len, name, &len, NULL))
            continue;
        hex = hex_encode(name, len);
        json_array_add_string_element(names, hex);
    }
    json_object_set_array_member(o, "ek_names", names);
}

static void
add_quote(JsonObject *o, const struct statement *s)
{
    guint8 name[TPM_NAME_MAX];
    gsize len;

    if (tpm_public_name(s->ak.bytes, s->ak.len, name, &len, NULL))
        verify_add_hex(o, "ak_name", name, len);
    verify_add_hex(o, "attach_id", s->attach_id, sizeof(s->attach_id));
    verify_add_hex(o, "launch_id", s->launch_id, sizeof(s->launch_id));
    verify_add_hex(o, "launch_event", s->event, s->event_len);
    verify_add_number(o, "reset_count", s->reset_count);
}

JsonObject *
verify_statement_fields(const struct statement *s)
{
    JsonObject *o = json_object_new();
    static const char *const kinds[] = { "", "quote", "birth", "endorsement" };

    json_object_set_string_member(o, "kind", kinds[s->kind]);
    verify_add_hex(o, "uuid", s->uuid, sizeof(s->uuid));
    verify_add_hex(o, "policy_digest", s->policy_digest, sizeof(s->policy_digest));
    add_eks(o, s);
    verify_add_hex(o, "lineage", s->lineage, sizeof(s->lineage));
    if (s->kind != STATEMENT_ENDORSEMENT) {
        verify_add_number(o, "epoch", s->epoch);
        verify_add_number(o, "generation", s->generation);
        verify_add_hex(o, "chain", s->chain, sizeof(s->chain));
    }
    json_object_set_string_member(o, "freshness", claim_freshness_name(s->freshness));
    json_object_set_string_member(o, "reset", claim_reset_name(s->reset));
    json_object_set_boolean_member(o, "recoverable", (s->flags & CLAIM_FLAG_RECOVERABLE) != 0);
    json_object_set_boolean_member(o, "recovered", (s->flags & CLAIM_FLAG_RECOVERED) != 0);
    json_object_set_boolean_member(o, "emulated", (s->flags & CLAIM_FLAG_EMULATED) != 0);
    json_object_set_string_member(o, "software", s->software);
    if (s->kind == STATEMENT_BIRTH) {
        verify_add_hex(o, "secrets_sha256", s->secrets, sizeof(s->secrets));
        verify_add_hex(o, "evidence_sha256", s->evidence, sizeof(s->evidence));
    }
    if (s->kind == STATEMENT_QUOTE)
        add_quote(o, s);
    return o;
}

gboolean
verify_read_nonce(const char *hex, guint8 ret[static STATEMENT_NONCE_MAX], gsize *ret_len,
                  GError **error)
{
    if (hex == NULL)
        return error_malformed(error, "--nonce is missing: without it an old bundle would do");
    *ret_len = strlen(hex) / 2;
    if (*ret_len < STATEMENT_NONCE_MIN || *ret_len > STATEMENT_NONCE_MAX)
        return error_malformed(error, "--nonce: %d to %d bytes, as hex digits",
                               STATEMENT_NONCE_MIN, STATEMENT_NONCE_MAX);
    if (hex_decode(hex, ret, *ret_len, error))
        return TRUE;
    g_prefix_error(error, "--nonce: ");
    return FALSE;
}

static int
judge_with(const struct bundle_config *config, const struct bundle *bundle,
           const struct verify_input *in, const guint8 *nonce, gsize nonce_len)
{
    g_autofree struct bundle_verdict *v = g_new0(struct bundle_verdict, 1);
    g_autoptr(JsonObject) fields = NULL;
    const struct bundle_context context = {
        .verify = &in->context,
        .policy = in->policy,
        .nonce = nonce,
        .nonce_len = nonce_len,
        .trust_owner = config->trust_owner,
    };
    int status;

    bundle_judge(bundle, &context, v);
    if (v->statement.given != 0)
        fields = verify_statement_fields(&v->statement);
    if (!config->common.json) {
        for (guint i = 0; i < v->verdict.checks->len; i++) {
            const struct check *check = &g_array_index(v->verdict.checks, struct check, i);

            if (check->result == CHECK_PASSED)
                printf("holds: %s\n", check->name);
        }
    }
    status = verify_print_verdict(&v->verdict, "statement", fields, in, config->common.json);
    bundle_verdict_clear(v);
    return status;
}

static int
judge(const struct bundle_config *config, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    g_auto(bundle_t) bundle = { 0 };
    struct verify_input in;
    guint8 nonce[STATEMENT_NONCE_MAX];
    gsize nonce_len, len;
    const char *text;
    int status;

    if (config->common.policy == NULL) {
        error_malformed(error, "--policy is missing: who the TPM's VM has to be");
        return VERIFY_UNUSABLE;
    }
    if (!verify_read_nonce(config->nonce, nonce, &nonce_len, error))
        return VERIFY_UNUSABLE;
    bytes = io_read_file(path, BUNDLE_MAX, error);
    if (bytes == NULL)
        return VERIFY_UNUSABLE;
    text = g_bytes_get_data(bytes, &len);
    if (!bundle_parse(len > 0 ? text : "", len, &bundle, error)) {
        g_prefix_error(error, "%s: ", path);
        return VERIFY_UNUSABLE;
    }
    if (!verify_input_read(&config->common, NULL, &in, error))
        return VERIFY_UNUSABLE;
    if (in.policy->kind != POLICY_DRIVER) {
        error_malformed(error, "--policy: a driver's policy ([cocotpm]) is wanted");
        status = VERIFY_UNUSABLE;
    } else {
        status = judge_with(config, &bundle, &in, nonce, nonce_len);
    }
    verify_input_clear(&in);
    return status;
}

int
verify_command_bundle(int argc, char **argv, GError **error)
{
    struct bundle_config config = { 0 };
    char **files = NULL;
    int status = 0;

    if (verify_start("bundle FILE --policy FILE --nonce HEX [OPTIONS]", rows, argc, argv,
                     &config.common, &files, error)) {
        if (files == NULL || files[0] == NULL || files[1] != NULL)
            error_malformed(error, "one file is wanted");
        else
            status = judge(&config, files[0], error);
    }
    options_clear(rows, &config);
    return status;
}
