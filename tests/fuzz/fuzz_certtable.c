/* SPDX-License-Identifier: BSD-3-Clause */
/* A certificate table, which the host writes. */
#include "config.h"

#include "cocotransport/attest/certtable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GBytes *entries[CERTTABLE_KINDS] = { NULL };

    if (!certtable_parse(data, size, entries, NULL))
        return 0;
    for (int i = 0; i < CERTTABLE_KINDS; i++) {
        if (entries[i] != NULL && g_bytes_get_size(entries[i]) > size)
            abort();
    }
    certtable_clear(entries);
    return 0;
}
