/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receipt - a point in an instance's history (protocol, section 7): what a
 * client keeps, what a witness holds, what a sealed state says of itself.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define RECEIPT_SIZE (16 + 8 + 16 + 8 + 32)

struct receipt {
    guint8  uuid[16];
    guint64 epoch;
    guint8  lineage[16];
    guint64 generation;
    guint8  chain[32];
};

gboolean receipt_parse(struct cursor *in, struct receipt *ret, GError **error);
void     receipt_write(const struct receipt *r, struct builder *out);
gboolean receipt_equal(const struct receipt *a, const struct receipt *b);

/*
 * Whether a state that stands at @now can have @then behind it: what a client
 * sees of that by itself. The attach log, which only the state has, says more.
 */
gboolean receipt_may_follow(const struct receipt *now, const struct receipt *then);
