/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto - hashes, HKDF (RFC 5869), AES-256-GCM and random bytes by GnuTLS.
 */
#include "cocotransport/keys/crypto.h"

#include "base/error.h"

#include <gnutls/crypto.h>

gboolean
gnutls_ok(int rc, const char *what, GError **error)
{
    if (rc >= 0)
        return TRUE;
    return error_system(error, "%s: %s", what, gnutls_strerror(rc));
}

static gboolean
hash_pieces(gnutls_digest_algorithm_t algorithm, const struct crypto_piece *pieces, size_t count,
            uint8_t *ret, GError **error)
{
    gnutls_hash_hd_t hash;
    int rc = gnutls_hash_init(&hash, algorithm);

    if (!gnutls_ok(rc, "hash", error))
        return FALSE;
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (pieces[i].len > 0)
            rc = gnutls_hash(hash, pieces[i].data, pieces[i].len);
    gnutls_hash_deinit(hash, rc >= 0 ? ret : NULL);

    return gnutls_ok(rc, "hash", error);
}

gboolean
crypto_sha256(const struct crypto_piece *pieces, size_t count, uint8_t ret[static SHA256_SIZE],
              GError **error)
{
    return hash_pieces(GNUTLS_DIG_SHA256, pieces, count, ret, error);
}

gboolean
crypto_sha384(const struct crypto_piece *pieces, size_t count, uint8_t ret[static SHA384_SIZE],
              GError **error)
{
    return hash_pieces(GNUTLS_DIG_SHA384, pieces, count, ret, error);
}

gboolean
crypto_sha512(const struct crypto_piece *pieces, size_t count, uint8_t ret[static SHA512_SIZE],
              GError **error)
{
    return hash_pieces(GNUTLS_DIG_SHA512, pieces, count, ret, error);
}

size_t
crypto_tpm_hash(uint16_t alg, const void *data, size_t len, uint8_t ret[static SHA512_SIZE])
{
    static const struct {
        uint16_t alg;
        gnutls_digest_algorithm_t digest;
    } rows[] = {
        { 0x0004, GNUTLS_DIG_SHA1 },
        { 0x000b, GNUTLS_DIG_SHA256 },
        { 0x000c, GNUTLS_DIG_SHA384 },
        { 0x000d, GNUTLS_DIG_SHA512 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].alg == alg && gnutls_hash_fast(rows[i].digest, data, len, ret) >= 0)
            return gnutls_hash_get_len(rows[i].digest);
    return 0;
}

Secret *
crypto_hkdf_extract(const Secret *ikm, const void *salt, size_t salt_len, GError **error)
{
    g_autoptr(Secret) prk = secret_new(SHA256_SIZE);
    const gnutls_datum_t key = secret_datum(ikm);
    const gnutls_datum_t with = { (void *)salt, (unsigned int)salt_len };

    if (!gnutls_ok(gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &key, &with, secret_bytes(prk)),
                   "HKDF-Extract", error))
        return NULL;
    return g_steal_pointer(&prk);
}

Secret *
crypto_hkdf_expand(const Secret *prk, const void *info, size_t info_len, size_t len,
                   GError **error)
{
    g_autoptr(Secret) okm = secret_new(len);
    const gnutls_datum_t key = secret_datum(prk);
    const gnutls_datum_t with = { (void *)info, (unsigned int)info_len };

    if (!gnutls_ok(gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &key, &with, secret_bytes(okm), len),
                   "HKDF-Expand", error))
        return NULL;
    return g_steal_pointer(&okm);
}

static gboolean
gcm_open_key(const Secret *key, gnutls_aead_cipher_hd_t *ret, GError **error)
{
    const gnutls_datum_t datum = secret_datum(key);

    if (secret_len(key) != AES256_KEY_SIZE)
        return error_system(error, "AES-256-GCM: a key of %zu bytes", secret_len(key));
    return gnutls_ok(gnutls_aead_cipher_init(ret, GNUTLS_CIPHER_AES_256_GCM, &datum),
                     "AES-256-GCM", error);
}

gboolean
crypto_gcm_seal(const Secret *key, const uint8_t nonce[static GCM_NONCE_SIZE], const void *aad,
                size_t aad_len, const void *plain, size_t len, uint8_t *ret, GError **error)
{
    gnutls_aead_cipher_hd_t cipher;
    size_t written = len + GCM_TAG_SIZE;
    int rc;

    if (!gcm_open_key(key, &cipher, error))
        return FALSE;
    rc = gnutls_aead_cipher_encrypt(cipher, nonce, GCM_NONCE_SIZE, aad, aad_len, GCM_TAG_SIZE,
                                    plain, len, ret, &written);
    gnutls_aead_cipher_deinit(cipher);

    return gnutls_ok(rc, "AES-256-GCM", error);
}

Secret *
crypto_gcm_open(const Secret *key, const uint8_t nonce[static GCM_NONCE_SIZE], const void *aad,
                size_t aad_len, const void *sealed, size_t len, GError **error)
{
    gnutls_aead_cipher_hd_t cipher;
    g_autoptr(Secret) plain = NULL;
    size_t written;
    int rc;

    if (len <= GCM_TAG_SIZE || len - GCM_TAG_SIZE > SECRET_MAX) {
        error_malformed(error, "AES-256-GCM: %zu bytes are no sealed text", len);
        return NULL;
    }
    if (!gcm_open_key(key, &cipher, error))
        return NULL;
    written = len - GCM_TAG_SIZE;
    plain = secret_new(written);
    rc = gnutls_aead_cipher_decrypt(cipher, nonce, GCM_NONCE_SIZE, aad, aad_len, GCM_TAG_SIZE,
                                    sealed, len, secret_bytes(plain), &written);
    gnutls_aead_cipher_deinit(cipher);
    if (rc == GNUTLS_E_DECRYPTION_FAILED) {
        error_denied(error, "AES-256-GCM: the tag does not match");
        return NULL;
    }
    if (!gnutls_ok(rc, "AES-256-GCM", error))
        return NULL;

    return g_steal_pointer(&plain);
}

gboolean
crypto_random(void *out, size_t len, GError **error)
{
    return gnutls_ok(gnutls_rnd(GNUTLS_RND_KEY, out, len), "random bytes", error);
}

Secret *
crypto_random_secret(size_t len, GError **error)
{
    g_autoptr(Secret) s = secret_new(len);

    if (!crypto_random(secret_bytes(s), len, error))
        return NULL;
    return g_steal_pointer(&s);
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
    return gnutls_memcmp(a, b, len) == 0;
}
