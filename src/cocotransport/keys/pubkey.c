/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pubkey - GnuTLS' public keys.
 */
#include "config.h"

#include "cocotransport/keys/pubkey.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define PEM_MAX 16384
#define SIGNATURE_MAX 1024

static pubkey_t *
import(GBytes *pem, GError **error)
{
    g_autoptr(pubkey_t) key = NULL;
    const gnutls_datum_t data = { (void *)g_bytes_get_data(pem, NULL),
                                  (unsigned)g_bytes_get_size(pem) };

    if (g_bytes_get_size(pem) > PEM_MAX) {
        error_malformed(error, "a public key of more than %d bytes", PEM_MAX);
        return NULL;
    }
    if (!gnutls_ok(gnutls_pubkey_init(&key), "public key", error) ||
        !gnutls_ok(gnutls_pubkey_import(key, &data, GNUTLS_X509_FMT_PEM), "public key", error))
        return NULL;
    return g_steal_pointer(&key);
}

gboolean
pubkey_id(GBytes *pem, uint8_t ret[static 32], GError **error)
{
    g_autoptr(pubkey_t) key = import(pem, error);
    uint8_t id[SHA256_SIZE];
    size_t len = sizeof(id);

    if (key == NULL ||
        !gnutls_ok(gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &len), "public key",
                   error))
        return FALSE;
    memcpy(ret, id, sizeof(id));

    return TRUE;
}

gboolean
pubkey_verify(GBytes *pem, const char *text, GBytes *signature, GError **error)
{
    g_autoptr(pubkey_t) key = import(pem, error);
    const gnutls_datum_t data = { (void *)text, (unsigned)strlen(text) };
    const gnutls_datum_t sig = { (void *)g_bytes_get_data(signature, NULL),
                                 (unsigned)g_bytes_get_size(signature) };
    gnutls_sign_algorithm_t algorithm;

    if (key == NULL)
        return FALSE;
    if (sig.size == 0 || sig.size > SIGNATURE_MAX)
        return error_malformed(error, "a signature of %u bytes", sig.size);
    algorithm = gnutls_pk_to_sign(
        (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(key, NULL), GNUTLS_DIG_SHA256);
    if (algorithm == GNUTLS_SIGN_UNKNOWN)
        return error_denied(error, "a key of this kind signs nothing with SHA-256");
    return gnutls_pubkey_verify_data2(key, algorithm, 0, &data, &sig) >= 0 ||
           error_denied(error, "the signature is not good");
}
