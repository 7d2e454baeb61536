/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idmake - keys and signatures in the firmware's form: numbers of 72 bytes,
 * little-endian, at the offsets of the ID authentication structure.
 */
#include "snpemu/idmake.h"

#include "base/builder.h"
#include "base/error.h"
#include "base/io.h"
#include "cocotransport/keys/crypto.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#define PEM_MAX 16384
#define KEY_SIZE 1028
#define ID_SIGNATURE_AT 0x40
#define ID_KEY_AT 0x240
#define AUTHOR_SIGNATURE_AT 0x680
#define AUTHOR_KEY_AT 0x880
#define ALGORITHM 1                  /* ECDSA P-384 with SHA-384 */
#define CURVE_P384 2

static gnutls_x509_privkey_t
key_load(const char *path, GError **error)
{
    g_autoptr(GBytes) pem = io_read_file(path, PEM_MAX, error);
    gnutls_x509_privkey_t key = NULL;
    gnutls_datum_t in = { 0 };

    if (pem == NULL || !gnutls_ok(gnutls_x509_privkey_init(&key), path, error))
        return NULL;
    in = (gnutls_datum_t){ (void *)g_bytes_get_data(pem, NULL), (unsigned)g_bytes_get_size(pem) };
    if (!gnutls_ok(gnutls_x509_privkey_import(key, &in, GNUTLS_X509_FMT_PEM), path, error))
        g_clear_pointer(&key, gnutls_x509_privkey_deinit);
    return key;
}

static gboolean
key_structure(gnutls_x509_privkey_t key, uint8_t ret[static KEY_SIZE], GError **error)
{
    gnutls_datum_t x = { 0 }, y = { 0 }, k = { 0 };
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    struct builder b = builder_on(ret, 4);
    gboolean ok = gnutls_ok(gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k),
                            "reading a P-384 key", error);

    memset(ret, 0, KEY_SIZE);
    builder_le32(&b, CURVE_P384);
    if (ok && (curve != GNUTLS_ECC_CURVE_SECP384R1 || !number_little(&x, ret + 4)
               || !number_little(&y, ret + 4 + 72)))
        ok = error_malformed(error, "an ID key has to be on P-384");
    gnutls_free(x.data);
    gnutls_free(y.data);
    if (k.data != NULL)
        gnutls_memset(k.data, 0, k.size);
    gnutls_free(k.data);
    return ok;
}

/* Key structure and its digest, and its signature over @data. */
static gboolean
key_use(const char *path, const void *data, size_t len, uint8_t *ret_key, uint8_t *ret_digest,
        uint8_t *ret_signature, GError **error)
{
    const struct crypto_piece piece = { ret_key, KEY_SIZE };
    const struct vek signer = { .key = key_load(path, error) };
    gboolean ok = signer.key != NULL && key_structure(signer.key, ret_key, error)
                  && crypto_sha384(&piece, 1, ret_digest, error)
                  && vek_sign(&signer, data, len, ret_signature, error);

    if (signer.key != NULL)
        gnutls_x509_privkey_deinit(signer.key);
    return ok;
}

gboolean
id_make(const struct id_config *config, struct id_made *ret, GError **error)
{
    struct id_made made = { 0 };
    struct builder b = builder_on(made.block, sizeof(made.block));
    struct builder a = builder_on(made.auth, 8);

    builder_bytes(&b, config->measurement, sizeof(config->measurement));
    builder_bytes(&b, config->family_id, sizeof(config->family_id));
    builder_bytes(&b, config->image_id, sizeof(config->image_id));
    builder_le32(&b, 1);
    builder_le32(&b, config->guest_svn);
    builder_le64(&b, config->policy);
    builder_le32(&a, ALGORITHM);
    builder_le32(&a, config->author_key ? ALGORITHM : 0);
    if (!key_use(config->id_key, made.block, sizeof(made.block), made.auth + ID_KEY_AT,
                 made.id_key_digest, made.auth + ID_SIGNATURE_AT, error))
        return FALSE;
    if (config->author_key != NULL
        && !key_use(config->author_key, made.auth + ID_KEY_AT, KEY_SIZE,
                    made.auth + AUTHOR_KEY_AT, made.author_key_digest,
                    made.auth + AUTHOR_SIGNATURE_AT, error))
        return FALSE;
    *ret = made;
    return TRUE;
}
