/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Certificates and revocation lists as peers send them, and the extensions of
 * AMD's and Intel's. A list may stand before a certificate, in PEM: text before
 * one is skipped, so both are found in one input.
 */
#include "config.h"

#include "cocotransport/attest/certificate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask_certificate(const Der *der, const struct certificate *c, const struct certificate *issuer)
{
    static const guint8 one[48] = { [47] = 1 };
    struct vek_extensions x;
    struct pck_extensions pck;
    guint8 digest[32];
    g_autofree char *name = certificate_issuer(c);

    if (strlen(name) > 255)
        abort();
    if (vek_extensions_parse(der, c, &x, NULL) && x.has_hwid && x.hwid_len != 64 &&
        x.hwid_len != 8)
        abort();
    (void)pck_extensions_parse(der, c, &pck, NULL);
    if (certificate_is_authority(c, TRUE) && !certificate_is_authority(c, FALSE))
        abort();
    (void)certificate_critical_known(c);
    (void)certificate_in_date(c, 1800000000);
    (void)certificate_spki_sha256(c, digest, NULL);
    (void)certificate_signed_by(der, c, issuer, NULL);
    /* Nobody signed this with r = s = 1. */
    if (certificate_is_p384(c) && certificate_verify_p384(c, "x", 1, one, one, NULL))
        abort();
}

static void
ask_list(const Der *der, const struct crl *crl, const struct certificate *c)
{
    (void)crl_signed_by(der, crl, c, NULL);
    (void)crl_signed_by_ecdsa(der, crl, c, NULL);
    (void)crl_in_date(crl, 1800000000);
    (void)crl_names(crl, c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GPtrArray) list = certificates_parse(bytes, NULL);
    g_autoptr(certificate_t) alone = certificate_parse(bytes, NULL);
    g_autoptr(crl_t) crl = crl_parse(bytes, NULL);
    g_autoptr(Der) der = der_new(NULL);

    if ((alone == NULL) != (list == NULL))
        abort();
    if (list == NULL || der == NULL)
        return 0;
    ask_certificate(der, g_ptr_array_index(list, 0), g_ptr_array_index(list, list->len - 1));
    if (crl != NULL)
        ask_list(der, crl, g_ptr_array_index(list, 0));
    return 0;
}
