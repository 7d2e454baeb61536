/* SPDX-License-Identifier: BSD-3-Clause */
/* The PSK identity, the first thing a stranger sends. */
#include "config.h"

#include "cocotransport/keys/schedule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct psk_identity id;
    uint8_t again[IDENTITY_MAX];

    if (!psk_identity_parse(data, size, &id, NULL))
        return 0;
    if (psk_identity_write(&id, again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
