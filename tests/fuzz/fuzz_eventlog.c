/* SPDX-License-Identifier: BSD-3-Clause */
/* The event of PCR 0, as a client takes it from ATTACH's answer. */
#include "config.h"

#include "cocotransport/wire/eventlog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_from(data, size);
    struct event e;
    uint8_t again[4096];
    struct builder b = builder_on(again, sizeof(again));
    GBytes *log = eventlog_of(data, size, NULL);

    if (log != NULL)
        g_bytes_unref(log);
    if (!event_parse(&in, &e, NULL))
        return 0;
    event_write(&e, &b);
    if (b.failed || memcmp(again, data, builder_len(&b)) != 0)
        abort();
    return 0;
}
