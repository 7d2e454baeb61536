/* SPDX-License-Identifier: BSD-3-Clause */
/* builder - writes fields into memory of a fixed size; see builder.h. */
#include "config.h"

#include "base/builder.h"

#include <string.h>

struct builder
builder_on(void *memory, size_t size)
{
    uint8_t *p = memory;

    return (struct builder){ .start = p, .pos = p, .end = size > 0 ? p + size : p };
}

size_t
builder_len(const struct builder *b)
{
    return b->pos == b->start ? 0 : (size_t)(b->pos - b->start);
}

uint8_t *
builder_space(struct builder *b, size_t len)
{
    uint8_t *at = b->pos;

    if (b->failed || len > (b->pos == b->end ? 0 : (size_t)(b->end - b->pos))) {
        b->failed = true;
        return NULL;
    }
    if (len > 0)
        b->pos += len;
    return at;
}

static void
put_big_endian(uint8_t *p, uint64_t value, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        p[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void
put_little_endian(uint8_t *p, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)value;
        value >>= 8;
    }
}

static void
big_endian(struct builder *b, uint64_t value, size_t len)
{
    uint8_t *p = builder_space(b, len);

    if (p != NULL)
        put_big_endian(p, value, len);
}

static void
little_endian(struct builder *b, uint64_t value, size_t len)
{
    uint8_t *p = builder_space(b, len);

    if (p != NULL)
        put_little_endian(p, value, len);
}

void
builder_u8(struct builder *b, uint8_t value)
{
    big_endian(b, value, 1);
}

void
builder_be16(struct builder *b, uint16_t value)
{
    big_endian(b, value, 2);
}

void
builder_be32(struct builder *b, uint32_t value)
{
    big_endian(b, value, 4);
}

void
builder_be64(struct builder *b, uint64_t value)
{
    big_endian(b, value, 8);
}

void
builder_le16(struct builder *b, uint16_t value)
{
    little_endian(b, value, 2);
}

void
builder_le32(struct builder *b, uint32_t value)
{
    little_endian(b, value, 4);
}

void
builder_le64(struct builder *b, uint64_t value)
{
    little_endian(b, value, 8);
}

void
builder_bytes(struct builder *b, const void *data, size_t len)
{
    uint8_t *p = builder_space(b, len);

    if (p != NULL && len > 0)
        memcpy(p, data, len);
}

void
builder_zero(struct builder *b, size_t len)
{
    uint8_t *p = builder_space(b, len);

    if (p != NULL && len > 0)
        memset(p, 0, len);
}

/* Only what was written before may be written over. */
static void
overwrite(struct builder *b, size_t at, uint64_t value, size_t len)
{
    const size_t written = builder_len(b);

    if (b->failed || at > written || len > written - at) {
        b->failed = true;
        return;
    }
    put_big_endian(b->start + at, value, len);
}

void
builder_be16_at(struct builder *b, size_t at, uint16_t value)
{
    overwrite(b, at, value, 2);
}

void
builder_be32_at(struct builder *b, size_t at, uint32_t value)
{
    overwrite(b, at, value, 4);
}
