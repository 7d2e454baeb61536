/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * elements - an unknown type is an error: there is nobody older to be kind to,
 * and what is not understood must not be lost at the next write.
 */
#include "cocotransport/seal/elements.h"

#include "base/error.h"

static gboolean
row_of(const struct element_row *rows, size_t count, guint16 type, size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].type == type) {
            *ret = i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
element_parse(struct cursor *in, const struct element_row *rows, size_t count, size_t *next,
              struct cursor *values, GError **error)
{
    const guint16 type = cursor_be16(in);
    const guint32 len = cursor_be32(in);
    size_t row;

    if (in->failed || len > cursor_left(in))
        return error_malformed(error, "an element is cut short");
    if (!row_of(rows, count, type, &row))
        return error_malformed(error, "element %u is unknown", type);
    if (row < *next)
        return error_malformed(error, "element %s is out of order or there twice", rows[row].name);
    if (len < rows[row].min || len > rows[row].max)
        return error_malformed(error, "element %s has a length of %u bytes", rows[row].name, len);
    values[row] = cursor_sub(in, len);
    *next = row + 1;

    return TRUE;
}

gboolean
elements_parse(struct cursor *in, const struct element_row *rows, size_t count,
               struct cursor *values, GError **error)
{
    size_t next = 0;

    for (size_t i = 0; i < count; i++)
        values[i] = (struct cursor){ NULL, NULL, false };
    while (cursor_left(in) > 0)
        if (!element_parse(in, rows, count, &next, values, error))
            return FALSE;
    for (size_t i = 0; i < count; i++)
        if (rows[i].required && values[i].pos == NULL)
            return error_malformed(error, "element %s is missing", rows[i].name);
    return TRUE;
}

void
element_write(struct builder *out, guint16 type, const void *data, size_t len)
{
    builder_be16(out, type);
    builder_be32(out, (guint32)len);
    builder_bytes(out, data, len);
}

void
element_write_secret(struct builder *out, guint16 type, const Secret *s)
{
    if (s != NULL)
        element_write(out, type, secret_peek(s), secret_len(s));
}

void
element_write_bytes(struct builder *out, guint16 type, GBytes *b)
{
    gsize len;
    const void *data;

    if (b == NULL)
        return;
    data = g_bytes_get_data(b, &len);
    element_write(out, type, data, len);
}

size_t
element_size_secret(const Secret *s)
{
    return s != NULL ? ELEMENT_HEADER + secret_len(s) : 0;
}

size_t
element_size_bytes(GBytes *b)
{
    return b != NULL ? ELEMENT_HEADER + g_bytes_get_size(b) : 0;
}

Secret *
element_secret(const struct cursor *value)
{
    return value->pos != NULL ? secret_copy(value->pos, cursor_left(value)) : NULL;
}

GBytes *
element_bytes(const struct cursor *value)
{
    return value->pos != NULL ? g_bytes_new(value->pos, cursor_left(value)) : NULL;
}
