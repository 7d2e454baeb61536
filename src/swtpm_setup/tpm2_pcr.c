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
static void
choose(TPML_PCR_SELECTION *selection, const char *const *wanted)
{
    for (guint i = 0; i < selection->count; i++) {
        TPMS_PCR_SELECTION *bank = &selection->pcrSelections[i];
        const char *name = bank_name(bank->hash);

        bank->sizeofSelect = 3;
        memset(bank->pcrSelect, name != NULL && g_strv_contains(wanted, name) ? 0xff : 0, 3);
    }
}

static gboolean
has_bank(const TPML_PCR_SELECTION *selection, const char *wanted)
{
    for (guint i = 0; i < selection->count; i++)
        if (g_strcmp0(bank_name(selection->pcrSelections[i].hash), wanted) == 0)
            return TRUE;
    return FALSE;
}

/* Those of @wanted that the TPM has, each once, in the order of whoever asks: so it is logged. */
static char *
found_banks(const TPML_PCR_SELECTION *selection, const char *const *wanted)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    for (guint i = 0; wanted[i] != NULL; i++)
        if (has_bank(selection, wanted[i])
            && !g_ptr_array_find_with_equal_func(found, wanted[i], g_str_equal, NULL))
            g_ptr_array_add(found, (char *)wanted[i]);
    g_ptr_array_add(found, NULL);
    return g_strjoinv(",", (char **)found->pdata);
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
    active = found_banks(&selection, (const char *const *)names);
    if (*active == '\0') {
        error_denied(error, "No PCR banks could be allocated. None of the selected algorithms are "
                     "supported.");
        return NULL;
    }
    choose(&selection, (const char *const *)names);
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
