/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cipher - the encryption of swtpm's format, with its peculiarities: the same
 * key for AES and for the MAC, padding to the length of the key, an IV field as
 * long as the key of which AES takes the first 16 bytes.
 */
#include "config.h"

#include "swtpm/store/cipher.h"

#include "base/error.h"
#include "cocotransport/keys/cbc.h"

#include <string.h>

struct cipher {
    StateKey key;
    Secret *secret;
};

static const Secret *
secret_of(const StateKey *key)
{
    return ((const struct cipher *)key)->secret;
}

/* Over ciphertext and the whole IV field, where there is one. */
static gboolean
mac_over(const Secret *secret, GBytes *data, GBytes *iv, guint8 ret[static SHA256_SIZE],
         GError **error)
{
    const struct crypto_piece pieces[] = {
        { g_bytes_get_data(data, NULL), g_bytes_get_size(data) },
        { iv == NULL ? NULL : g_bytes_get_data(iv, NULL), iv == NULL ? 0 : g_bytes_get_size(iv) },
    };

    return crypto_hmac_sha256(secret, pieces, iv == NULL ? 1 : 2, ret, error);
}

static GBytes *
encrypt_padded(const StateKey *key, GBytes *plain, const guint8 *iv, GError **error)
{
    gsize len = g_bytes_get_size(plain);
    gsize pad = key->len - len % key->len;
    g_autofree guint8 *data = g_malloc(len + pad);

    if (len > 0)
        memcpy(data, g_bytes_get_data(plain, NULL), len);
    memset(data + len, (int)pad, pad);
    if (!cbc_encrypt(secret_of(key), iv, data, len + pad, error)) {
        memset(data, 0, len + pad);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), len + pad);
}

static gboolean
cipher_seal(const StateKey *key, GBytes *plain, struct format_sealed *ret, GError **error)
{
    g_auto(format_sealed_t) sealed = { 0 };
    guint8 iv[32], mac[SHA256_SIZE];

    if (!crypto_random(iv, key->len, error))
        return FALSE;
    sealed.iv = g_bytes_new(iv, key->len);
    sealed.data = encrypt_padded(key, plain, iv, error);
    if (sealed.data == NULL || !mac_over(secret_of(key), sealed.data, sealed.iv, mac, error))
        return FALSE;
    sealed.mac = g_bytes_new(mac, sizeof(mac));
    *ret = sealed;
    sealed = (struct format_sealed){ 0 };
    return TRUE;
}

static GBytes *
refuse(GError **error, const char *text)
{
    g_set_error_literal(error, FORMAT_ERROR, FORMAT_ERROR_DECRYPT, text);
    return NULL;
}

/* The padding is looked at under a MAC that held, so no oracle is made by it. */
static GBytes *
decrypt_padded(const StateKey *key, GBytes *data, const guint8 *iv, GError **error)
{
    gsize len = g_bytes_get_size(data);
    g_autofree guint8 *plain = g_memdup2(g_bytes_get_data(data, NULL), len);
    guint8 pad;

    if (!cbc_decrypt(secret_of(key), iv, plain, len, error))
        return NULL;
    pad = plain[len - 1];
    if (pad == 0 || pad > key->len || pad > len)
        return refuse(error, "Error, illegal pad length");
    return g_bytes_new_take(g_steal_pointer(&plain), len - pad);
}

static GBytes *
cipher_open(const StateKey *key, const struct format_sealed *sealed, GError **error)
{
    guint8 iv[CBC_BLOCK] = { 0 };
    guint8 mac[SHA256_SIZE];
    gsize len = g_bytes_get_size(sealed->data);

    if (g_bytes_get_size(sealed->mac) != sizeof(mac))
        return refuse(error, "The HMAC has a wrong length.");
    if (!mac_over(secret_of(key), sealed->data, sealed->iv, mac, error))
        return NULL;
    if (!crypto_equal(mac, g_bytes_get_data(sealed->mac, NULL), sizeof(mac)))
        return refuse(error, "Verification of HMAC failed. Data integrity is compromised");
    if (len == 0 || len % CBC_BLOCK != 0
        || (sealed->iv != NULL && g_bytes_get_size(sealed->iv) < CBC_BLOCK))
        return refuse(error, "The encrypted data or its IV have a wrong length.");
    if (sealed->iv != NULL)
        memcpy(iv, g_bytes_get_data(sealed->iv, NULL), CBC_BLOCK);
    return decrypt_padded(key, sealed->data, iv, error);
}

static void
cipher_free(StateKey *key)
{
    secret_free(((struct cipher *)key)->secret);
    g_free(key);
}

static const struct state_key_ops cipher_ops = {
    .seal = cipher_seal,
    .open = cipher_open,
    .free = cipher_free,
};

StateKey *
state_key_new(Secret *key, GError **error)
{
    struct cipher *c;

    if (key == NULL)
        return NULL;
    if (secret_len(key) != 16 && secret_len(key) != 32) {
        error_malformed(error, "A state key has 16 or 32 bytes");
        secret_free(key);
        return NULL;
    }
    c = g_new0(struct cipher, 1);
    c->key.ops = &cipher_ops;
    c->key.len = secret_len(key);
    c->secret = key;
    return &c->key;
}
