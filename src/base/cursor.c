/* SPDX-License-Identifier: BSD-3-Clause */
/* cursor - reads fields out of bytes that are not trusted; see cursor.h. */
#include "config.h"

#include "base/cursor.h"

#include <string.h>

struct cursor
cursor_from(const void *data, size_t len)
{
    const uint8_t *p = data;

    /* NULL + 0 is undefined in C, so NULL is never moved. */
    return (struct cursor){ .pos = p, .end = len > 0 ? p + len : p };
}

size_t
cursor_left(const struct cursor *c)
{
    return c->pos == c->end ? 0 : (size_t)(c->end - c->pos);
}

const uint8_t *
cursor_bytes(struct cursor *c, size_t len)
{
    static const uint8_t nothing[1] = { 0 };
    const uint8_t *at = c->pos;

    if (c->failed || len > cursor_left(c)) {
        c->failed = true;
        return NULL;
    }
    if (len == 0)            /* not NULL, which would mean failure */
        return at != NULL ? at : nothing;
    c->pos += len;
    return at;
}

void
cursor_copy(struct cursor *c, void *out, size_t len)
{
    const uint8_t *from = cursor_bytes(c, len);

    if (len == 0)
        return;
    if (from != NULL)
        memcpy(out, from, len);
    else
        memset(out, 0, len);
}

struct cursor
cursor_sub(struct cursor *c, size_t len)
{
    const uint8_t *from = cursor_bytes(c, len);

    if (from != NULL)
        return cursor_from(from, len);
    return (struct cursor){ .failed = true };
}

/* @len bytes as a number, most significant byte first. */
static uint64_t
big_endian(struct cursor *c, size_t len)
{
    const uint8_t *p = cursor_bytes(c, len);
    uint64_t value = 0;

    for (size_t i = 0; p != NULL && i < len; i++)
        value = value << 8 | p[i];
    return value;
}

/* @len bytes as a number, least significant byte first. */
static uint64_t
little_endian(struct cursor *c, size_t len)
{
    const uint8_t *p = cursor_bytes(c, len);
    uint64_t value = 0;

    for (size_t i = len; p != NULL && i > 0; i--)
        value = value << 8 | p[i - 1];
    return value;
}

uint8_t
cursor_u8(struct cursor *c)
{
    return (uint8_t)big_endian(c, 1);
}

uint16_t
cursor_be16(struct cursor *c)
{
    return (uint16_t)big_endian(c, 2);
}

uint32_t
cursor_be32(struct cursor *c)
{
    return (uint32_t)big_endian(c, 4);
}

uint64_t
cursor_be64(struct cursor *c)
{
    return big_endian(c, 8);
}

uint16_t
cursor_le16(struct cursor *c)
{
    return (uint16_t)little_endian(c, 2);
}

uint32_t
cursor_le32(struct cursor *c)
{
    return (uint32_t)little_endian(c, 4);
}

uint64_t
cursor_le64(struct cursor *c)
{
    return little_endian(c, 8);
}

bool
cursor_done(const struct cursor *c)
{
    return !c->failed && c->pos == c->end;
}
