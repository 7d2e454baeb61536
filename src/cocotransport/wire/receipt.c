/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receipt - 80 bytes, every field of fixed size.
 */
#include "cocotransport/wire/receipt.h"

#include "base/error.h"

#include <string.h>

gboolean
receipt_parse(struct cursor *in, struct receipt *ret, GError **error)
{
    struct receipt r = { 0 };

    cursor_copy(in, r.uuid, sizeof(r.uuid));
    r.epoch = cursor_be64(in);
    cursor_copy(in, r.lineage, sizeof(r.lineage));
    r.generation = cursor_be64(in);
    cursor_copy(in, r.chain, sizeof(r.chain));
    if (in->failed)
        return error_malformed(error, "receipt: shorter than %d bytes", RECEIPT_SIZE);
    *ret = r;

    return TRUE;
}

void
receipt_write(const struct receipt *r, struct builder *out)
{
    builder_bytes(out, r->uuid, sizeof(r->uuid));
    builder_be64(out, r->epoch);
    builder_bytes(out, r->lineage, sizeof(r->lineage));
    builder_be64(out, r->generation);
    builder_bytes(out, r->chain, sizeof(r->chain));
}

/* All of it is public. */
gboolean
receipt_equal(const struct receipt *a, const struct receipt *b)
{
    return memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0 && a->epoch == b->epoch &&
           memcmp(a->lineage, b->lineage, sizeof(a->lineage)) == 0 &&
           a->generation == b->generation && memcmp(a->chain, b->chain, sizeof(a->chain)) == 0;
}

gboolean
receipt_may_follow(const struct receipt *now, const struct receipt *then)
{
    if (memcmp(now->uuid, then->uuid, sizeof(now->uuid)) != 0)
        return FALSE;
    if (now->epoch != then->epoch)
        return now->epoch > then->epoch && now->generation > then->generation;
    if (now->generation == then->generation)
        return receipt_equal(now, then);
    return now->generation > then->generation &&
           memcmp(now->lineage, then->lineage, sizeof(now->lineage)) == 0;
}
