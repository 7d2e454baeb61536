/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * element - see element.h.
 */
#include "cocotransport/wire/element.h"

#include "base/error.h"

gboolean
element_read(struct cursor *in, const char *what, guint16 *last, struct element *ret,
             GError **error)
{
    struct element e = { .type = cursor_be16(in), .len = 0 };

    e.len = cursor_be32(in);
    e.value = cursor_sub(in, e.len);
    if (in->failed)
        return error_malformed(error, "%s: cut short", what);
    if (e.type <= *last)
        return error_malformed(error, "%s: type %u out of order", what, e.type);
    *last = e.type;
    *ret = e;
    return TRUE;
}

gboolean
element_text(struct cursor value, char *ret)
{
    const size_t len = cursor_left(&value);

    cursor_copy(&value, ret, len);
    ret[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isprint(ret[i]))
            return FALSE;
    }
    return TRUE;
}

size_t
element_start(struct builder *out, guint type)
{
    builder_be16(out, (uint16_t)type);
    builder_be32(out, 0);
    return builder_len(out);
}

void
element_end(struct builder *out, size_t start)
{
    builder_be32_at(out, start - sizeof(guint32), (uint32_t)(builder_len(out) - start));
}
