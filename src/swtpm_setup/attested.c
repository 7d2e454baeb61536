/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attested - judges as cocotpm-verify bundle does. A recoverable instance gets
 * its certificate, which then says that it is: who relies on it decides.
 */
#include "config.h"

#include "swtpm_setup/attested.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotpm/quote.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/keys/crypto.h"

#include <string.h>
#include <time.h>

struct request {
    bundle_t bundle;
    struct policy *policy;
    GBytes *chain;                   /* NULL: built in */
    guint8 nonce[STATEMENT_NONCE_MAX];
    gsize nonce_len;
};

static void
request_clear(struct request *r)
{
    bundle_clear(&r->bundle);
    policy_free(r->policy);
    g_clear_pointer(&r->chain, g_bytes_unref);
}

static gboolean
read_bundle(const char *path, struct bundle *ret, GError **error)
{
    g_autoptr(GBytes) file = io_read_file(path, BUNDLE_MAX, error);
    gsize len;
    const char *text;

    if (file == NULL)
        return FALSE;
    text = g_bytes_get_data(file, &len);
    if (bundle_parse(len > 0 ? text : "", len, ret, error))
        return TRUE;
    g_prefix_error(error, "%s: ", path);
    return FALSE;
}

static gboolean
read_policy(const char *path, struct policy **ret, GError **error)
{
    g_autoptr(GBytes) file = io_read_file(path, KEYFILE_MAX, error);
    gsize len;
    const char *text;

    if (file == NULL)
        return FALSE;
    text = g_bytes_get_data(file, &len);
    *ret = policy_parse(len > 0 ? text : "", len, POLICY_DRIVER, error);
    if (*ret == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    /* A matter between two VMs on one chip: a CA is neither. */
    (*ret)->peer.same_chip = FALSE;
    return TRUE;
}

static gboolean
read_nonce(const char *hex, struct request *r, GError **error)
{
    r->nonce_len = strlen(hex) / 2;
    if (r->nonce_len < STATEMENT_NONCE_MIN || r->nonce_len > STATEMENT_NONCE_MAX)
        return error_malformed(error, "--nonce: %d to %d bytes, as hex digits",
                               STATEMENT_NONCE_MIN, STATEMENT_NONCE_MAX);
    return hex_decode(hex, r->nonce, r->nonce_len, error);
}

static gboolean
read_request(const struct attested_config *c, struct request *r, GError **error)
{
    if (!read_nonce(c->nonce, r, error) || !read_bundle(c->request, &r->bundle, error)
        || !read_policy(c->policy, &r->policy, error))
        return FALSE;
    if (c->chain == NULL)
        return TRUE;
    r->chain = io_read_file(c->chain, CHAIN_MAX, error);
    return r->chain != NULL;
}

static gboolean
judge(const struct request *r, struct statement *ret, GError **error)
{
    g_autofree struct bundle_verdict *v = g_new0(struct bundle_verdict, 1);
    const struct verify_context verify = {
        .now = time(NULL),
        .chain = r->chain,
        .judge_identity = TRUE,
    };
    const struct bundle_context context = {
        .verify = &verify,
        .policy = r->policy,
        .nonce = r->nonce,
        .nonce_len = r->nonce_len,
        .trust_owner = TRUE,
    };
    gboolean good = bundle_judge(&r->bundle, &context, v);

    if (!good)
        error_denied(error, "The birth statement is refused: %s: %s", v->verdict.check,
                     v->verdict.reason);
    else if (v->statement.kind != STATEMENT_BIRTH)
        good = error_denied(error, "This is no birth statement.");
    else
        *ret = v->statement;
    bundle_verdict_clear(v);
    return good;
}

static char *
key_name(const TPMT_PUBLIC *key)
{
    switch (key->type == TPM2_ALG_ECC ? key->parameters.eccDetail.curveID : 0) {
    case TPM2_ECC_NIST_P256:
        return g_strdup("secp256r1");
    case TPM2_ECC_NIST_P384:
        return g_strdup("secp384r1");
    case TPM2_ECC_NIST_P521:
        return g_strdup("secp521r1");
    default:
        return g_strdup_printf("rsa%u", key->parameters.rsaDetail.keyBits);
    }
}

static gboolean
take_key(const struct statement_public *public, struct attested_key *ret, GError **error)
{
    TPMT_PUBLIC key;
    g_autoptr(GBytes) spki = NULL;

    if (!tpm_public_parse(public->bytes, public->len, &key, error))
        return FALSE;
    spki = tpm_public_spki(&key, error);
    if (spki == NULL)
        return FALSE;
    ret->name = key_name(&key);
    ret->spki = hex_encode(g_bytes_get_data(spki, NULL), g_bytes_get_size(spki));
    return TRUE;
}

static gboolean
take_statement(const struct statement *s, struct attested *ret, GError **error)
{
    memcpy(ret->binding.uuid, s->uuid, sizeof(ret->binding.uuid));
    memcpy(ret->binding.policy_digest, s->policy_digest, sizeof(ret->binding.policy_digest));
    memcpy(ret->binding.evidence, s->evidence, sizeof(ret->binding.evidence));
    ret->binding.flags = s->flags;
    ret->uuid = uuid_text(s->uuid);
    for (guint i = 0; i < s->ek_count; i++, ret->count++)
        if (!take_key(&s->eks[i], &ret->keys[i], error))
            return FALSE;
    return TRUE;
}

gboolean
attested_read(const struct attested_config *config, struct attested *ret, GError **error)
{
    g_autofree struct statement *s = g_new0(struct statement, 1);
    struct request r = { .nonce_len = 0 };
    gboolean good = read_request(config, &r, error) && judge(&r, s, error)
                    && take_statement(s, ret, error);

    request_clear(&r);
    return good;
}

void
attested_clear(struct attested *a)
{
    g_free(a->uuid);
    for (guint i = 0; i < EK_NAMES_MAX; i++) {
        g_free(a->keys[i].name);
        g_free(a->keys[i].spki);
    }
}
