/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receipt_file - read whole, changed whole.
 */
#include "config.h"

#include "cocotpm/receipt_file.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Held until the descriptor is closed. */
static int
lock_file(const char *path, GError **error)
{
    g_autofree char *name = g_strconcat(path, ".lock", NULL);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        error_errno(error, errno, "%s", name);
        io_close(&fd);
    }
    return fd;
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

static GArray *
parse(struct cursor *in, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct receipt));

    if (cursor_left(in) == 0 || cursor_left(in) % RECEIPT_SIZE != 0) {
        error_malformed(error, "%zu bytes are no receipts", cursor_left(in));
        return NULL;
    }
    while (cursor_left(in) > 0) {
        struct receipt r;

        if (!receipt_parse(in, &r, error))
            return NULL;
        if (find(all, r.uuid)) {
            error_malformed(error, "two receipts of one instance");
            return NULL;
        }
        g_array_append_val(all, r);
    }
    return g_steal_pointer(&all);
}

static GArray *
read_all(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    GArray *all;
    struct cursor in;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return g_array_new(FALSE, FALSE, sizeof(struct receipt));
    bytes = io_read_file(path, (gsize)RECEIPT_FILE_ENTRIES * RECEIPT_SIZE, error);
    if (!bytes)
        return NULL;
    in = cursor_from(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    all = parse(&in, error);
    if (!all)
        g_prefix_error(error, "%s: ", path);
    return all;
}

static gboolean
write_all(const char *path, GArray *all, GError **error)
{
    const gsize size = (gsize)all->len * RECEIPT_SIZE;
    g_autofree guint8 *bytes = g_malloc(size);
    struct builder out = builder_on(bytes, size);

    for (guint i = 0; i < all->len; i++)
        receipt_write(&g_array_index(all, struct receipt, i), &out);
    return io_write_file(path, bytes, size, 0600, error);
}

gboolean
receipt_file_find(const char *path, const guint8 uuid[static 16], struct receipt *ret,
                  gboolean *ret_found, GError **error)
{
    g_autoptr(GArray) all = read_all(path, error);
    const struct receipt *r;

    if (!all)
        return FALSE;
    r = find(all, uuid);
    if (r)
        *ret = *r;
    *ret_found = r != NULL;
    return TRUE;
}

gboolean
receipt_file_replace(const char *path, const struct receipt *known, const struct receipt *next,
                     struct receipt *ret_other, GError **error)
{
    g_auto(AutoFd) lock = lock_file(path, error);
    g_autoptr(GArray) all = NULL;
    struct receipt *r;

    if (lock < 0)
        return FALSE;
    all = read_all(path, error);
    if (!all)
        return FALSE;
    r = find(all, next->uuid);
    if (r && (!known || !receipt_equal(r, known))) {
        *ret_other = *r;
        return FALSE;
    }
    if (!r && all->len >= RECEIPT_FILE_ENTRIES)
        return error_system(error, "%s: full with %u receipts", path, all->len);
    if (r)
        *r = *next;
    else
        g_array_append_val(all, *next);
    return write_all(path, all, error);
}
