/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tls - TLS 1.3 with an external PSK over a non-blocking stream (protocol,
 * section 3), and nothing else: the only place that knows gnutls_session_t.
 * One message is one record. A session belongs to one thread at a time.
 */
#pragma once

#include "base/stream.h"
#include "cocotransport/keys/schedule.h"

#include <glib.h>

typedef struct Tls Tls;

enum tls_result {
    TLS_DONE,
    TLS_AGAIN,               /* wait for tls_events() on tls_fd(), then call again */
    TLS_CLOSED,              /* the peer, or the host, ended the stream */
    TLS_FAILED,              /* @error says why; the session is of no more use */
};

/*
 * Asked once a handshake: the PSK of the identity the client named, which has
 * to be computed for every identity, known or not; @ret_known says which.
 */
typedef Secret *(*tls_lookup)(gpointer data, const guint8 *identity, gsize len,
                              gboolean *ret_known);

/* Both take over @fd or @stream, also on failure. */
Tls *tls_server_new(int fd, tls_lookup lookup, gpointer data, GError **error);
Tls *tls_client_new(Stream *stream, const guint8 *identity, gsize len, const Secret *psk,
                    GError **error);
void tls_free(Tls *t);       /* says goodbye when it can be said at once; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tls, tls_free)

/* DONE once what was agreed on was found to be this profile and nothing less. */
enum tls_result tls_handshake(Tls *t, GError **error);

/* One whole record; @ret_len ≥ 1. @max has to be COCO_MESSAGE_MAX or what the caller bears. */
enum tls_result tls_receive(Tls *t, guint8 *buffer, gsize max, gsize *ret_len, GError **error);

/* One record. Never AGAIN: what the stream does not take is kept, and tls_flush() goes on. */
enum tls_result tls_send(Tls *t, const guint8 *message, gsize len, GError **error);
enum tls_result tls_flush(Tls *t, GError **error);
/* Flushes, waiting for the stream until @deadline (monotonic). */
enum tls_result tls_flush_until(Tls *t, gint64 deadline, GError **error);

/* While held, what is sent is kept, so that it goes out in one write with what follows. */
void tls_hold(Tls *t, gboolean on);
/* A whole record waits inside, of which the stream will not tell. */
gboolean tls_pending(const Tls *t);

/* POLLIN, with POLLOUT while something waits to be sent. */
short tls_events(const Tls *t);
int tls_fd(const Tls *t);     /* to be asked for anew before each wait */

/* What the client named, as on the wire. NULL before the handshake (server). */
const guint8 *tls_identity(const Tls *t, gsize *ret_len);
/* RFC 8446, 7.5, empty context. Only after the handshake. */
gboolean tls_export(Tls *t, const char *label, guint8 *out, gsize len, GError **error);

/* Blocking forms for programs with nothing else to do. AGAIN means the deadline passed. */
enum tls_result tls_handshake_until(Tls *t, gint64 deadline, GError **error);
enum tls_result tls_receive_until(Tls *t, guint8 *buffer, gsize max, gsize *ret_len,
                                  gint64 deadline, GError **error);
