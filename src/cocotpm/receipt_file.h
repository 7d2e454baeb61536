/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * receipt_file - the newest receipts of the instances a CoCoVM uses, 80 bytes
 * each and nothing else, one an instance; changed under a lock and by rename,
 * since several drivers may keep theirs in one file.
 */
#pragma once

#include "cocotransport/wire/receipt.h"

#define RECEIPT_FILE_ENTRIES 1024u

/* FALSE: an error. No file, or none of this instance in it, is TRUE with @ret_found FALSE; then
 * @ret is untouched. A file that is not whole is an error, never an empty one. */
gboolean receipt_file_find(const char *path, const guint8 uuid[static 16], struct receipt *ret,
                           gboolean *ret_found, GError **error);
/*
 * Puts @next in the place of @known (NULL: none), durably. FALSE without an error, and with what is
 * there in @ret_other, when the file holds another receipt of this instance than @known: it may be
 * newer than the state is, and would be lost unseen.
 */
gboolean receipt_file_replace(const char *path, const struct receipt *known,
                              const struct receipt *next, struct receipt *ret_other,
                              GError **error);
