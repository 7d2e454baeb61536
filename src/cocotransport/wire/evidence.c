/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence - its elements, ascending by kind, so that one meaning has one
 * spelling. What is inside a part is for attest/ to judge.
 */
#include "cocotransport/wire/evidence.h"

#include "base/error.h"
#include "cocotransport/wire/element.h"

gboolean
evidence_parse(struct cursor *in, struct evidence *ret, GError **error)
{
    g_auto(evidence_t) e = { 0 };
    guint16 last = 0;

    if (cursor_left(in) > EVIDENCE_MAX)
        return error_malformed(error, "evidence: more than %u bytes", EVIDENCE_MAX);
    while (cursor_left(in) > 0) {
        struct element part;

        if (!element_read(in, "evidence", &last, &part, error))
            return FALSE;
        if (part.type >= EVIDENCE_KINDS)
            return error_malformed(error, "evidence: element of unknown kind %u", part.type);
        if (part.len == 0)
            return error_malformed(error, "evidence: element %u is empty", part.type);
        e.parts[part.type] = g_bytes_new(cursor_bytes(&part.value, part.len), part.len);
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
        size_t start;

        if (e->parts[kind] == NULL)
            continue;
        bytes = g_bytes_get_data(e->parts[kind], &len);
        start = element_start(out, kind);
        builder_bytes(out, bytes, len);
        element_end(out, start);
    }
}

void
evidence_clear(struct evidence *e)
{
    for (guint kind = 0; kind < EVIDENCE_KINDS; kind++)
        g_clear_pointer(&e->parts[kind], g_bytes_unref);
}
