/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * elements - {u16 type, u32 length, value}, types ascending and each once: the
 * form of a sealed body and of what provisioning hands over. By rows.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"
#include "cocotransport/keys/secret.h"

#include <glib.h>

#define ELEMENT_HEADER 6

struct element_row {
    guint16 type;                        /* the rows ascend too */
    const char *name;
    guint32 min, max;                    /* of the value */
    gboolean required;
};

/* @values has one cursor a row; the @pos of one that is not there is NULL. */
gboolean elements_parse(struct cursor *in, const struct element_row *rows, size_t count,
                        struct cursor *values, GError **error);

void element_write(struct builder *out, guint16 type, const void *data, size_t len);
/* NULL writes nothing. */
void element_write_secret(struct builder *out, guint16 type, const Secret *s);
void element_write_bytes(struct builder *out, guint16 type, GBytes *b);

/* What these take: nothing when NULL. */
size_t element_size_secret(const Secret *s);
size_t element_size_bytes(GBytes *b);

/* NULL when the value is not there. */
Secret *element_secret(const struct cursor *value);
GBytes *element_bytes(const struct cursor *value);
