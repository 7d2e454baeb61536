/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ek_certificate - the checks as a table; the first that fails is the verdict.
 */
#include "config.h"

#include "cocotpm/ek_certificate.h"

#include <string.h>

#include "base/error.h"
#include "cocotpm/quote.h"
#include "cocotransport/keys/crypto.h"

#define OID_PURPOSE_EK "2.23.133.8.1"
#define AUTHORITIES_MAX 16

struct ek_walk {
    const struct ek_context *context;
    struct certificate *certificate;
    struct binding binding;
};

static gboolean
check_parse(struct ek_walk *w, GError **error)
{
    w->certificate = certificate_parse(w->context->certificate, error);
    return w->certificate != NULL;
}

static gboolean
check_chain(struct ek_walk *w, GError **error)
{
    g_autoptr(GPtrArray) list = certificates_parse(w->context->authorities, error);
    gnutls_x509_crt_t authorities[AUTHORITIES_MAX];
    unsigned status = 0;

    if (list == NULL)
        return FALSE;
    if (list->len > AUTHORITIES_MAX)
        return error_malformed(error, "more than %d CAs", AUTHORITIES_MAX);
    for (guint i = 0; i < list->len; i++)
        authorities[i] = ((const struct certificate *)list->pdata[i])->crt;
    if (!gnutls_ok(gnutls_x509_crt_verify(w->certificate->crt, authorities, list->len,
                                          GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status),
                   "EK certificate", error))
        return FALSE;
    if (status != 0)
        return error_denied(error, "the certificate is signed by none of the CAs that are trusted");
    return certificate_in_date(w->certificate, w->context->now)
           || error_denied(error, "the certificate is not in date");
}

static gboolean
check_purpose(struct ek_walk *w, GError **error)
{
    for (unsigned i = 0;; i++) {
        char oid[128];
        size_t len = sizeof(oid);

        if (gnutls_x509_crt_get_key_purpose_oid(w->certificate->crt, i, oid, &len, NULL) < 0)
            return error_denied(error, "this is no certificate of an endorsement key");
        if (strcmp(oid, OID_PURPOSE_EK) == 0)
            return TRUE;
    }
}

static gboolean
check_binding(struct ek_walk *w, GError **error)
{
    guint8 der[BINDING_DER_MAX];
    size_t len = sizeof(der);
    int rc = gnutls_x509_crt_get_extension_by_oid(w->certificate->crt, BINDING_OID, 0, der, &len,
                                                  NULL);

    if (rc < 0)
        return error_denied(error, "the certificate says nothing of policy and evidence: it is "
                            "not of a TPM whose making was attested to the CA");
    return binding_parse(der, len, &w->binding, error);
}

static gboolean
check_named(struct ek_walk *w, GError **error)
{
    const struct statement *s = w->context->statement;
    guint8 key[32];

    if (!certificate_spki_sha256(w->certificate, key, error))
        return FALSE;
    for (guint i = 0; i < s->ek_count; i++) {
        g_autoptr(GBytes) spki = NULL;
        TPMT_PUBLIC ek;
        struct crypto_piece piece;
        guint8 digest[32];

        if (!tpm_public_parse(s->eks[i].bytes, s->eks[i].len, &ek, error)
            || (spki = tpm_public_spki(&ek, error)) == NULL)
            return FALSE;
        piece.data = g_bytes_get_data(spki, NULL);
        piece.len = g_bytes_get_size(spki);
        if (!crypto_sha256(&piece, 1, digest, error))
            return FALSE;
        if (memcmp(digest, key, sizeof(key)) == 0)
            return TRUE;
    }
    return error_denied(error, "the evidence does not name this certificate's key");
}

static gboolean
check_uuid(struct ek_walk *w, GError **error)
{
    return memcmp(w->binding.uuid, w->context->statement->uuid, sizeof(w->binding.uuid)) == 0
           || error_denied(error, "the certificate is another instance's");
}

static gboolean
check_policy(struct ek_walk *w, GError **error)
{
    return memcmp(w->binding.policy_digest, w->context->statement->policy_digest,
                  sizeof(w->binding.policy_digest)) == 0
           || error_denied(error, "the certificate was given under another policy");
}

static gboolean
check_flags(struct ek_walk *w, GError **error)
{
    return w->binding.flags == w->context->statement->flags
           || error_denied(error, "the certificate was given for other flags (0x%x, not 0x%x)",
                           w->binding.flags, w->context->statement->flags);
}

/* A quote does not name the endorsement; the key in it is the fresh proof. */
static gboolean
check_evidence(struct ek_walk *w, GError **error)
{
    const struct statement *s = w->context->statement;
    struct crypto_piece piece;
    guint8 digest[32];

    if (s->kind == STATEMENT_QUOTE)
        return TRUE;
    if (s->kind == STATEMENT_BIRTH) {
        memcpy(digest, s->evidence, sizeof(digest));
    } else {
        piece.data = g_bytes_get_data(w->context->statement_bytes, NULL);
        piece.len = g_bytes_get_size(w->context->statement_bytes);
        if (!crypto_sha256(&piece, 1, digest, error))
            return FALSE;
    }
    return memcmp(digest, w->binding.evidence, sizeof(digest)) == 0
           || error_denied(error, "the certificate was given for other evidence");
}

static const struct {
    const char *name;
    gboolean (*holds)(struct ek_walk *w, GError **error);
} checks[] = {
    { "ek_parse", check_parse },
    { "ek_chain", check_chain },
    { "ek_purpose", check_purpose },
    { "ek_binding", check_binding },
    { "ek_named", check_named },
    { "ek_uuid", check_uuid },
    { "ek_policy_digest", check_policy },
    { "ek_flags", check_flags },
    { "ek_evidence", check_evidence },
};

static void
fail(struct verdict *v, const char *name, const GError *error)
{
    v->accepted = FALSE;
    v->check = name;
    g_free(v->reason);
    v->reason = g_strdup(error->message);
}

gboolean
ek_certificate_judge(const struct ek_context *context, struct verdict *verdict,
                     struct binding *ret_binding)
{
    struct ek_walk w = { .context = context };
    gboolean good = TRUE;

    for (guint i = 0; good && i < G_N_ELEMENTS(checks); i++) {
        g_autoptr(GError) error = NULL;
        struct check check = { checks[i].name, CHECK_PASSED };

        good = checks[i].holds(&w, &error);
        if (!good) {
            check.result = CHECK_FAILED;
            fail(verdict, checks[i].name, error);
        }
        g_array_append_val(verdict->checks, check);
    }
    certificate_free(w.certificate);
    if (good)
        *ret_binding = w.binding;
    return good;
}
