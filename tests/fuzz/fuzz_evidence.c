/* SPDX-License-Identifier: BSD-3-Clause */
/* Evidence elements: one meaning, one spelling. */
#include "config.h"

#include "cocotransport/wire/evidence.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_from(data, size);
    g_auto(evidence_t) e = { 0 };
    uint8_t again[EVIDENCE_MAX];
    struct builder b = builder_on(again, sizeof(again));

    if (!evidence_parse(&in, &e, NULL))
        return 0;
    evidence_write(&e, &b);
    if (b.failed || builder_len(&b) != size || (size > 0 && memcmp(again, data, size) != 0))
        abort();
    return 0;
}
