/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import - a certificate is stored only where its key is an endorsement key of
 * this very TPM: the standard EK handles are asked, one after the other.
 */
#include "config.h"

#include "swtpm_setup/import.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/quote.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/keys/crypto.h"

#include <string.h>

struct import {
    char *path;
    struct certificate *certificate;
    guint8 key[32];                  /* SHA-256 of the SubjectPublicKeyInfo */
    gboolean stored;
};

static void
import_free(gpointer data)
{
    struct import *i = data;

    certificate_free(i->certificate);
    g_free(i->path);
    g_free(i);
}

GPtrArray *
import_read(GPtrArray *paths, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(import_free);

    for (guint n = 0; n < paths->len; n++) {
        struct import *i = g_new0(struct import, 1);
        g_autoptr(GBytes) file = NULL;

        g_ptr_array_add(list, i);
        i->path = g_strdup(paths->pdata[n]);
        file = io_read_file(i->path, CERTIFICATE_MAX, error);
        if (file == NULL)
            return NULL;
        i->certificate = certificate_parse(file, error);
        if (i->certificate == NULL || !certificate_spki_sha256(i->certificate, i->key, error)) {
            g_prefix_error(error, "%s: ", i->path);
            return NULL;
        }
    }
    return g_steal_pointer(&list);
}

static gboolean
key_digest(const TPM2B_PUBLIC *public, guint8 ret[static 32], GError **error)
{
    g_autoptr(GBytes) spki = tpm_public_spki(&public->publicArea, error);
    struct crypto_piece piece;

    if (spki == NULL)
        return FALSE;
    piece.data = g_bytes_get_data(spki, NULL);
    piece.len = g_bytes_get_size(spki);
    return crypto_sha256(&piece, 1, ret, error);
}

static gboolean
store_for(struct setup *s, const struct key_algorithm *a, const guint8 key[static 32],
          GPtrArray *certs, GError **error)
{
    for (guint n = 0; n < certs->len; n++) {
        struct import *i = certs->pdata[n];

        if (memcmp(i->key, key, sizeof(i->key)) != 0)
            continue;
        if (!tpm2_nv_replace(s->tpm, a->ek_nv, i->certificate->der, error))
            return FALSE;
        i->stored = TRUE;
        if (!made_add_area(&s->made, "ek-certificate", a->ek_nv, i->certificate->der, error))
            return FALSE;
        report_say(s->report, "Successfully imported %s into NVRAM area 0x%x.", i->path, a->ek_nv);
    }
    return TRUE;
}

gboolean
import_store(struct setup *s, GPtrArray *certs, GError **error)
{
    const struct key_algorithm *a;

    for (guint n = 0; (a = key_algorithm_at(n)) != NULL; n++) {
        TPM2B_PUBLIC *public = NULL;
        guint8 key[32];
        gboolean good;

        if (!tpm2_read_public(s->tpm, a->ek_handle, &public, error))
            return FALSE;
        if (public == NULL)
            continue;
        good = key_digest(public, key, error) && store_for(s, a, key, certs, error);
        Esys_Free(public);
        if (!good)
            return FALSE;
    }
    for (guint n = 0; n < certs->len; n++) {
        const struct import *i = certs->pdata[n];

        if (!i->stored)
            return error_denied(error, "%s is of no endorsement key of this TPM.", i->path);
    }
    return TRUE;
}
