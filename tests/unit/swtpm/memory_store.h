/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory_store - a store for tests: states in memory, failures to order.
 */
#pragma once

#include "swtpm/store/store.h"

struct memory_store {
    Store store;
    GHashTable *states;      /* name → GBytes */
    gboolean fail_load;
    gboolean fail_save;
    guint saves;
};

void memory_store_init(struct memory_store *m);
void memory_store_clear(struct memory_store *m);
