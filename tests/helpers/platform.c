/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * platform - what a platform does, for shell tests:
 *   platform SPEC evidence BYTE FILE    report data of 64 times BYTE; FILE, and FILE.vek if any
 *   platform SPEC key SELECT TCB        a derived key, in hexadecimal digits
 *   platform SPEC burn
 *   platform SPEC spend BYTE FILE       evidence as above, then burn; both in one process
 */
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/attest/provider.h"

#include <stdlib.h>
#include <string.h>

static gboolean
evidence(Provider *p, char **words, GError **error)
{
    static const int kinds[] = { EVIDENCE_SNP_REPORT, EVIDENCE_TDX_QUOTE, EVIDENCE_CCA_TOKEN };
    guint8 data[64];
    g_auto(evidence_t) e = { 0 };
    g_autofree char *vek = g_strconcat(words[1], ".vek", NULL);

    memset(data, atoi(words[0]), sizeof(data));
    if (!provider_evidence(p, data, &e, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        GBytes *part = e.parts[kinds[i]];

        if (part != NULL && !io_write_file(words[1], g_bytes_get_data(part, NULL),
                                           g_bytes_get_size(part), 0600, error))
            return FALSE;
    }
    if (e.parts[EVIDENCE_VEK_CERTIFICATE] == NULL)
        return TRUE;
    return io_write_file(vek, g_bytes_get_data(e.parts[EVIDENCE_VEK_CERTIFICATE], NULL),
                         g_bytes_get_size(e.parts[EVIDENCE_VEK_CERTIFICATE]), 0600, error);
}

static gboolean
key(Provider *p, char **words, GError **error)
{
    const struct derive_request request = {
        .key_sel = 1,
        .guest_field_select = g_ascii_strtoull(words[0], NULL, 0),
        .tcb_version = g_ascii_strtoull(words[1], NULL, 0),
    };
    g_autoptr(Secret) derived = provider_derive_key(p, &request, error);
    g_autofree char *hex = derived ? hex_encode(secret_peek(derived), secret_len(derived)) : NULL;

    if (hex != NULL)
        g_print("%s\n", hex);
    return hex != NULL;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Provider) p = argc >= 3 ? provider_open(argv[1], &error) : NULL;
    gboolean ok = FALSE;

    if (p != NULL && argc == 5 && strcmp(argv[2], "evidence") == 0)
        ok = evidence(p, argv + 3, &error);
    else if (p != NULL && argc == 5 && strcmp(argv[2], "key") == 0)
        ok = key(p, argv + 3, &error);
    else if (p != NULL && argc == 5 && strcmp(argv[2], "spend") == 0)
        ok = evidence(p, argv + 3, &error) && provider_burn(p, &error);
    else if (p != NULL && argc == 3 && strcmp(argv[2], "burn") == 0)
        ok = provider_burn(p, &error);
    if (!ok)
        g_printerr("platform: %s\n", error ? error->message : "usage");
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
