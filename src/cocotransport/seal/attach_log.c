/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach_log - entries of fixed size; epochs and generations ascend strictly,
 * which a receipt's check relies on.
 */
#include "cocotransport/seal/attach_log.h"

#include "base/error.h"

#include <string.h>

AttachLog *
attach_log_new(void)
{
    return g_array_new(FALSE, TRUE, sizeof(struct attach_entry));
}

AttachLog *
attach_log_copy(const AttachLog *log)
{
    AttachLog *copy = attach_log_new();

    g_array_append_vals(copy, log->data, log->len);
    return copy;
}

static const struct attach_entry *
entry_at(const AttachLog *log, guint i)
{
    return &g_array_index(log, struct attach_entry, i);
}

static void
entry_read(struct cursor *in, struct attach_entry *e)
{
    e->kind = cursor_u8(in);
    cursor_copy(in, e->launch, sizeof(e->launch));
    cursor_copy(in, e->lineage, sizeof(e->lineage));
    e->generation = cursor_be64(in);
    e->epoch = cursor_be64(in);
}

static gboolean
entry_follows(const AttachLog *log, const struct attach_entry *e)
{
    const struct attach_entry *last = attach_log_last(log);

    return e->kind <= ATTACH_POLICY &&
           (last == NULL || (e->epoch > last->epoch && e->generation > last->generation));
}

gboolean
attach_log_parse(struct cursor *in, AttachLog **ret, GError **error)
{
    const guint32 count = cursor_be32(in);
    g_autoptr(GArray) log = NULL;

    if (in->failed || count == 0 || count > ATTACH_LOG_ENTRIES ||
        cursor_left(in) != (size_t)count * ATTACH_ENTRY_SIZE)
        return error_malformed(error, "attach log: its length does not fit its entries");
    log = attach_log_new();
    for (guint32 i = 0; i < count; i++) {
        struct attach_entry e = { 0 };

        entry_read(in, &e);
        if (!entry_follows(log, &e))
            return error_malformed(error, "attach log: entry %u does not follow the one before",
                                   i);
        g_array_append_val(log, e);
    }
    *ret = g_steal_pointer(&log);

    return TRUE;
}

void
attach_log_write(const AttachLog *log, struct builder *out)
{
    builder_be32(out, log->len);
    for (guint i = 0; i < log->len; i++) {
        const struct attach_entry *e = entry_at(log, i);

        builder_u8(out, e->kind);
        builder_bytes(out, e->launch, sizeof(e->launch));
        builder_bytes(out, e->lineage, sizeof(e->lineage));
        builder_be64(out, e->generation);
        builder_be64(out, e->epoch);
    }
}

const struct attach_entry *
attach_log_last(const AttachLog *log)
{
    return log->len > 0 ? entry_at(log, log->len - 1) : NULL;
}

gboolean
attach_log_has(const AttachLog *log, const guint8 launch[static LAUNCH_ID_SIZE])
{
    for (guint i = 0; i < log->len; i++) {
        const struct attach_entry *e = entry_at(log, i);

        if (e->kind == ATTACH_LAUNCH && memcmp(e->launch, launch, LAUNCH_ID_SIZE) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
attach_log_recovered(const AttachLog *log)
{
    for (guint i = 0; i < log->len; i++)
        if (entry_at(log, i)->kind == ATTACH_RECOVERY)
            return TRUE;
    return FALSE;
}

/*
 * The oldest entry of a launch: what says that the instance was recovered is
 * never dropped, since it has to show for ever.
 */
static gboolean
drop_oldest(AttachLog *log)
{
    for (guint i = 0; i < log->len; i++) {
        if (entry_at(log, i)->kind != ATTACH_RECOVERY) {
            g_array_remove_index(log, i);
            return TRUE;
        }
    }
    return FALSE;
}

void
attach_log_trim(AttachLog *log)
{
    while (log->len > ATTACH_LOG_KEPT && drop_oldest(log))
        continue;
}

gboolean
attach_log_add(AttachLog *log, const struct attach_entry *entry, gboolean drops, GError **error)
{
    if (entry->kind == ATTACH_LAUNCH && attach_log_has(log, entry->launch))
        return error_denied(error, "this launch was attached before");
    if (!entry_follows(log, entry))
        return error_system(error, "attach log: an entry out of order");
    while (drops && log->len >= ATTACH_LOG_KEPT && drop_oldest(log))
        continue;
    if (log->len >= (entry->kind == ATTACH_LAUNCH ? ATTACH_LOG_MAX : ATTACH_LOG_ENTRIES))
        return error_denied(error, "the attach log is full with %u launches: the policy has to be "
                                   "changed, or to say burns-evidence = yes", log->len);
    g_array_append_val(log, *entry);

    return TRUE;
}

gboolean
attach_log_holds(const AttachLog *log, const struct receipt *now, const struct receipt *theirs)
{
    if (memcmp(now->uuid, theirs->uuid, sizeof(now->uuid)) != 0)
        return FALSE;
    for (guint i = 0; i < log->len; i++) {
        const struct attach_entry *e = entry_at(log, i);
        const guint64 reached = i + 1 < log->len ? entry_at(log, i + 1)->generation - 1
                                                 : now->generation;

        if (e->epoch != theirs->epoch)
            continue;
        if (memcmp(e->lineage, theirs->lineage, sizeof(e->lineage)) != 0)
            return FALSE;
        if (theirs->generation < e->generation || theirs->generation > reached)
            return FALSE;
        return theirs->generation != now->generation ||
               memcmp(now->chain, theirs->chain, sizeof(now->chain)) == 0;
    }
    return FALSE;
}
