/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence - its elements, ascending by kind, so that one meaning has one
 * spelling. What is inside a part is for attest/ to judge.
 */
#include "cocotransport/wire/evidence.h"

#include "base/error.h"

gboolean
evidence_parse(struct cursor *in, struct evidence *ret, GError **error)
{
    g_auto(evidence_t) e = { 0 };
    guint16 last = 0;

    if (cursor_left(in) > EVIDENCE_MAX)
        return error_malformed(error, "evidence: more than %u bytes", EVIDENCE_MAX);
    while (cursor_left(in) > 0) {
        const guint16 kind = cursor_be16(in);
        const guint32 len = cursor_be32(in);
        const uint8_t *bytes = cursor_bytes(in, len);

        if (in->failed)
            return error_malformed(error, "evidence: cut short");
        if (kind == 0 || kind >= EVIDENCE_KINDS)
            return error_malformed(error, "evidence: element of unknown kind %u", kind);
        if (kind <= last)
            return error_malformed(error, "evidence: elements out of order");
        if (len == 0)
            return error_malformed(error, "evidence: element %u is empty", kind);
        e.parts[kind] = g_bytes_new(bytes, len);
        last = kind;
    }
    if (in->failed)
        return error_malformed(error, "evidence: cut short");
    *ret = e;
    e = (evidence_t){ 0 };

    return TRUE;
}

void
evidence_write(const struct evidence *e, struct builder *out)
{
    for (guint kind = 1; kind < EVIDENCE_KINDS; kind++) {
        gsize len;
        const void *bytes;

        if (e->parts[kind] == NULL)
            continue;
        bytes = g_bytes_get_data(e->parts[kind], &len);
        builder_be16(out, (uint16_t)kind);
        builder_be32(out, (uint32_t)len);
        builder_bytes(out, bytes, len);
    }
}

void
evidence_clear(struct evidence *e)
{
    for (guint kind = 0; kind < EVIDENCE_KINDS; kind++)
        g_clear_pointer(&e->parts[kind], g_bytes_unref);
}
