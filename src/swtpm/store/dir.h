/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dir - a folder as back end: one file a state, with the names, modes, lock
 * file and atomic rename that swtpm's users know (tpm2-00.permall, .lock).
 */
#pragma once

#include "swtpm/store/store.h"

struct store_dir_config {
    const char *path;
    gboolean tpm2;           /* tpm2-00.* or tpm-00.* */
    guint mode;              /* of the files */
    gboolean lock;           /* FALSE: lock does nothing */
    gboolean fsync;          /* a save returns when the disk has it */
    gboolean backup;         /* the state before the last is kept as NAME.bak */
};

/* Touches nothing yet. Loading "NAME.bak" reads a backup. */
Store *store_dir_new(const struct store_dir_config *config);
