/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates and revocation lists as peers send them, and AMD's extensions. */
#include "config.h"

#include "cocotransport/attest/certificate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GPtrArray) list = certificates_parse(bytes, NULL);
    g_autoptr(crl_t) crl = crl_parse(bytes, NULL);
    g_autoptr(Der) der = der_new(NULL);
    const struct certificate *first;
    struct vek_extensions x;

    (void)crl;               /* read only to be freed again */
    if (list == NULL || der == NULL)
        return 0;
    first = g_ptr_array_index(list, 0);
    if (vek_extensions_parse(der, first, &x, NULL) && x.has_hwid && x.hwid_len != 64 &&
        x.hwid_len != 8)
        abort();
    (void)certificate_is_p384(first);
    (void)certificate_signed_by(der, first, g_ptr_array_index(list, list->len - 1), NULL);
    return 0;
}
