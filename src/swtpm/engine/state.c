/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state - libtpms' state blobs, the D-RTM sequence and the established flag:
 * what the control channel does to a TPM beside commands.
 */
#include "config.h"

#include "swtpm/engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include <libtpms/tpm_error.h>
#include <libtpms/tpm_library.h>
#include <libtpms/tpm_tis.h>

#include "base/error.h"
#include "swtpm/engine/private.h"

static enum TPMLIB_StateType
libtpms_type(enum engine_state kind)
{
    static const enum TPMLIB_StateType types[] = {
        [ENGINE_STATE_PERMANENT] = TPMLIB_STATE_PERMANENT,
        [ENGINE_STATE_VOLATILE] = TPMLIB_STATE_VOLATILE,
        [ENGINE_STATE_SAVE] = TPMLIB_STATE_SAVE_STATE,
    };

    return types[kind];
}

/* State is secret: the copy that libtpms made is wiped before it is given back. */
static GBytes *
take_blob(unsigned char *data, uint32_t len)
{
    GBytes *ret = g_bytes_new(data, len);

    if (data != NULL)
        explicit_bzero(data, len);
    free(data);
    return ret;
}

/* What a TPM 1.2 saved for resume is the stored one; asked for, libtpms would make another. */
static GBytes *
saved_state(Engine *e, GError **error)
{
    GBytes *ret = NULL;

    if (e->store == NULL)
        return NULL;
    (void)e->store->ops->load(e->store, engine_state_name(ENGINE_STATE_SAVE), &ret, error);
    return ret;
}

/*
 * As swtpm, which stores the volatile state to read it: what has been handed out
 * is nothing that a later start should go on with.
 */
static gboolean
forget_volatile(Engine *e, GError **error)
{
    return e->store == NULL || e->no_volatile ||
           e->store->ops->remove(e->store, engine_state_name(ENGINE_STATE_VOLATILE), FALSE, error);
}

GBytes *
engine_get_state(Engine *e, enum engine_state kind, GError **error)
{
    g_autoptr(GBytes) blob = NULL;
    unsigned char *data = NULL;
    uint32_t len = 0;
    TPM_RESULT rc;

    if (kind == ENGINE_STATE_SAVE)
        return saved_state(e, error);
    rc = TPMLIB_GetState(libtpms_type(kind), &data, &len);
    if (rc == TPM_RETRY)
        return NULL;
    if (!engine_tpm_ok(e, rc, engine_state_name(kind), error))
        return NULL;
    blob = take_blob(data, len);
    if (kind == ENGINE_STATE_VOLATILE && !forget_volatile(e, error))
        return NULL;
    return g_steal_pointer(&blob);
}

gboolean
engine_set_state(Engine *e, enum engine_state kind, const guint8 *data, gsize len, GError **error)
{
    if (len > UINT32_MAX)
        return error_malformed(error, "%s: too large", engine_state_name(kind));
    return engine_tpm_ok(e, TPMLIB_SetState(libtpms_type(kind), data, (uint32_t)len),
                         engine_state_name(kind), error);
}

gboolean
engine_store_volatile(Engine *e, GError **error)
{
    g_autoptr(GBytes) blob = NULL;
    unsigned char *data = NULL;
    uint32_t len = 0;
    gconstpointer bytes;
    gsize size;

    if (e->store == NULL || e->no_volatile)
        return error_denied(error, "volatile state is not kept here");
    if (!engine_tpm_ok(e, TPMLIB_VolatileAll_Store(&data, &len), "volatile state", error))
        return FALSE;
    blob = take_blob(data, len);
    bytes = g_bytes_get_data(blob, &size);
    return e->store->ops->save(e->store, engine_state_name(ENGINE_STATE_VOLATILE), bytes, size,
                               error);
}

/* Locality 4 is what the sequence stands for, whatever is set for commands. */
gboolean
engine_hash_start(Engine *e, GError **error)
{
    gboolean ok;

    e->command_locality = 4;
    ok = engine_tpm_ok(e, TPM_IO_Hash_Start(), "HASH_START", error);
    engine_refresh_view(e);
    return ok;
}

gboolean
engine_hash_data(Engine *e, const guint8 *data, gsize len, GError **error)
{
    if (len > UINT32_MAX)
        return error_malformed(error, "HASH_DATA is too long");
    return engine_tpm_ok(e, TPM_IO_Hash_Data(data, (uint32_t)len), "HASH_DATA", error);
}

gboolean
engine_hash_end(Engine *e, GError **error)
{
    gboolean ok = engine_tpm_ok(e, TPM_IO_Hash_End(), "HASH_END", error);

    e->shutdown_due = TRUE;
    engine_refresh_view(e);
    return ok;
}

gboolean
engine_reset_established(Engine *e, guint8 locality, GError **error)
{
    gboolean ok;

    e->command_locality = locality;
    ok = engine_tpm_ok(e, TPM_IO_TpmEstablished_Reset(), "RESET_TPMESTABLISHED", error);
    engine_refresh_view(e);
    return ok;
}
