/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * features - what the full program has and the plain one has not. `swtpm` links
 * neither GnuTLS nor JSON, curl or TSS, so that it starts and weighs as little
 * as can be; given --key, --migration-key or --cocotpm it executes `swtpm-full`
 * (pkglibexecdir), which is made of the same objects and features_full.c
 * instead of features_plain.c.
 */
#pragma once

#include <glib.h>

#include "swtpm/settings.h"
#include "swtpm/engine/engine.h"
#include "swtpm/server.h"
#include "swtpm/store/store.h"

/*
 * `swtpm socket --cocotpm …` (cocotpm.c). In this order, by main():
 *   check    after the command line is read: refuses what contradicts, in the user's words
 *   open     before any thread and before the user is changed: listener, platform, store;
 *            the engine is opened with store(), must_exist and no_volatile set
 *   start    server_start() is done; makes its worker thread, adds its listener to the main loop;
 *            the sandbox is closed after it returns
 *   stop     the main loop has ended: orderly end of the session (its source is taken back by
 *            the server's end, closed() still comes)
 *   finish   after stop and engine_power_off(), when CMD_SHUTDOWN on the control channel was what
 *            ended the main loop; never after another end. An error is the exit status
 *
 * store() is NULL when open() has done all there was to do (an action of
 * provision=): main() ends with success then.
 */
typedef struct Cocotpm Cocotpm;

struct cocotpm_feature {
    gboolean (*check)(const struct swtpm_config *config, GError **error);
    Cocotpm *(*open)(const struct swtpm_config *config, GError **error);
    Store *(*store)(Cocotpm *c);                 /* not owned by the caller */
    gboolean (*makes)(Cocotpm *c);               /* provisioning: must_exist is not set */
    gboolean (*start)(Cocotpm *c, Server *server, Engine *engine, GError **error);
    void (*stop)(Cocotpm *c);
    gboolean (*finish)(Cocotpm *c, GError **error);
    void (*free)(Cocotpm *c);
};

/* NULL in the plain program, and in the full one where it was not built. */
const struct cocotpm_feature *feature_cocotpm(void);

struct store_cipher;                             /* store/format.h: encryption by function pointers */

/*
 * The keys of --key or --migration-key (text after the option's name), read and
 * removed as they say. NULL and an error; the plain program never gets here.
 */
struct store_cipher *feature_cipher(const char *option, const char *text, GError **error);

/* TRUE when this program has the features; else main() executes the full one where they are needed. */
gboolean feature_full(void);
