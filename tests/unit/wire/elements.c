/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "elements.h"

#include "base/builder.h"
#include "base/cursor.h"

#include <check.h>

static void
put(struct builder *out, guint16 type, const guint8 *value, gsize len)
{
    builder_be16(out, type);
    builder_be32(out, (guint32)len);
    builder_bytes(out, value, len);
}

gsize
elements_replace(const guint8 *wire, gsize len, guint16 type, GBytes *value, guint8 *out, gsize size)
{
    struct cursor in = cursor_from(wire, len);
    struct builder b = builder_on(out, size);
    gsize value_len;
    const guint8 *bytes = g_bytes_get_data(value, &value_len);
    gboolean done = FALSE;

    while (cursor_left(&in) > 0) {
        const guint16 at = cursor_be16(&in);
        const guint32 at_len = cursor_be32(&in);
        const guint8 *at_value = cursor_bytes(&in, at_len);

        ck_assert(!in.failed);
        if (at >= type && !done) {
            put(&b, type, bytes, value_len);
            done = TRUE;
        }
        if (at != type)
            put(&b, at, at_value, at_len);
    }
    if (!done)
        put(&b, type, bytes, value_len);
    ck_assert(!b.failed);
    return builder_len(&b);
}
