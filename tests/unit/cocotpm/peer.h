/* SPDX-License-Identifier: BSD-3-Clause */
/* peer - the driver's session over TLS with a CoCoTPM that says what the test has. */
#pragma once

#include "cocotpm/driver_session.h"
#include "session/pair.h"

#define PATIENCE (60 * G_USEC_PER_SEC)       /* a hang only */

struct world {
    struct pair p;
    struct attach_client_config attach;
    DriverSession *session;
    struct driver_tpm *tpm;
    gint connects;                   /* from the thread that resumes */
    gint hold;                       /* no attempt to connect ends while this stands */
    guint answered;
    GString *log;                    /* what was called back, and with what */
};

void world_open(struct world *w);
void world_close(struct world *w);
/* Lets the main loop and the link do what there is to do. */
void settle(struct world *w);

/* The CoCoTPM's side. */
void heard(struct world *w, const char *hex);
void heard_nothing(struct world *w);
void say(struct world *w, const char *hex);
