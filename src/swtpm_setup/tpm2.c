/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm2 - the ESAPI context over a descriptor, and the commands without a file
 * of their own.
 */
#include "config.h"

#include "swtpm_setup/tpm2.h"

#include "base/error.h"
#include "swtpm_setup/tcti.h"

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

/* A bound for a hang only: making keys on a busy machine takes long. */
#define COMMAND_SECONDS 600

struct Tpm2 {
    TSS2_TCTI_CONTEXT *tcti;         /* ours */
    TSS2_TCTI_CONTEXT *loaded;       /* the loader's */
    ESYS_CONTEXT *esys;
};

gboolean
tpm2_ok(TSS2_RC rc, const char *what, GError **error)
{
    if (rc == TSS2_RC_SUCCESS)
        return TRUE;
    return error_system(error, "%s failed: %s", what, Tss2_RC_Decode(rc));
}

static gboolean
begin(Tpm2 *t, TSS2_TCTI_CONTEXT *tcti, GError **error)
{
    TSS2_ABI_VERSION abi = TSS2_ABI_VERSION_CURRENT;

    return tpm2_ok(Esys_Initialize(&t->esys, tcti, &abi), "Esys_Initialize", error);
}

Tpm2 *
tpm2_open(int fd, GError **error)
{
    g_autoptr(Tpm2) t = g_new0(Tpm2, 1);

    t->tcti = fd_tcti_new(fd, COMMAND_SECONDS);
    return begin(t, t->tcti, error) ? g_steal_pointer(&t) : NULL;
}

Tpm2 *
tpm2_open_tcti(const char *name, GError **error)
{
    g_autoptr(Tpm2) t = g_new0(Tpm2, 1);

    if (!tpm2_ok(Tss2_TctiLdr_Initialize(name, &t->loaded), name, error)
        || !begin(t, t->loaded, error))
        return NULL;
    return g_steal_pointer(&t);
}

void
tpm2_close(Tpm2 *t)
{
    if (t == NULL)
        return;
    if (t->esys != NULL)
        Esys_Finalize(&t->esys);
    fd_tcti_free(t->tcti);
    if (t->loaded != NULL)
        Tss2_TctiLdr_Finalize(&t->loaded);
    g_free(t);
}

ESYS_CONTEXT *
tpm2_esys(Tpm2 *t)
{
    return t->esys;
}

gboolean
tpm2_has_handle(Tpm2 *t, guint32 handle, gboolean *ret, GError **error)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = TPM2_NO;

    if (!tpm2_ok(Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_HANDLES, handle, 1, &more, &data),
                 "TPM2_GetCapability", error))
        return FALSE;
    *ret = data->data.handles.count > 0 && data->data.handles.handle[0] == handle;
    Esys_Free(data);
    return TRUE;
}

gboolean
tpm2_dictionary_attack(Tpm2 *t, guint32 tries, guint32 recovery, guint32 lockout, GError **error)
{
    return tpm2_ok(Esys_DictionaryAttackParameters(t->esys, ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD,
                                                   ESYS_TR_NONE, ESYS_TR_NONE, tries, recovery,
                                                   lockout),
                   "TPM2_DictionaryAttackParameters", error);
}

gboolean
tpm2_shutdown(Tpm2 *t, GError **error)
{
    return tpm2_ok(Esys_Shutdown(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_SU_CLEAR),
                   "TPM2_Shutdown", error);
}
