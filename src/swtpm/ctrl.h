/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ctrl - what the commands of the control channel do. Those that need nothing
 * of libtpms are answered at once, also while a key is being made; the others
 * are jobs of the TPM thread.
 */
#pragma once

#include <glib.h>

#include "swtpm/control/channel.h"
#include "swtpm/data.h"
#include "swtpm/power.h"
#include "swtpm/server.h"
#include "swtpm/store/format.h"

typedef struct Ctrl Ctrl;

struct ctrl_config {
    Server *server;
    Engine *engine;
    struct power *power;
    struct dispatch *dispatch;
    Data *data;              /* for SET_DATAFD */
    const StateKey *key;     /* of the files; NULL: none. Not owned, as all here */
    const StateKey *migration_key;
    int listen_fd;           /* owned */
    int client_fd;
    gboolean trace;          /* log each request's length (--log level=2 and more) */
    void (*shutdown)(gpointer user);     /* CMD_SHUTDOWN was answered */
    void (*lost)(gpointer user);         /* the client went */
    gpointer user;
};

/* libtpms' texts are fetched here, before the TPM thread is made. */
Ctrl *ctrl_new(const struct ctrl_config *config);
/* Begins to serve: the TPM thread is there. */
void ctrl_start(Ctrl *c);
void ctrl_free(Ctrl *c);     /* after server_free() */
