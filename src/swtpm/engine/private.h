/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * private - the engine's inside, for the files of this folder only.
 */
#pragma once

#include "swtpm/engine/engine.h"

#include <libtpms/tpm_types.h>

struct Engine {
    gboolean tpm2;
    gboolean must_exist;
    gboolean no_volatile;
    Store *store;

    gboolean running;
    gboolean shutdown_due;
    gint busy;               /* atomic: a command is inside libtpms */
    gint locality;           /* atomic: for the next command */
    guint8 command_locality; /* of the command in hand */
    gint forced_locality;    /* of an own command, plus one; 0: the one that was set */

    unsigned char *answer;   /* libtpms' buffer, grown by it */
    uint32_t answer_len;
    uint32_t answer_size;

    GError *load_error;
    GError *store_error;

    GMutex lock;             /* of the view */
    struct engine_view view;
};

gboolean engine_tpm_ok(Engine *e, TPM_RESULT rc, const char *what, GError **error);
void engine_refresh_view(Engine *e);
