/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open - from the words of --tpmstate to a store: dir=D, or backend-uri=dir://D
 * or file://F, with mode, lock, fsync and backup.
 */
#pragma once

#include "base/options.h"
#include "swtpm/store/format.h"
#include "swtpm/store/store.h"

struct store_config {
    char *dir;
    char *backend_uri;
    guint mode;
    gboolean lock;
    gboolean fsync;
    gboolean backup;
    store_notice notice;     /* no suboption */
};

/* dir is NULL and the rest as when the option is not given. */
#define STORE_CONFIG_INIT { .mode = 0640, .lock = TRUE }

/* Suboptions of --tpmstate. */
extern const struct option_row store_rows[];

/* The store in swtpm's own format. Takes @key, which may be NULL, when it succeeds. */
Store *store_open(const struct store_config *config, gboolean tpm2, StateKey *key,
                  GError **error);
