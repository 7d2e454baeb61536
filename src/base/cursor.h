/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cursor - reads fields out of bytes that are not trusted. A read past the end
 * fails for good: read every field in wire order, ask once, then judge.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *pos;      /* next unread byte */
    const uint8_t *end;      /* one past the last byte */
    bool failed;
};

/* @data may be NULL when @len is 0; it has to outlive the cursor. */
struct cursor cursor_from(const void *data, size_t len);

uint8_t  cursor_u8(struct cursor *c);
uint16_t cursor_be16(struct cursor *c);
uint32_t cursor_be32(struct cursor *c);
uint64_t cursor_be64(struct cursor *c);
uint16_t cursor_le16(struct cursor *c);
uint32_t cursor_le32(struct cursor *c);
uint64_t cursor_le64(struct cursor *c);

/* @len bytes inside the input, valid as long as the input is; NULL on failure. */
const uint8_t *cursor_bytes(struct cursor *c, size_t len);

/* Copies @len bytes to @out; zeroes @out on failure. */
void cursor_copy(struct cursor *c, void *out, size_t len);

/* A cursor over the next @len bytes; a failed, empty one when they are not there. */
struct cursor cursor_sub(struct cursor *c, size_t len);

size_t cursor_left(const struct cursor *c);

/* True when every read so far was inside the input and nothing is left over. */
bool cursor_done(const struct cursor *c);
