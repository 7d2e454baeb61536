/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims of both sides: what parses can be written, and parses as the same again. */
#include "config.h"

#include "cocotransport/wire/claims.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one(const uint8_t *data, size_t size, enum claims_side side)
{
    struct cursor in = cursor_from(data, size);
    struct claims c, again;
    uint8_t wire[CLAIMS_MAX], second[CLAIMS_MAX];
    struct builder b = builder_on(wire, sizeof(wire));
    struct builder b2 = builder_on(second, sizeof(second));

    if (!claims_parse(&in, side, &c, NULL))
        return;
    claims_write(&c, &b);
    in = cursor_from(wire, builder_len(&b));
    if (b.failed || !claims_parse(&in, side, &again, NULL))
        abort();
    claims_write(&again, &b2);
    if (builder_len(&b) != builder_len(&b2) || memcmp(wire, second, builder_len(&b)) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    one(data, size, CLAIMS_CLIENT);
    one(data, size, CLAIMS_SERVER);
    return 0;
}
