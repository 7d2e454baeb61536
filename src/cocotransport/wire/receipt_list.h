/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receipt_list - the receipts of many instances, one behind the other and one of each: what a
 * client's file and a file witness hold.
 */
#pragma once

#include "cocotransport/wire/receipt.h"

/* Held until the descriptor that it returns is closed, also against others of this process: who
 * changes the file at @path holds it from before the reading. -1 on failure. */
int receipt_list_lock(const char *path, GError **error);

/* Of struct receipt, @most at most; none where there is no file. NULL: it holds something else,
 * half a receipt, or two of one instance. */
GArray *receipt_list_read(const char *path, guint most, GError **error);
/* By rename: it is there whole or as it was. At least one receipt. */
gboolean receipt_list_save(const GArray *list, const char *path, GError **error);

/* NULL: the list has none of this instance. */
const struct receipt *receipt_list_find(const GArray *list, const guint8 uuid[static 16]);
/* In the place of the instance's older one, or as one more of @most at most. */
gboolean receipt_list_put(GArray *list, const struct receipt *r, guint most, GError **error);
