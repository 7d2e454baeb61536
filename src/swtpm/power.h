/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * power - when the plain TPM is on, and who holds the lock on its state. Runs
 * on the TPM thread (or before it is made).
 */
#pragma once

#include <glib.h>

#include "swtpm/engine/engine.h"
#include "swtpm/store/store.h"

/* For a state that another process may be about to let go (a migration): 3 s. */
#define POWER_LOCK_RETRIES 300

struct power {
    Engine *engine;
    Store *store;
    gboolean auto_shutdown;
    gboolean incoming;       /* --migration incoming: the lock is taken when the state has come */
    gboolean release;        /* --migration release-lock-outgoing */
    gboolean locked;
};

gboolean power_lock(struct power *p, guint retries, GError **error);
/* The savestate blob was given away, the last of a migration. */
void power_state_sent(struct power *p);

/* An older power-on ends in order first. */
gboolean power_on(struct power *p, gboolean delete_volatile, GError **error);
/*
 * Off, after TPM2_Shutdown where one is due: a guest that was killed would else
 * count as an attack on its dictionary-attack counter at each start.
 */
void power_off(struct power *p);
