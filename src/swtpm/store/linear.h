/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * linear - a single file or block device as back end: a little-endian header
 * with fifteen slots, then sections (swtpm's file:// format, version 1).
 */
#pragma once

#include "swtpm/store/store.h"

struct store_linear_config {
    const char *path;
    guint mode;              /* of a file made here */
    gboolean lock;           /* a lock on the file itself */
    store_notice notice;
};

/* Opened when first used; what does not carry the format's magic is formatted anew, as swtpm does. */
Store *store_linear_new(const struct store_linear_config *config);
