/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * channel - the server's end of the control protocol in GLib's main loop: one
 * client at a time, one request at a time, nothing here ever blocks. The
 * states of a client:
 *
 *   idle ──first byte──> request ──whole──> handler ──answered──> idle
 *                           │                  │ (may come later, from another thread's work)
 *                           └── 500 ms ──> closed (fewer than four bytes), or BAD_PARAMETER
 *   request with data that follows ──> gathered up to PTM_BLOB_MAX, HASH_DATA in pieces
 */
#pragma once

#include <glib.h>

#include "base/cursor.h"
#include "swtpm/control/ptm.h"

typedef struct Channel Channel;

struct ptm_call {
    const struct ptm_row *row;
    struct cursor body;      /* fixed part, then the data that follows */
    gboolean last;           /* HASH_DATA: no further piece comes */
    int fd;                  /* by SCM_RIGHTS, -1: none; set it to -1 to keep it */
};

struct channel_config {
    int listen_fd;           /* -1: none; owned */
    int client_fd;           /* a client that is there already, -1: none; owned */
    /*
     * Called with each request that passed the table; has to lead to one
     * channel_answer(), at once or later (the body is valid until then). A
     * piece of HASH_DATA that is not the last is answered too, with no bytes.
     */
    void (*handle)(Channel *c, struct ptm_call *call, gpointer user);
    gboolean (*running)(gpointer user);
    /* A client went. */
    void (*lost)(gpointer user);
    /* Each request's length, as swtpm logs it; may be NULL. */
    void (*trace)(gpointer user, const struct ptm_row *row, gsize len);
    gpointer user;
};

Channel *channel_new(const struct channel_config *config);
void channel_free(Channel *c);

/* The answer to the request in hand; @bytes are copied, and wiped once sent. */
void channel_answer(Channel *c, const guint8 *bytes, gsize len);
void channel_answer_result(Channel *c, guint32 result);
/* Sends what is left of the answer, blocking for a second at most: before the process ends. */
void channel_flush(Channel *c);
