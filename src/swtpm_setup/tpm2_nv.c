/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm2_nv - NV areas as certificates and templates lie in (TCG EK Credential
 * Profile, 2.2.1.4; attributes as swtpm_setup has always set them).
 */
#include "config.h"

#include "swtpm_setup/tpm2.h"

#include "base/error.h"

#include <string.h>

#define AREA_MAX 8192
#define PIECE_MAX 1024

#define AREA_ATTRIBUTES                                                                            \
    (TPMA_NV_PLATFORMCREATE | TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD | TPMA_NV_PPREAD                \
     | TPMA_NV_PPWRITE | TPMA_NV_NO_DA)

static gboolean
define_area(Tpm2 *t, guint32 index, gsize len, TPMA_NV attributes, ESYS_TR *ret, GError **error)
{
    const TPM2B_AUTH no_auth = { 0 };
    const TPM2B_NV_PUBLIC public = {
        .nvPublic = {
            .nvIndex = index,
            .nameAlg = TPM2_ALG_SHA256,
            .attributes = attributes,
            .dataSize = (UINT16)len,
        },
    };

    return tpm2_ok(Esys_NV_DefineSpace(tpm2_esys(t), ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &public, ret),
                   "TPM2_NV_DefineSpace", error);
}

static gboolean
write_area(Tpm2 *t, ESYS_TR area, GBytes *data, GError **error)
{
    gsize len;
    const guint8 *bytes = g_bytes_get_data(data, &len);

    for (gsize at = 0; at < len; at += PIECE_MAX) {
        TPM2B_MAX_NV_BUFFER piece = { .size = (UINT16)MIN(PIECE_MAX, len - at) };

        memcpy(piece.buffer, bytes + at, piece.size);
        if (!tpm2_ok(Esys_NV_Write(tpm2_esys(t), ESYS_TR_RH_PLATFORM, area, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE, &piece, (UINT16)at),
                     "TPM2_NV_Write", error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
fill_area(Tpm2 *t, guint32 index, GBytes *data, TPMA_NV attributes, gboolean lock, GError **error)
{
    gsize len = g_bytes_get_size(data);
    ESYS_TR area = ESYS_TR_NONE;
    gboolean done;

    if (len == 0 || len > AREA_MAX)
        return error_malformed(error, "%zu bytes are no content for an NV area.", len);
    if (!define_area(t, index, len, attributes, &area, error))
        return FALSE;
    done = write_area(t, area, data, error)
           && (!lock
               || tpm2_ok(Esys_NV_WriteLock(tpm2_esys(t), ESYS_TR_RH_PLATFORM, area,
                                            ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
                          "TPM2_NV_WriteLock", error));
    Esys_TR_Close(tpm2_esys(t), &area);
    return done;
}

gboolean
tpm2_nv_store(Tpm2 *t, guint32 index, GBytes *data, gboolean lock, GError **error)
{
    return fill_area(t, index, data, AREA_ATTRIBUTES | TPMA_NV_WRITEDEFINE, lock, error);
}

gboolean
tpm2_nv_remove(Tpm2 *t, guint32 index, GError **error)
{
    ESYS_TR area = ESYS_TR_NONE;
    gboolean there = FALSE;

    if (!tpm2_has_handle(t, index, &there, error))
        return FALSE;
    if (!there)
        return TRUE;
    if (!tpm2_ok(Esys_TR_FromTPMPublic(tpm2_esys(t), index, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &area),
                 "TPM2_NV_ReadPublic", error))
        return FALSE;
    return tpm2_ok(Esys_NV_UndefineSpace(tpm2_esys(t), ESYS_TR_RH_PLATFORM, area, ESYS_TR_PASSWORD,
                                         ESYS_TR_NONE, ESYS_TR_NONE),
                   "TPM2_NV_UndefineSpace", error);
}

gboolean
tpm2_nv_replace(Tpm2 *t, guint32 index, GBytes *data, GError **error)
{
    return tpm2_nv_remove(t, index, error)
           && fill_area(t, index, data, AREA_ATTRIBUTES, FALSE, error);
}
