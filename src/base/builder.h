/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * builder - the other side of a cursor: writes fields into memory of a fixed
 * size. It never grows, so no copy of a secret is left behind in the heap; a
 * write that does not fit fails for good, and is asked for once, at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct builder {
    uint8_t *start;
    uint8_t *pos;            /* next byte to write */
    uint8_t *end;            /* one past the last byte */
    bool failed;
};

struct builder builder_on(void *memory, size_t size);

void builder_u8(struct builder *b, uint8_t value);
void builder_be16(struct builder *b, uint16_t value);
void builder_be32(struct builder *b, uint32_t value);
void builder_be64(struct builder *b, uint64_t value);
void builder_le16(struct builder *b, uint16_t value);
void builder_le32(struct builder *b, uint32_t value);
void builder_le64(struct builder *b, uint64_t value);
void builder_bytes(struct builder *b, const void *data, size_t len);
void builder_zero(struct builder *b, size_t len);

/* @len bytes for the caller to fill; NULL on failure. */
uint8_t *builder_space(struct builder *b, size_t len);

/* Overwrites a field written before, @at bytes from the start (sizes that are known late). */
void builder_be16_at(struct builder *b, size_t at, uint16_t value);
void builder_be32_at(struct builder *b, size_t at, uint32_t value);

/* Bytes written so far. */
size_t builder_len(const struct builder *b);
