/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quote - see quote.h.
 */
#include "config.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "base/error.h"
#include "cocotpm/quote.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/keys/pubkey.h"

static const struct hash_row {
    guint16 alg;
    gnutls_digest_algorithm_t digest;
    gsize size;
    gnutls_sign_algorithm_t rsassa, rsapss, ecdsa;
} hashes[] = {
    { TPM2_ALG_SHA1, GNUTLS_DIG_SHA1, 20, GNUTLS_SIGN_UNKNOWN, GNUTLS_SIGN_UNKNOWN,
      GNUTLS_SIGN_UNKNOWN },
    { TPM2_ALG_SHA256, GNUTLS_DIG_SHA256, 32, GNUTLS_SIGN_RSA_SHA256, GNUTLS_SIGN_RSA_PSS_SHA256,
      GNUTLS_SIGN_ECDSA_SHA256 },
    { TPM2_ALG_SHA384, GNUTLS_DIG_SHA384, 48, GNUTLS_SIGN_RSA_SHA384, GNUTLS_SIGN_RSA_PSS_SHA384,
      GNUTLS_SIGN_ECDSA_SHA384 },
    { TPM2_ALG_SHA512, GNUTLS_DIG_SHA512, 64, GNUTLS_SIGN_RSA_SHA512, GNUTLS_SIGN_RSA_PSS_SHA512,
      GNUTLS_SIGN_ECDSA_SHA512 },
};

static const struct hash_row *
hash_row_of(guint16 alg)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        if (hashes[i].alg == alg)
            return &hashes[i];
    }
    return NULL;
}

gsize
tpm_hash(guint16 alg, const void *data, gsize len, guint8 ret[static 64])
{
    const struct hash_row *row = hash_row_of(alg);

    return row != NULL && gnutls_hash_fast(row->digest, data, len, ret) >= 0 ? row->size : 0;
}

gboolean
tpm_public_parse(const void *data, gsize len, TPMT_PUBLIC *ret, GError **error)
{
    TPMT_PUBLIC key;
    size_t offset = 0;

    memset(&key, 0, sizeof(key));
    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(data, len, &offset, &key) != TSS2_RC_SUCCESS || offset != len)
        return error_malformed(error, "the public area of a key cannot be read");
    *ret = key;
    return TRUE;
}

gboolean
tpm_public_name(const void *data, gsize len, guint8 ret[static TPM_NAME_MAX], gsize *ret_len,
                GError **error)
{
    TPMT_PUBLIC key;
    guint8 digest[64];
    gsize size;

    if (!tpm_public_parse(data, len, &key, error))
        return FALSE;
    size = tpm_hash(key.nameAlg, data, len, digest);
    if (size < 32)
        return error_denied(error, "the key's name uses an unknown or weak hash");
    ret[0] = (guint8)(key.nameAlg >> 8);
    ret[1] = (guint8)key.nameAlg;
    memcpy(ret + 2, digest, size);
    *ret_len = size + 2;
    return TRUE;
}

#define AK_WANTED (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
                   TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_RESTRICTED | \
                   TPMA_OBJECT_SIGN_ENCRYPT)
#define EK_WANTED (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
                   TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

gboolean
tpm_public_is_ak(const TPMT_PUBLIC *key, GError **error)
{
    if (key->type != TPM2_ALG_RSA && key->type != TPM2_ALG_ECC)
        return error_denied(error, "the attestation key is neither RSA nor ECC");
    if ((key->objectAttributes & AK_WANTED) != AK_WANTED ||
        (key->objectAttributes & TPMA_OBJECT_DECRYPT))
        return error_denied(error, "the attestation key is not a restricted signing key that was "
                            "made in its TPM and cannot leave it: it could sign made-up quotes");
    return TRUE;
}

gboolean
tpm_public_is_ek(const TPMT_PUBLIC *key, GError **error)
{
    if ((key->objectAttributes & EK_WANTED) == EK_WANTED &&
        !(key->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT))
        return TRUE;
    return error_denied(error, "an endorsement key is not a restricted decryption key that was "
                        "made in its TPM and cannot leave it");
}

void
quote_clear(struct quote *q)
{
    g_clear_pointer(&q->attest_bytes, g_bytes_unref);
}

gboolean
quote_parse_attest(GBytes *attest, struct quote *ret, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(attest, &len);
    TPMS_ATTEST a;
    size_t offset = 0;

    memset(&a, 0, sizeof(a));
    if (len == 0 || Tss2_MU_TPMS_ATTEST_Unmarshal(data, len, &offset, &a) != TSS2_RC_SUCCESS ||
        offset != len)
        return error_malformed(error, "the quote cannot be read");
    if (a.magic != TPM2_GENERATED_VALUE)
        return error_denied(error, "the quote was not made by a TPM");
    if (a.type != TPM2_ST_ATTEST_QUOTE)
        return error_denied(error, "what the TPM signed is no quote");
    ret->attest = a;
    ret->attest_bytes = g_bytes_ref(attest);
    return TRUE;
}

gboolean
quote_parse(GBytes *attest, GBytes *signature, struct quote *ret, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(signature, &len);
    TPMT_SIGNATURE s;
    size_t offset = 0;

    memset(&s, 0, sizeof(s));
    if (len == 0 || Tss2_MU_TPMT_SIGNATURE_Unmarshal(data, len, &offset, &s) != TSS2_RC_SUCCESS ||
        offset != len)
        return error_malformed(error, "the quote's signature cannot be read");
    if (!quote_parse_attest(attest, ret, error))
        return FALSE;
    ret->signature = s;
    return TRUE;
}

guint16
quote_hash(const struct quote *q)
{
    switch (q->signature.sigAlg) {
    case TPM2_ALG_RSASSA:
        return q->signature.signature.rsassa.hash;
    case TPM2_ALG_RSAPSS:
        return q->signature.signature.rsapss.hash;
    case TPM2_ALG_ECDSA:
        return q->signature.signature.ecdsa.hash;
    default:
        return TPM2_ALG_NULL;
    }
}

static gboolean
import_rsa(gnutls_pubkey_t handle, const void *modulus, gsize modulus_len, const void *exponent,
           gsize exponent_len, GError **error)
{
    const gnutls_datum_t m = { (void *)modulus, (unsigned)modulus_len };
    const gnutls_datum_t e = { (void *)exponent, (unsigned)exponent_len };

    if (modulus_len < 256 || modulus_len > 512)
        return error_denied(error, "an RSA key of %zu bits", modulus_len * 8);
    return gnutls_ok(gnutls_pubkey_import_rsa_raw(handle, &m, &e), "RSA key", error);
}

static gboolean
import_key(gnutls_pubkey_t handle, const TPMT_PUBLIC *key, GError **error)
{
    static const guint8 f4[] = { 1, 0, 1 };
    const TPM2B_ECC_PARAMETER *x = &key->unique.ecc.x, *y = &key->unique.ecc.y;
    const gnutls_datum_t x_part = { (void *)x->buffer, x->size };
    const gnutls_datum_t y_part = { (void *)y->buffer, y->size };
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;

    if (key->type == TPM2_ALG_RSA) {
        if (key->parameters.rsaDetail.exponent != 0 && key->parameters.rsaDetail.exponent != 65537)
            return error_denied(error, "an RSA key with an odd exponent");
        return import_rsa(handle, key->unique.rsa.buffer, key->unique.rsa.size, f4, sizeof(f4),
                          error);
    }
    if (key->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256)
        curve = GNUTLS_ECC_CURVE_SECP256R1;
    else if (key->parameters.eccDetail.curveID == TPM2_ECC_NIST_P384)
        curve = GNUTLS_ECC_CURVE_SECP384R1;
    else if (key->parameters.eccDetail.curveID == TPM2_ECC_NIST_P521)
        curve = GNUTLS_ECC_CURVE_SECP521R1;
    else
        return error_denied(error, "an ECC key on a curve that is not known");
    return gnutls_ok(gnutls_pubkey_import_ecc_raw(handle, curve, &x_part, &y_part), "ECC key", error);
}

GBytes *
tpm_public_spki(const TPMT_PUBLIC *key, GError **error)
{
    g_autoptr(pubkey_t) handle = NULL;
    gnutls_datum_t der = { NULL, 0 };
    GBytes *spki;

    if (!gnutls_ok(gnutls_pubkey_init(&handle), "public key", error)
        || !import_key(handle, key, error)
        || !gnutls_ok(gnutls_pubkey_export2(handle, GNUTLS_X509_FMT_DER, &der), "public key",
                      error))
        return NULL;
    spki = g_bytes_new(der.data, der.size);
    gnutls_free(der.data);
    return spki;
}

static gboolean
verify_with(gnutls_pubkey_t handle, const struct quote *q, gnutls_sign_algorithm_t algorithm,
            const gnutls_datum_t *signature, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(q->attest_bytes, &len);
    const gnutls_datum_t body = { (void *)data, (unsigned)len };

    if (algorithm == GNUTLS_SIGN_UNKNOWN)
        return error_denied(error, "the quote is signed with an unknown or weak algorithm");
    return gnutls_pubkey_verify_data2(handle, algorithm, 0, &body, signature) >= 0 ||
           error_denied(error, "the quote's signature does not verify with this key");
}

static gboolean
verify_ecdsa(gnutls_pubkey_t handle, const struct quote *q, const struct hash_row *row,
             GError **error)
{
    const TPMS_SIGNATURE_ECC *s = &q->signature.signature.ecdsa;
    const gnutls_datum_t r_part = { (void *)s->signatureR.buffer, s->signatureR.size };
    const gnutls_datum_t s_part = { (void *)s->signatureS.buffer, s->signatureS.size };
    gnutls_datum_t der = { NULL, 0 };
    gboolean good;

    if (!gnutls_ok(gnutls_encode_rs_value(&der, &r_part, &s_part), "signature", error))
        return FALSE;
    good = verify_with(handle, q, row->ecdsa, &der, error);
    gnutls_free(der.data);
    return good;
}

gboolean
quote_verify(const struct quote *q, const TPMT_PUBLIC *key, GError **error)
{
    g_autoptr(pubkey_t) handle = NULL;
    const struct hash_row *row = hash_row_of(quote_hash(q));
    const TPM2B_PUBLIC_KEY_RSA *rsa = &q->signature.signature.rsassa.sig;
    const gnutls_datum_t rsa_part = { (void *)rsa->buffer, rsa->size };
    const gboolean is_rsa = q->signature.sigAlg == TPM2_ALG_RSASSA ||
                            q->signature.sigAlg == TPM2_ALG_RSAPSS;

    if (row == NULL || (!is_rsa && q->signature.sigAlg != TPM2_ALG_ECDSA) ||
        is_rsa != (key->type == TPM2_ALG_RSA))
        return error_denied(error, "the quote's signature is of another kind than the key");
    if (!gnutls_ok(gnutls_pubkey_init(&handle), "public key", error) ||
        !import_key(handle, key, error))
        return FALSE;
    if (!is_rsa)
        return verify_ecdsa(handle, q, row, error);
    return verify_with(handle, q, q->signature.sigAlg == TPM2_ALG_RSASSA ? row->rsassa
                                                                         : row->rsapss,
                       &rsa_part, error);
}

gboolean
quote_verify_rsa(const struct quote *q, const void *modulus, gsize modulus_len,
                 const void *exponent, gsize exponent_len, GBytes *signature, GError **error)
{
    g_autoptr(pubkey_t) handle = NULL;
    gsize len;
    const void *data = g_bytes_get_data(signature, &len);
    const gnutls_datum_t part = { (void *)data, (unsigned)len };

    return gnutls_ok(gnutls_pubkey_init(&handle), "public key", error) &&
           import_rsa(handle, modulus, modulus_len, exponent, exponent_len, error) &&
           verify_with(handle, q, GNUTLS_SIGN_RSA_SHA256, &part, error);
}

gboolean
quote_selects(const struct quote *q, guint pcr)
{
    const TPML_PCR_SELECTION *list = &q->attest.attested.quote.pcrSelect;

    for (UINT32 i = 0; i < list->count; i++) {
        const TPMS_PCR_SELECTION *s = &list->pcrSelections[i];

        if (pcr / 8 < s->sizeofSelect && (s->pcrSelect[pcr / 8] & 1u << pcr % 8))
            return TRUE;
    }
    return FALSE;
}
