/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm2_pcr - which PCR banks there are, and which of them are active.
 */
#include "config.h"

#include "swtpm_setup/tpm2.h"

#include "base/error.h"

#include <string.h>

static const struct {
    const char *name;
    TPM2_ALG_ID alg;
} banks[] = {
    { "sha1", TPM2_ALG_SHA1 },       { "sha256", TPM2_ALG_SHA256 }, { "sha384", TPM2_ALG_SHA384 },
    { "sha512", TPM2_ALG_SHA512 },   { "sm3-256", TPM2_ALG_SM3_256 },
};

static const char *
bank_name(TPM2_ALG_ID alg)
{
    for (guint i = 0; i < G_N_ELEMENTS(banks); i++)
        if (banks[i].alg == alg)
            return banks[i].name;
    return NULL;
}

static gboolean
read_banks(Tpm2 *t, TPML_PCR_SELECTION *ret, GError **error)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more;

    if (!tpm2_ok(Esys_GetCapability(tpm2_esys(t), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_PCRS, 0, 64, &more, &data),
                 "TPM2_GetCapability", error))
        return FALSE;
    *ret = data->data.assignedPCR;
    Esys_Free(data);
    return TRUE;
}

char *
tpm2_pcr_banks(Tpm2 *t, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    TPML_PCR_SELECTION all;

    if (!read_banks(t, &all, error))
        return NULL;
    for (guint i = 0; i < all.count; i++) {
        const char *name = bank_name(all.pcrSelections[i].hash);

        if (name != NULL)
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", name);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* All 24 PCRs of the banks wanted, none of the others. */
static char *
choose(TPML_PCR_SELECTION *selection, const char *const *wanted)
{
    g_autoptr(GString) active = g_string_new(NULL);

    for (guint i = 0; i < selection->count; i++) {
        TPMS_PCR_SELECTION *bank = &selection->pcrSelections[i];
        const char *name = bank_name(bank->hash);
        gboolean on = name != NULL && g_strv_contains(wanted, name);

        bank->sizeofSelect = 3;
        memset(bank->pcrSelect, on ? 0xff : 0, 3);
        if (on)
            g_string_append_printf(active, "%s%s", active->len > 0 ? "," : "", name);
    }
    return g_string_free(g_steal_pointer(&active), FALSE);
}

char *
tpm2_pcr_allocate(Tpm2 *t, const char *wanted, GError **error)
{
    g_auto(GStrv) names = g_strsplit(wanted, ",", -1);
    TPML_PCR_SELECTION selection;
    TPMI_YES_NO success = TPM2_NO;
    UINT32 max, needed, available;
    g_autofree char *active = NULL;

    if (!read_banks(t, &selection, error))
        return NULL;
    active = choose(&selection, (const char *const *)names);
    if (*active == '\0') {
        error_denied(error, "No PCR banks could be allocated. None of the selected algorithms are "
                     "supported.");
        return NULL;
    }
    if (!tpm2_ok(Esys_PCR_Allocate(tpm2_esys(t), ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE, &selection, &success, &max, &needed,
                                   &available),
                 "TPM2_PCR_Allocate", error))
        return NULL;
    if (!success) {
        error_system(error, "TPM2_PCR_Allocate failed: no room for the banks.");
        return NULL;
    }
    return g_steal_pointer(&active);
}
