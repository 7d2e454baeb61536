/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server - the two threads of swtpm and what passes between them.
 *
 * The TPM thread owns the engine and serves the command channel by itself: it
 * waits in one poll(2) for the plain data channel (data.h), for the sources
 * below and for jobs, or in a read(2) of a data client that is all there is.
 * The main thread runs GLib's default main loop: control channel, TLS
 * accepting, attestation, timers, signals. All functions here are called on the
 * main thread unless they say otherwise.
 */
#pragma once

#include <glib.h>

#include "swtpm/engine/engine.h"

typedef struct Server Server;

/* Owns nothing of @engine; the thread is made by server_start(), once, before the sandbox. */
Server *server_new(Engine *engine);
gboolean server_start(Server *s, GError **error);
gboolean server_started(const Server *s);
/* The plain command channel, before the start; not owned. */
struct Data;
void server_set_data(Server *s, struct Data *data);
/* Ends the TPM thread after the command and the jobs in hand; then frees. NULL is fine. */
void server_free(Server *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)

/*
 * Jobs. @run is called on the TPM thread between two commands, in the order of
 * posting; then @done (may be NULL) in the main loop. @data belongs to the
 * poster; it has to live until @done was called.
 */
typedef void (*server_run)(Engine *engine, gpointer data);
typedef void (*server_done)(gpointer data);
void server_post(Server *s, server_run run, server_done done, gpointer data);
/* Posts and waits for the end of @run: for the start and the end of the process, not for between. */
void server_call(Server *s, server_run run, gpointer data);

/* From any thread: calls @done in the main loop. */
void server_notify(server_done done, gpointer data);

/*
 * Sources: kept sessions of another module (the TLS session of --cocotpm).
 *
 * From server_add_source() until closed() was called, the source's session
 * belongs to the TPM thread, and the struct has to live. Who of the two threads
 * touches the session holds the source's lock, which the server takes around
 * each call of the ops:
 *
 *   ready()      TPM thread: @fd is readable (or the source is new, so that what
 *                the TLS library has buffered is seen). Reads what is there until
 *                "again", or as much as others can wait for and sets @again; carries
 *                out whole messages through source_process() or the engine, writes
 *                each answer at once. FALSE: the source is done.
 *   interrupt()  main thread: @fd is readable while a command of this source runs
 *                inside source_process(). Reads at most one message: CANCEL (calls
 *                engine_cancel) or the end of the link (remembers it; ready() sees
 *                it after the command). FALSE: do not call again for this command.
 *   closed()     main loop, once, last: after ready() said FALSE or after
 *                server_take_source(). From here on the main thread owns the
 *                session again and may free it, or send on it and keep it.
 */
struct source;

struct source_ops {
    gboolean (*ready)(struct source *src, Engine *engine);
    gboolean (*interrupt)(struct source *src, Engine *engine);
    void (*closed)(struct source *src);
};

struct source {
    const struct source_ops *ops;
    int fd;
    gboolean again;                              /* set by ready(): more is at hand than @fd tells */
    struct source_state *state;                  /* the server's; NULL while not added */
};

/* @src may be added on the TPM thread too, by a job (then its lock is taken at the next poll). */
void server_add_source(Server *s, struct source *src);

/*
 * Takes a source back, whether it waits or a command of it runs: closed()
 * always comes later from the main loop, never from inside this call; until
 * then nothing of it may be freed. A command in hand is finished first (call
 * engine_cancel() to hurry it); its ready() is not called again. Harmless when
 * the source is already on its way out.
 */
void server_take_source(Server *s, struct source *src);

/*
 * On the TPM thread, from inside ready() only: engine_process() with the
 * source's lock let go meanwhile, so that interrupt() can see what comes in
 * (but for commands that are over before anything could).
 */
void source_process(struct source *src, Engine *engine, const guint8 *command, gsize len,
                    const guint8 **ret, gsize *ret_len);
/* The same around any other long work of a message. */
void source_work(struct source *src, Engine *engine, server_run run, gpointer data);
