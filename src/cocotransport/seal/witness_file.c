/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness_file - one file that holds the receipts of any number of instances,
 * changed under a lock and by rename. For tests: who can write the file can
 * roll an instance back.
 */
#include "cocotransport/seal/witness_backends.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_RECEIPTS_MAX 4096u

struct file_witness {
    Witness witness;
    char *path;
    char *lock_path;
};

/* Held until the descriptor is closed; flock, since two stores of one process may meet here. */
static int
lock_file(struct file_witness *w, GError **error)
{
    const int fd = open(w->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        error_errno(error, errno, "%s", w->lock_path);
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

static GArray *
read_receipts(struct file_witness *w, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct receipt));
    g_autoptr(GBytes) bytes = NULL;
    struct cursor in;

    if (access(w->path, F_OK) != 0 && errno == ENOENT)
        return g_steal_pointer(&all);
    bytes = io_read_file(w->path, FILE_RECEIPTS_MAX * RECEIPT_SIZE, error);
    if (bytes == NULL)
        return NULL;
    in = cursor_from(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    while (cursor_left(&in) > 0) {
        struct receipt r;

        if (!receipt_parse(&in, &r, error)) {
            g_prefix_error(error, "%s: ", w->path);
            return NULL;
        }
        g_array_append_val(all, r);
    }
    return g_steal_pointer(&all);
}

static struct receipt *
find(GArray *all, const guint8 uuid[static 16])
{
    for (guint i = 0; i < all->len; i++) {
        struct receipt *r = &g_array_index(all, struct receipt, i);

        if (memcmp(r->uuid, uuid, sizeof(r->uuid)) == 0)
            return r;
    }
    return NULL;
}

static gboolean
write_receipts(struct file_witness *w, GArray *all, GError **error)
{
    const size_t size = (size_t)all->len * RECEIPT_SIZE;
    g_autofree guint8 *bytes = g_malloc(size + 1);
    struct builder out = builder_on(bytes, size);

    for (guint i = 0; i < all->len; i++)
        receipt_write(&g_array_index(all, struct receipt, i), &out);
    return io_write_file(w->path, bytes, size, 0600, error);
}

static enum witness_answer
file_read(Witness *witness, const guint8 uuid[static 16], struct receipt *ret, GError **error)
{
    struct file_witness *w = (struct file_witness *)witness;
    g_auto(AutoFd) lock = lock_file(w, error);
    g_autoptr(GArray) all = NULL;
    const struct receipt *r;

    if (lock < 0)
        return WITNESS_AWAY;
    all = read_receipts(w, error);
    if (all == NULL)
        return WITNESS_AWAY;
    r = find(all, uuid);
    if (r == NULL)
        return WITNESS_EMPTY;
    *ret = *r;

    return WITNESS_HOLDS;
}

static enum witness_answer
file_swap(Witness *witness, const struct receipt *old, const struct receipt *next, GError **error)
{
    struct file_witness *w = (struct file_witness *)witness;
    g_auto(AutoFd) lock = lock_file(w, error);
    g_autoptr(GArray) all = NULL;
    struct receipt *r;

    if (lock < 0)
        return WITNESS_AWAY;
    all = read_receipts(w, error);
    if (all == NULL)
        return WITNESS_AWAY;
    r = find(all, next->uuid);
    if (r != NULL && receipt_equal(r, next))
        return WITNESS_HOLDS;
    if (r == NULL && old != NULL)
        return WITNESS_EMPTY;
    if (r != NULL && (old == NULL || !receipt_equal(r, old)))
        return WITNESS_OTHER;
    if (r != NULL)
        *r = *next;
    else
        g_array_append_val(all, *next);

    return write_receipts(w, all, error) ? WITNESS_HOLDS : WITNESS_AWAY;
}

static void
file_free(Witness *witness)
{
    struct file_witness *w = (struct file_witness *)witness;

    g_free(w->path);
    g_free(w->lock_path);
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
    w->lock_path = g_strconcat(path, ".lock", NULL);

    return &w->witness;
}
