/* SPDX-License-Identifier: BSD-3-Clause */
/* receipt_file - read whole, changed whole. */
#include "config.h"

#include "cocotpm/receipt_file.h"

#include "base/io.h"
#include "cocotransport/wire/receipt_list.h"

gboolean
receipt_file_find(const char *path, const guint8 uuid[static 16], struct receipt *ret,
                  gboolean *ret_found, GError **error)
{
    g_autoptr(GArray) all = receipt_list_read(path, RECEIPT_FILE_ENTRIES, error);
    const struct receipt *r;

    if (!all)
        return FALSE;
    r = receipt_list_find(all, uuid);
    if (r)
        *ret = *r;
    *ret_found = r != NULL;
    return TRUE;
}

gboolean
receipt_file_replace(const char *path, const struct receipt *known, const struct receipt *next,
                     struct receipt *ret_other, GError **error)
{
    g_auto(AutoFd) lock = receipt_list_lock(path, error);
    g_autoptr(GArray) all = NULL;
    const struct receipt *r;

    if (lock < 0)
        return FALSE;
    all = receipt_list_read(path, RECEIPT_FILE_ENTRIES, error);
    if (!all)
        return FALSE;
    r = receipt_list_find(all, next->uuid);
    if (r && (!known || !receipt_equal(r, known))) {
        *ret_other = *r;
        return FALSE;
    }
    if (!receipt_list_put(all, next, RECEIPT_FILE_ENTRIES, error)) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    return receipt_list_save(all, path, error);
}
