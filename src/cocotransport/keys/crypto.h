/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto - the few primitives this project needs; GnuTLS ends here. Every
 * function but the comparisons can fail, and says in words what failed.
 */
#pragma once

#include "cocotransport/keys/secret.h"

#define SHA256_SIZE 32
#define SHA384_SIZE 48
#define SHA512_SIZE 64
#define AES256_KEY_SIZE 32
#define GCM_NONCE_SIZE 12
#define GCM_TAG_SIZE 16

/* One piece of what is hashed; an array of them is hashed as their concatenation. */
struct crypto_piece {
    const void *data;
    size_t len;
};

gboolean crypto_sha256(const struct crypto_piece *pieces, size_t count,
                       uint8_t ret[static SHA256_SIZE], GError **error);
gboolean crypto_sha384(const struct crypto_piece *pieces, size_t count,
                       uint8_t ret[static SHA384_SIZE], GError **error);
gboolean crypto_sha512(const struct crypto_piece *pieces, size_t count,
                       uint8_t ret[static SHA512_SIZE], GError **error);

/* By TPM_ALG_ID, for PCR banks; the digest's length, 0 for a hash that is not known. */
size_t crypto_tpm_hash(uint16_t alg, const void *data, size_t len, uint8_t ret[static SHA512_SIZE]);

/* RFC 5869, SHA-256. */
Secret *crypto_hkdf_extract(const Secret *ikm, const void *salt, size_t salt_len, GError **error);
Secret *crypto_hkdf_expand(const Secret *prk, const void *info, size_t info_len, size_t len,
                           GError **error);

/* AES-256-GCM, 16-byte tag after the ciphertext (@ret has @len + GCM_TAG_SIZE bytes). */
gboolean crypto_gcm_seal(const Secret *key, const uint8_t nonce[static GCM_NONCE_SIZE],
                         const void *aad, size_t aad_len, const void *plain, size_t len,
                         uint8_t *ret, GError **error);
/* @len counts the tag; DENIED when the tag does not match, nothing is returned then. */
Secret *crypto_gcm_open(const Secret *key, const uint8_t nonce[static GCM_NONCE_SIZE],
                        const void *aad, size_t aad_len, const void *sealed, size_t len,
                        GError **error);

gboolean crypto_random(void *out, size_t len, GError **error);
Secret  *crypto_random_secret(size_t len, GError **error);

/* Constant time; for anything derived from a secret, and for REPORT_DATA. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* One place turns a GnuTLS code into our error. */
gboolean gnutls_ok(int rc, const char *what, GError **error);
