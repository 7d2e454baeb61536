/* SPDX-License-Identifier: BSD-3-Clause */
/* An Azure HCL blob and the claims in it. */
#include "config.h"

#include "cocotpm/hcl.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(hcl_t) h = { 0 };
    guint8 digest[64];

    if (!hcl_parse(data, size, &h, NULL))
        return 0;
    if (h.claims_len > size || h.modulus == NULL)
        abort();
    (void)hcl_report_data(&h, digest, NULL);
    return 0;
}
