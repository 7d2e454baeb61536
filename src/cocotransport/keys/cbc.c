/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cbc - AES-CBC, HMAC-SHA256 and PBKDF2 by GnuTLS, for swtpm's state format.
 */
#include "config.h"

#include "cocotransport/keys/cbc.h"

#include "base/error.h"

#include <gnutls/crypto.h>
#include <string.h>

static gboolean
cipher_open(const Secret *key, const uint8_t iv[static CBC_BLOCK], size_t len,
            gnutls_cipher_hd_t *ret, GError **error)
{
    const gnutls_datum_t key_datum = secret_datum(key);
    const gnutls_datum_t iv_datum = { (void *)iv, CBC_BLOCK };
    gnutls_cipher_algorithm_t algorithm =
        secret_len(key) == 32 ? GNUTLS_CIPHER_AES_256_CBC : GNUTLS_CIPHER_AES_128_CBC;

    if (len % CBC_BLOCK != 0 || (secret_len(key) != 32 && secret_len(key) != 16))
        return error_malformed(error, "AES-CBC: wrong length of key or data");
    return gnutls_ok(gnutls_cipher_init(ret, algorithm, &key_datum, &iv_datum), "AES-CBC", error);
}

gboolean
cbc_encrypt(const Secret *key, const uint8_t iv[static CBC_BLOCK], uint8_t *data, size_t len,
            GError **error)
{
    gnutls_cipher_hd_t cipher;
    int rc;

    if (!cipher_open(key, iv, len, &cipher, error))
        return FALSE;
    rc = gnutls_cipher_encrypt(cipher, data, len);
    gnutls_cipher_deinit(cipher);
    return gnutls_ok(rc, "AES-CBC", error);
}

gboolean
cbc_decrypt(const Secret *key, const uint8_t iv[static CBC_BLOCK], uint8_t *data, size_t len,
            GError **error)
{
    gnutls_cipher_hd_t cipher;
    int rc;

    if (!cipher_open(key, iv, len, &cipher, error))
        return FALSE;
    rc = gnutls_cipher_decrypt(cipher, data, len);
    gnutls_cipher_deinit(cipher);
    return gnutls_ok(rc, "AES-CBC", error);
}

gboolean
crypto_hmac_sha256(const Secret *key, const struct crypto_piece *pieces, size_t count,
                   uint8_t ret[static SHA256_SIZE], GError **error)
{
    gnutls_hmac_hd_t hmac;
    int rc = gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, secret_peek(key), secret_len(key));

    if (!gnutls_ok(rc, "HMAC-SHA256", error))
        return FALSE;
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = gnutls_hmac(hmac, pieces[i].data, pieces[i].len);
    gnutls_hmac_deinit(hmac, rc >= 0 ? ret : NULL);
    return gnutls_ok(rc, "HMAC-SHA256", error);
}

Secret *
crypto_pbkdf2_sha512(const Secret *password, const void *salt, size_t salt_len, unsigned rounds,
                     size_t len, GError **error)
{
    const gnutls_datum_t password_datum = secret_datum(password);
    const gnutls_datum_t salt_datum = { (void *)salt, (unsigned)salt_len };
    g_autoptr(Secret) key = secret_new(len);

    if (!gnutls_ok(gnutls_pbkdf2(GNUTLS_MAC_SHA512, &password_datum, &salt_datum, rounds,
                                 secret_bytes(key), len), "PBKDF2", error))
        return NULL;
    return g_steal_pointer(&key);
}
