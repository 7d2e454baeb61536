/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idblock - the ID block of a launch and the signatures over it (SEV-SNP ABI,
 * "ID Block" and "ID Authentication Information Structure"). The id key signs
 * the block; the author's key, where there is one, signs the id key.
 */
#include "snpemu/launch.h"

#include "base/cursor.h"
#include "cocotransport/keys/crypto.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#define SIGNATURE_SIZE 512
#define KEY_SIZE 1028
#define NUMBER_SIZE 72
#define COORDINATE 48
#define CURVE_P384 2
#define ECDSA_P384_SHA384 1
#define FIRST_SIGNATURE_AT 0x40

struct id_block {
    uint8_t  measurement[MEASUREMENT_SIZE];
    uint8_t  family_id[16], image_id[16];
    uint32_t version, guest_svn;
    uint64_t policy;
};

struct id_auth {
    uint32_t id_algorithm, author_algorithm;
    const uint8_t *id_signature, *id_key, *author_signature, *author_key;
};

static gboolean
block_parse(GBytes *bytes, struct id_block *ret)
{
    struct cursor in = cursor_from(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    struct id_block b = { 0 };

    cursor_copy(&in, b.measurement, sizeof(b.measurement));
    cursor_copy(&in, b.family_id, sizeof(b.family_id));
    cursor_copy(&in, b.image_id, sizeof(b.image_id));
    b.version = cursor_le32(&in);
    b.guest_svn = cursor_le32(&in);
    b.policy = cursor_le64(&in);
    if (!cursor_done(&in) || b.version != 1)
        return FALSE;
    *ret = b;
    return TRUE;
}

static gboolean
auth_parse(GBytes *bytes, struct id_auth *ret)
{
    struct cursor in = cursor_from(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    struct id_auth a = { 0 };

    a.id_algorithm = cursor_le32(&in);
    a.author_algorithm = cursor_le32(&in);
    cursor_bytes(&in, FIRST_SIGNATURE_AT - 8);
    a.id_signature = cursor_bytes(&in, SIGNATURE_SIZE);
    a.id_key = cursor_bytes(&in, KEY_SIZE);
    cursor_bytes(&in, 0x680 - 0x240 - KEY_SIZE);
    a.author_signature = cursor_bytes(&in, SIGNATURE_SIZE);
    a.author_key = cursor_bytes(&in, KEY_SIZE);
    if (in.failed || g_bytes_get_size(bytes) != ID_AUTH_SIZE)
        return FALSE;
    *ret = a;
    return TRUE;
}

/* 72 bytes, little-endian, of which the upper 24 are zero, to big-endian. */
static gboolean
number_big(const uint8_t little[static NUMBER_SIZE], uint8_t ret[static COORDINATE])
{
    for (size_t i = COORDINATE; i < NUMBER_SIZE; i++)
        if (little[i] != 0)
            return FALSE;
    for (size_t i = 0; i < COORDINATE; i++)
        ret[i] = little[COORDINATE - 1 - i];
    return TRUE;
}

static gboolean
key_import(const uint8_t key[static KEY_SIZE], gnutls_pubkey_t into)
{
    struct cursor in = cursor_from(key, KEY_SIZE);
    uint8_t x[COORDINATE], y[COORDINATE];
    const gnutls_datum_t qx = { x, sizeof(x) }, qy = { y, sizeof(y) };

    return cursor_le32(&in) == CURVE_P384
           && number_big(cursor_bytes(&in, NUMBER_SIZE), x)
           && number_big(cursor_bytes(&in, NUMBER_SIZE), y)
           && gnutls_pubkey_import_ecc_raw(into, GNUTLS_ECC_CURVE_SECP384R1, &qx, &qy) >= 0;
}

static gboolean
signature_verify(const uint8_t key[static KEY_SIZE], const uint8_t signature[static SIGNATURE_SIZE],
                 const void *data, size_t len)
{
    uint8_t r[COORDINATE], s[COORDINATE];
    const gnutls_datum_t in = { (void *)data, (unsigned)len };
    const gnutls_datum_t rr = { r, sizeof(r) }, ss = { s, sizeof(s) };
    gnutls_datum_t der = { 0 };
    gnutls_pubkey_t pubkey = NULL;
    gboolean ok = number_big(signature, r) && number_big(signature + NUMBER_SIZE, s)
                  && gnutls_encode_rs_value(&der, &rr, &ss) >= 0
                  && gnutls_pubkey_init(&pubkey) >= 0 && key_import(key, pubkey)
                  && gnutls_pubkey_verify_data2(pubkey, GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 0,
                                                &in, &der) >= 0;

    gnutls_free(der.data);
    g_clear_pointer(&pubkey, gnutls_pubkey_deinit);
    return ok;
}

static gboolean
key_digest(const uint8_t key[static KEY_SIZE], uint8_t ret[static SHA384_SIZE])
{
    const struct crypto_piece piece = { key, KEY_SIZE };

    return crypto_sha384(&piece, 1, ret, NULL);
}

static enum fw_status
signatures_check(GBytes *block, const struct id_auth *a, gboolean author)
{
    if (a->id_algorithm != ECDSA_P384_SHA384
        || (author && a->author_algorithm != ECDSA_P384_SHA384))
        return FW_INVALID_PARAM;
    if (!signature_verify(a->id_key, a->id_signature, g_bytes_get_data(block, NULL),
                          g_bytes_get_size(block)))
        return FW_BAD_SIGNATURE;
    if (author && !signature_verify(a->author_key, a->author_signature, a->id_key, KEY_SIZE))
        return FW_BAD_SIGNATURE;
    return FW_OK;
}

enum fw_status
id_block_apply(struct launch *l, GBytes *block, GBytes *auth, gboolean author)
{
    struct id_block b = { 0 };
    struct id_auth a = { 0 };
    enum fw_status status = FW_OK;

    if (auth == NULL || !block_parse(block, &b) || !auth_parse(auth, &a))
        return FW_INVALID_PARAM;
    if (memcmp(b.measurement, l->measurement, sizeof(b.measurement)) != 0)
        return FW_BAD_MEASUREMENT;
    if (b.policy != l->policy)
        return FW_POLICY_FAILURE;
    status = signatures_check(block, &a, author);
    if (status != FW_OK)
        return status;
    if (!key_digest(a.id_key, l->id_key_digest)
        || (author && !key_digest(a.author_key, l->author_key_digest)))
        return FW_PLATFORM;
    memcpy(l->family_id, b.family_id, sizeof(l->family_id));
    memcpy(l->image_id, b.image_id, sizeof(l->image_id));
    l->guest_svn = b.guest_svn;
    l->id_key_en = TRUE;
    l->author_key_en = author;
    return FW_OK;
}
