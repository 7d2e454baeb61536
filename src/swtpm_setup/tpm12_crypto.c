/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm12_crypto - TPM 1.2's fixed SHA-1 constructions.
 */
#include "config.h"

#include "swtpm_setup/tpm12_crypto.h"

#include "cocotransport/keys/crypto.h"
#include "cocotransport/keys/openssl.h"

#include <string.h>

#define OAEP_LABEL "TCPA"

static void
digest(const void *data, gsize len, guint8 ret[static 20])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    gsize size = 20;

    g_checksum_update(sum, data, (gssize)len);
    g_checksum_get_digest(sum, ret, &size);
}

static void
password_digest(const char *password, guint8 ret[static 20])
{
    memset(ret, 0, 20);
    if (password != NULL)
        digest(password, strlen(password), ret);
}

gboolean
tpm12_encrypt_password(const guint8 modulus[static 256], const char *password,
                       guint8 ret[static 256], GError **error)
{
    guint8 secret[20];

    password_digest(password, secret);
    return oaep_encrypt_raw(modulus, 256, OAEP_SHA1, OAEP_LABEL, strlen(OAEP_LABEL), secret,
                            sizeof(secret), ret, error);
}

/* HMAC(password, SHA-1(parameters) ‖ nonceEven ‖ nonceOdd ‖ continueAuthSession). */
gboolean
tpm12_authorise(struct tpm12_auth *auth, GError **error)
{
    const guint8 no_continue = 0;
    guint8 key[20], parameters[20];
    g_autoptr(GHmac) mac = NULL;
    gsize size = sizeof(auth->mac);

    if (!crypto_random(auth->odd, sizeof(auth->odd), error))
        return FALSE;
    password_digest(auth->password, key);
    digest(auth->parameters, auth->len, parameters);
    mac = g_hmac_new(G_CHECKSUM_SHA1, key, sizeof(key));
    g_hmac_update(mac, parameters, sizeof(parameters));
    g_hmac_update(mac, auth->even, sizeof(auth->even));
    g_hmac_update(mac, auth->odd, sizeof(auth->odd));
    g_hmac_update(mac, &no_continue, 1);
    g_hmac_get_digest(mac, auth->mac, &size);
    return TRUE;
}
