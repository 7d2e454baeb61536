/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eventlog - fields in the order of the TCG's structures, all little-endian.
 */
#include "cocotransport/wire/eventlog.h"

#include "base/error.h"

#include <string.h>

#define SPEC_SIGNATURE "Spec ID Event03"     /* and its final NUL */
#define LOCALITY_SIGNATURE "StartupLocality" /* likewise */
#define HCRTM_LOCALITY 4

static const struct alg_row {
    guint16 alg;
    guint8 len;
} alg_rows[] = {
    { 0x0004, 20 }, { 0x000b, 32 }, { 0x000c, 48 }, { 0x000d, 64 }, { 0x0012, 32 },
    { 0x0027, 32 }, { 0x0028, 48 }, { 0x0029, 64 },
};

static guint8
alg_len(guint16 alg)
{
    for (gsize i = 0; i < G_N_ELEMENTS(alg_rows); i++)
        if (alg_rows[i].alg == alg)
            return alg_rows[i].len;
    return 0;
}

gboolean
event_parse(struct cursor *in, struct event *ret, GError **error)
{
    struct event e = { 0 };

    e.pcr = cursor_le32(in);
    e.type = cursor_le32(in);
    e.count = cursor_le32(in);
    if (in->failed || e.count == 0 || e.count > EVENT_DIGESTS_MAX)
        return error_malformed(error, "event: cut short, or with %u digests", e.count);
    for (guint i = 0; i < e.count; i++) {
        e.digests[i].alg = cursor_le16(in);
        e.digests[i].len = alg_len(e.digests[i].alg);
        if (in->failed || e.digests[i].len == 0)
            return error_malformed(error, "event: hash 0x%04x is unknown", e.digests[i].alg);
        cursor_copy(in, e.digests[i].bytes, e.digests[i].len);
    }
    e.data_len = cursor_le32(in);
    if (in->failed || e.data_len > EVENT_DATA_MAX)
        return error_malformed(error, "event: cut short, or with %u bytes of data", e.data_len);
    cursor_copy(in, e.data, e.data_len);
    if (in->failed)
        return error_malformed(error, "event: cut short");
    *ret = e;

    return TRUE;
}

void
event_write(const struct event *e, struct builder *out)
{
    builder_le32(out, e->pcr);
    builder_le32(out, e->type);
    builder_le32(out, e->count);
    for (guint i = 0; i < e->count; i++) {
        builder_le16(out, e->digests[i].alg);
        builder_bytes(out, e->digests[i].bytes, e->digests[i].len);
    }
    builder_le32(out, e->data_len);
    builder_bytes(out, e->data, e->data_len);
}

/* TCG_PCR_EVENT (the old form) around TCG_EfiSpecIDEvent. */
static void
spec_write(const struct event *like, struct builder *out)
{
    const guint32 size = 16 + 4 + 4 + 4 + like->count * 4 + 1;

    builder_le32(out, 0);
    builder_le32(out, EV_NO_ACTION);
    builder_zero(out, 20);
    builder_le32(out, size);
    builder_bytes(out, SPEC_SIGNATURE, 16);
    builder_le32(out, 0);            /* platform class: client */
    builder_u8(out, 0);              /* version 2.0, errata 0 */
    builder_u8(out, 2);
    builder_u8(out, 0);
    builder_u8(out, 2);              /* UINTN is 8 bytes */
    builder_le32(out, like->count);
    for (guint i = 0; i < like->count; i++) {
        builder_le16(out, like->digests[i].alg);
        builder_le16(out, like->digests[i].len);
    }
    builder_u8(out, 0);              /* no vendor bytes */
}

static void
locality_write(const struct event *like, struct builder *out)
{
    struct event e = { .type = EV_NO_ACTION, .count = like->count, .data_len = 17 };

    for (guint i = 0; i < like->count; i++) {
        e.digests[i].alg = like->digests[i].alg;
        e.digests[i].len = like->digests[i].len;
    }
    memcpy(e.data, LOCALITY_SIGNATURE, 16);
    e.data[16] = HCRTM_LOCALITY;
    event_write(&e, out);
}

GBytes *
eventlog_of(const void *entry, gsize len, GError **error)
{
    struct cursor in = cursor_from(entry, len);
    struct event e;
    guint8 memory[8192];
    struct builder out = builder_on(memory, sizeof(memory));

    if (!event_parse(&in, &e, error))
        return NULL;
    if (!cursor_done(&in) || e.pcr != 0 || e.type != EV_EFI_HCRTM_EVENT) {
        error_malformed(error, "event: not the one H-CRTM event of PCR 0");
        return NULL;
    }
    spec_write(&e, &out);
    locality_write(&e, &out);
    event_write(&e, &out);
    if (out.failed) {
        error_system(error, "event log: too long");
        return NULL;
    }

    return g_bytes_new(memory, builder_len(&out));
}
