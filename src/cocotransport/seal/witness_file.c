/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness_file - one file that holds the receipts of any number of instances,
 * changed under a lock and by rename. For tests: who can write the file can
 * roll an instance back.
 */
#include "cocotransport/seal/witness_backends.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/wire/receipt_list.h"

#define FILE_RECEIPTS_MAX 4096u

struct file_witness {
    Witness witness;
    char *path;
};

static enum witness_answer
file_read(Witness *witness, const guint8 uuid[static 16], struct receipt *ret, GError **error)
{
    struct file_witness *w = (struct file_witness *)witness;
    g_auto(AutoFd) lock = receipt_list_lock(w->path, error);
    g_autoptr(GArray) all = NULL;
    const struct receipt *r;

    if (lock < 0)
        return WITNESS_AWAY;
    all = receipt_list_read(w->path, FILE_RECEIPTS_MAX, error);
    if (all == NULL)
        return WITNESS_AWAY;
    r = receipt_list_find(all, uuid);
    if (r == NULL)
        return WITNESS_EMPTY;
    *ret = *r;

    return WITNESS_HOLDS;
}

static enum witness_answer
file_swap(Witness *witness, const struct receipt *old, const struct receipt *next, GError **error)
{
    struct file_witness *w = (struct file_witness *)witness;
    g_auto(AutoFd) lock = receipt_list_lock(w->path, error);
    g_autoptr(GArray) all = NULL;
    const struct receipt *r;

    if (lock < 0)
        return WITNESS_AWAY;
    all = receipt_list_read(w->path, FILE_RECEIPTS_MAX, error);
    if (all == NULL)
        return WITNESS_AWAY;
    r = receipt_list_find(all, next->uuid);
    if (r != NULL && receipt_equal(r, next))
        return WITNESS_HOLDS;
    if (r == NULL && old != NULL)
        return WITNESS_EMPTY;
    if (r != NULL && (old == NULL || !receipt_equal(r, old)))
        return WITNESS_OTHER;
    if (!receipt_list_put(all, next, FILE_RECEIPTS_MAX, error)) {
        g_prefix_error(error, "%s: ", w->path);
        return WITNESS_AWAY;
    }

    return receipt_list_save(all, w->path, error) ? WITNESS_HOLDS : WITNESS_AWAY;
}

static void
file_free(Witness *witness)
{
    struct file_witness *w = (struct file_witness *)witness;

    g_free(w->path);
    g_free(w);
}

static const struct witness_ops file_ops = { file_read, file_swap, file_free };

Witness *
witness_file_open(const char *path, GError **error)
{
    struct file_witness *w;

    if (!g_path_is_absolute(path)) {
        error_malformed(error, "witness file:%s: the path has to be absolute", path);
        return NULL;
    }
    w = g_new0(struct file_witness, 1);
    w->witness.ops = &file_ops;
    w->path = g_strdup(path);

    return &w->witness;
}
