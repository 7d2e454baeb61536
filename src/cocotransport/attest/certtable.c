/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * certtable - entries of {GUID, u32 offset, u32 length}, little-endian, ended
 * by one of zeroes, then the certificates; offsets count from the table's start.
 */
#include "cocotransport/attest/certtable.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"

#include <string.h>

#define GUID_SIZE 16
#define ENTRY_SIZE 24

/* As they lie in memory: the first three fields little-endian. */
static const uint8_t guids[CERTTABLE_KINDS][GUID_SIZE] = {
    [CERTTABLE_VCEK] = { 0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45,
                         0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
    [CERTTABLE_VLEK] = { 0xc2, 0x4b, 0x07, 0xa8, 0x5a, 0xa2, 0x3e, 0x48,
                         0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
    [CERTTABLE_ASK] = { 0x79, 0xb3, 0xb7, 0x4a, 0xac, 0xbb, 0xe4, 0x4f,
                        0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 },
    [CERTTABLE_ARK] = { 0xa4, 0x06, 0xb4, 0xc0, 0x03, 0xa8, 0x52, 0x49,
                        0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae },
    [CERTTABLE_CRL] = { 0xc3, 0x1b, 0xf8, 0x92, 0x11, 0x58, 0x3d, 0x4d,
                        0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea },
};

struct entry {
    uint8_t guid[GUID_SIZE];
    uint32_t offset, length;
};

static struct entry
entry_read(struct cursor *in)
{
    struct entry e = { 0 };

    cursor_copy(in, e.guid, sizeof(e.guid));
    e.offset = cursor_le32(in);
    e.length = cursor_le32(in);
    return e;
}

static gboolean
entry_is_end(const struct entry *e)
{
    static const uint8_t zero[GUID_SIZE];

    return memcmp(e->guid, zero, sizeof(zero)) == 0 && e->offset == 0 && e->length == 0;
}

static int
kind_of(const struct entry *e)
{
    for (int kind = 0; kind < CERTTABLE_KINDS; kind++)
        if (memcmp(e->guid, guids[kind], GUID_SIZE) == 0)
            return kind;
    return -1;
}

void
certtable_clear(GBytes *entries[static CERTTABLE_KINDS])
{
    for (int kind = 0; kind < CERTTABLE_KINDS; kind++)
        g_clear_pointer(&entries[kind], g_bytes_unref);
}

/* Bytes that the entries take up, with the one that ends them; 0 when there is none. */
static size_t
entries_size(struct cursor in)
{
    const size_t len = cursor_left(&in);

    for (;;) {
        const struct entry e = entry_read(&in);

        if (in.failed)
            return 0;
        if (entry_is_end(&e))
            return len - cursor_left(&in);
    }
}

static gboolean
entries_read(const uint8_t *data, size_t len, GBytes *found[], GError **error)
{
    struct cursor in = cursor_from(data, len);
    const size_t head = entries_size(in);

    if (head == 0)
        return error_malformed(error, "the certificate table has no end");
    for (;;) {
        const struct entry e = entry_read(&in);
        const int kind = kind_of(&e);

        if (in.failed || entry_is_end(&e))
            return !in.failed;
        if (e.offset < head || e.offset > len || e.length == 0 || e.length > len - e.offset)
            return error_malformed(error, "the certificate table names %u bytes at %u, of %zu",
                                   e.length, e.offset, len);
        if (kind < 0)
            continue;
        if (found[kind] != NULL)
            return error_malformed(error, "the certificate table has one kind twice");
        found[kind] = g_bytes_new(data + e.offset, e.length);
    }
}

gboolean
certtable_parse(const void *data, size_t len, GBytes *ret[static CERTTABLE_KINDS], GError **error)
{
    GBytes *found[CERTTABLE_KINDS] = { NULL };

    if (len > CERTTABLE_MAX)
        return error_malformed(error, "a certificate table of %zu bytes", len);
    if (!entries_read(data, len, found, error)) {
        certtable_clear(found);
        return FALSE;
    }
    memcpy(ret, found, sizeof(found));
    return TRUE;
}

GBytes *
certtable_vek(GBytes *table)
{
    GBytes *entries[CERTTABLE_KINDS] = { NULL };
    GBytes *vek = NULL;

    if (!certtable_parse(g_bytes_get_data(table, NULL), g_bytes_get_size(table), entries, NULL))
        return NULL;
    vek = entries[CERTTABLE_VLEK] ? entries[CERTTABLE_VLEK] : entries[CERTTABLE_VCEK];
    if (vek != NULL)
        g_bytes_ref(vek);
    certtable_clear(entries);
    return vek;
}

GBytes *
certtable_write(GBytes *const entries[static CERTTABLE_KINDS], GError **error)
{
    const uint32_t head = (CERTTABLE_KINDS + 1) * ENTRY_SIZE;
    g_autofree uint8_t *table = g_malloc0(CERTTABLE_MAX);
    struct builder rows = builder_on(table, head);
    struct builder bodies = builder_on(table + head, CERTTABLE_MAX - head);

    for (int kind = 0; kind < CERTTABLE_KINDS; kind++) {
        if (entries[kind] == NULL)
            continue;
        builder_bytes(&rows, guids[kind], GUID_SIZE);
        builder_le32(&rows, head + (uint32_t)builder_len(&bodies));
        builder_le32(&rows, (uint32_t)g_bytes_get_size(entries[kind]));
        builder_bytes(&bodies, g_bytes_get_data(entries[kind], NULL),
                      g_bytes_get_size(entries[kind]));
    }
    if (bodies.failed) {
        error_malformed(error, "the certificates do not fit a table of %d bytes", CERTTABLE_MAX);
        return NULL;
    }
    return g_bytes_new(table, head + builder_len(&bodies));
}
