/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * openssl - the only file that uses libcrypto.
 */
#include "config.h"

#include "cocotransport/keys/openssl.h"

#include "base/error.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#define PUBLIC_EXPONENT 65537

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)

/* One place turns libcrypto's error queue into our error; always FALSE. */
static gboolean
openssl_failed(const char *what, GError **error)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());

    ERR_clear_error();
    return error_system(error, "%s: %s", what, reason != NULL ? reason : "failed");
}

gboolean
openssl_without_config(GError **error)
{
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 ||
           openssl_failed("libcrypto", error);
}

static EVP_PKEY *
key_from_modulus(const uint8_t *modulus, size_t len, GError **error)
{
    g_autoptr(BIGNUM) n = BN_bin2bn(modulus, (int)len, NULL);
    g_autoptr(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_autoptr(OSSL_PARAM) params = NULL;
    EVP_PKEY *key = NULL;

    if (n == NULL || builder == NULL || context == NULL
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) <= 0
        || OSSL_PARAM_BLD_push_uint(builder, OSSL_PKEY_PARAM_RSA_E, PUBLIC_EXPONENT) <= 0
        || (params = OSSL_PARAM_BLD_to_param(builder)) == NULL
        || EVP_PKEY_fromdata_init(context) <= 0
        || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        openssl_failed("RSA public key", error);
    return key;
}

static gboolean
set_oaep(EVP_PKEY_CTX *context, enum oaep_hash hash, const void *label, size_t label_len)
{
    const EVP_MD *md = hash == OAEP_SHA1 ? EVP_sha1() : EVP_sha256();
    void *copy;

    if (EVP_PKEY_encrypt_init(context) <= 0
        || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0
        || EVP_PKEY_CTX_set_rsa_oaep_md(context, md) <= 0
        || EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) <= 0)
        return FALSE;
    if (label_len == 0)
        return TRUE;
    copy = OPENSSL_memdup(label, label_len);         /* the context owns it when this succeeds */
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, (int)label_len) > 0)
        return TRUE;
    OPENSSL_free(copy);
    return FALSE;
}

static gboolean
encrypt(EVP_PKEY *key, enum oaep_hash hash, const void *label, size_t label_len,
        const void *plain, size_t len, uint8_t *ret, size_t ret_len, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t out = ret_len;

    if (context == NULL || !set_oaep(context, hash, label, label_len)
        || EVP_PKEY_encrypt(context, ret, &out, plain, len) <= 0 || out != ret_len)
        return openssl_failed("RSA-OAEP", error);
    return TRUE;
}

gboolean
oaep_encrypt_raw(const uint8_t *modulus, size_t modulus_len, enum oaep_hash hash,
                 const void *label, size_t label_len, const void *plain, size_t len, uint8_t *ret,
                 GError **error)
{
    g_autoptr(EVP_PKEY) key = key_from_modulus(modulus, modulus_len, error);

    return key != NULL
           && encrypt(key, hash, label, label_len, plain, len, ret, modulus_len, error);
}

static EVP_PKEY *
key_from_pem(const void *pem, size_t len, GError **error)
{
    g_autoptr(BIO) bio = len > G_MAXINT ? NULL : BIO_new_mem_buf(pem, (int)len);
    g_autoptr(EVP_PKEY) key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

    if (key == NULL) {
        openssl_failed("PEM public key", error);
        return NULL;
    }
    if (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < 2048
        || EVP_PKEY_get_bits(key) > 4096) {
        error_denied(error, "PEM public key: an RSA key of 2048 to 4096 bits is needed");
        return NULL;
    }
    return g_steal_pointer(&key);
}

GBytes *
oaep_encrypt_pem(const void *pem, size_t pem_len, enum oaep_hash hash, const void *label,
                 size_t label_len, const void *plain, size_t len, GError **error)
{
    g_autoptr(EVP_PKEY) key = key_from_pem(pem, pem_len, error);
    g_autofree uint8_t *out = NULL;
    size_t size;

    if (key == NULL)
        return NULL;
    size = (size_t)EVP_PKEY_get_size(key);
    out = g_malloc(size);
    if (!encrypt(key, hash, label, label_len, plain, len, out, size, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&out), size);
}
