/* SPDX-License-Identifier: BSD-3-Clause */
/* A certificate table, which the host writes; what was read can be written and read again. */
#include "config.h"

#include "cocotransport/attest/certtable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean
same(GBytes *a, GBytes *b)
{
    return a == b || (a != NULL && b != NULL && g_bytes_equal(a, b));
}

static void
check_written(GBytes *const entries[static CERTTABLE_KINDS])
{
    g_autoptr(GBytes) table = certtable_write(entries, NULL);
    GBytes *again[CERTTABLE_KINDS] = { NULL };
    gsize len;
    const void *data;

    if (table == NULL)               /* entries that lay over each other may not fit side by side */
        return;
    data = g_bytes_get_data(table, &len);
    if (!certtable_parse(data, len, again, NULL))
        abort();
    for (int i = 0; i < CERTTABLE_KINDS; i++) {
        if (!same(entries[i], again[i]))
            abort();
    }
    certtable_clear(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GBytes *entries[CERTTABLE_KINDS] = { NULL };
    g_autoptr(GBytes) table = g_bytes_new(data, size);
    g_autoptr(GBytes) vek = certtable_vek(table);

    if (!certtable_parse(data, size, entries, NULL)) {
        if (vek != NULL)
            abort();
        return 0;
    }
    for (int i = 0; i < CERTTABLE_KINDS; i++) {
        if (entries[i] != NULL && g_bytes_get_size(entries[i]) > size)
            abort();
    }
    check_written(entries);
    certtable_clear(entries);
    return 0;
}
