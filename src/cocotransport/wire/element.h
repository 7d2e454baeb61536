/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * element - what claims, statements and evidence consist of: {u16 type, u32
 * length, value}, ascending by type, each once, so that one meaning has one
 * spelling (protocol, section 5).
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

struct element {
    guint16 type;                    /* never 0 */
    guint32 len;
    struct cursor value;
};

/* The next one, which has to be above *@last; @what names the whole in errors. */
gboolean element_read(struct cursor *in, const char *what, guint16 *last, struct element *ret,
                      GError **error);

/* A value of printable ASCII; @ret has room for one byte more than it is long. */
gboolean element_text(struct cursor value, char *ret);

/* The value is written between the two; the first returns what the second is told. */
size_t element_start(struct builder *out, guint type);
void element_end(struct builder *out, size_t start);
