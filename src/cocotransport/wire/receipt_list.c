/* SPDX-License-Identifier: BSD-3-Clause */
/* receipt_list - few enough to be read whole, looked through one by one, and written whole. */
#include "cocotransport/wire/receipt_list.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int
receipt_list_lock(const char *path, GError **error)
{
    g_autofree char *name = g_strconcat(path, ".lock", NULL);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        error_errno(error, errno, "%s", name);
        io_close(&fd);
    }
    return fd;
}

static GArray *
list_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(struct receipt));
}

static GArray *
parse(struct cursor *in, GError **error)
{
    g_autoptr(GArray) list = list_new();

    if (cursor_left(in) == 0 || cursor_left(in) % RECEIPT_SIZE != 0) {
        error_malformed(error, "%zu bytes are no receipts", cursor_left(in));
        return NULL;
    }
    while (cursor_left(in) > 0) {
        struct receipt r;

        if (!receipt_parse(in, &r, error))
            return NULL;
        if (receipt_list_find(list, r.uuid)) {
            error_malformed(error, "two receipts of one instance");
            return NULL;
        }
        g_array_append_val(list, r);
    }
    return g_steal_pointer(&list);
}

GArray *
receipt_list_read(const char *path, guint most, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    GArray *list;
    struct cursor in;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return list_new();
    bytes = io_read_file(path, (gsize)most * RECEIPT_SIZE, error);
    if (!bytes)
        return NULL;
    in = cursor_from(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    list = parse(&in, error);
    if (!list)
        g_prefix_error(error, "%s: ", path);
    return list;
}

gboolean
receipt_list_save(const GArray *list, const char *path, GError **error)
{
    const gsize size = (gsize)list->len * RECEIPT_SIZE;
    g_autofree guint8 *bytes = g_malloc(size);
    struct builder out = builder_on(bytes, size);

    for (guint i = 0; i < list->len; i++)
        receipt_write(&g_array_index(list, struct receipt, i), &out);
    return io_write_file(path, bytes, size, 0600, error);
}

static struct receipt *
find(const GArray *list, const guint8 uuid[static 16])
{
    for (guint i = 0; i < list->len; i++) {
        struct receipt *r = &g_array_index(list, struct receipt, i);

        if (memcmp(r->uuid, uuid, sizeof(r->uuid)) == 0)
            return r;
    }
    return NULL;
}

const struct receipt *
receipt_list_find(const GArray *list, const guint8 uuid[static 16])
{
    return find(list, uuid);
}

gboolean
receipt_list_put(GArray *list, const struct receipt *r, guint most, GError **error)
{
    struct receipt *old = find(list, r->uuid);

    if (!old && list->len >= most)
        return error_system(error, "full with %u receipts", list->len);
    if (old)
        *old = *r;
    else
        g_array_append_val(list, *r);
    return TRUE;
}
