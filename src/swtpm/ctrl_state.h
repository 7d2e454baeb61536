/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctrl_state - a request of the control channel as a job of the TPM thread,
 * and the two that carry state.
 */
#pragma once

#include <glib.h>

#include "base/cursor.h"
#include "swtpm/control/ptm.h"
#include "swtpm/power.h"
#include "swtpm/store/format.h"

struct ctrl_job {
    gpointer owner;
    struct power *power;
    const StateKey *key;
    const StateKey *migration_key;

    const struct ptm_row *row;
    struct cursor body;      /* valid until the answer */
    guint32 argument;        /* the body's first four bytes, where it has them */
    gboolean last;           /* of the pieces of HASH_DATA */

    guint32 result;
    GBytes *answer;          /* NULL: the result alone */
    char *text;
    char *message;           /* for the log */
};

/* The result that stands for @error, and the line for the log; @what may be NULL. */
void job_failed(struct ctrl_job *job, const GError *error, const char *what);

void run_get_state(Engine *engine, gpointer data);
void run_set_state(Engine *engine, gpointer data);
