/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tls - GnuTLS with the one profile of protocol section 3. Facts behind the
 * choices: GnuTLS 3.7 fixes the binder of an external PSK to SHA-256, wants a
 * signature algorithm in the priorities although none is used, and answers an
 * unknown identity like a wrong key only when the callback returns 1.
 */
#include "cocotransport/session/tls.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/session/profile.h"
#include "cocotransport/session/records.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <string.h>

#define PRIORITIES \
    "NONE:+VERS-TLS1.3:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:+GROUP-X25519:+ECDHE-PSK" \
    ":+AES-128-GCM:+CHACHA20-POLY1305:%DISABLE_TLS13_COMPAT_MODE"

#define HANDSHAKE_MAX 4096                   /* of one handshake message of the peer */
#define EXTENSION_EARLY_DATA 42              /* RFC 8446, 4.2.10 */

struct Tls {
    gnutls_session_t session;
    gnutls_psk_server_credentials_t server;
    gnutls_psk_client_credentials_t client;
    struct records records;
    gboolean open;                           /* the handshake is done and was found good */
    gboolean failed;
    gboolean rekeyed;                        /* by the peer, in the record read last */
    tls_lookup lookup;
    gpointer lookup_data;
    gsize identity_len;
    guint8 identity[IDENTITY_MAX];
};

static ssize_t
pull(gnutls_transport_ptr_t ptr, void *data, size_t size)
{
    Tls *t = ptr;
    const ssize_t n = records_pull(&t->records, data, size);

    if (n < 0)
        gnutls_transport_set_errno(t->session, errno);
    return n;
}

static ssize_t
push(gnutls_transport_ptr_t ptr, const void *data, size_t size)
{
    Tls *t = ptr;
    const ssize_t n = records_push(&t->records, data, size);

    if (n < 0)
        gnutls_transport_set_errno(t->session, errno);
    return n;
}

/* Nothing here waits: pull() says "again" at once. */
static int
pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
    (void)ptr;
    (void)ms;
    return 1;
}

/* The key is handed over for known identities and unknown ones alike; 1 makes GnuTLS drop it. */
static int
find_key(gnutls_session_t session, const gnutls_datum_t *identity, gnutls_datum_t *key)
{
    Tls *t = gnutls_session_get_ptr(session);
    gboolean known = FALSE;
    g_autoptr(Secret) psk = NULL;

    if (t->identity_len != 0 || identity->size == 0)
        return 1;
    psk = t->lookup(t->lookup_data, identity->data, identity->size, &known);
    if (psk == NULL || !known || identity->size > IDENTITY_MAX)
        return 1;
    key->data = gnutls_malloc(secret_len(psk));
    if (key->data == NULL)
        return 1;
    memcpy(key->data, secret_peek(psk), secret_len(psk));
    key->size = (unsigned int)secret_len(psk);
    memcpy(t->identity, identity->data, identity->size);
    t->identity_len = identity->size;

    return 0;
}

/* Without its consent GnuTLS passes over early data in silence; here who sends any is refused. */
static int
no_early_data(void *ctx, unsigned int type, const unsigned char *data, unsigned int size)
{
    (void)ctx;
    (void)data;
    (void)size;
    return type == EXTENSION_EARLY_DATA ? GNUTLS_E_RECEIVED_ILLEGAL_EXTENSION : 0;
}

/* Each handshake message of the peer, before the library acts on it. */
static int
judge_message(gnutls_session_t session, unsigned int type, unsigned int when,
              unsigned int incoming, const gnutls_datum_t *message)
{
    Tls *t = gnutls_session_get_ptr(session);

    (void)when;
    if (!incoming)
        return 0;
    if (!profile_message(t->records.server, type))
        return GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET;
    t->rekeyed = type == GNUTLS_HANDSHAKE_KEY_UPDATE;
    if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
        return gnutls_ext_raw_parse(NULL, no_early_data, message,
                                    GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO);
    if (type == GNUTLS_HANDSHAKE_SERVER_HELLO &&
        !profile_server_hello(message->data, message->size))
        return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
    return 0;
}

static int
keep_no_key(gnutls_session_t session, const char *label, const gnutls_datum_t *secret)
{
    (void)session;
    (void)label;
    (void)secret;
    return 0;
}

/* The library writes a session's keys into the file that SSLKEYLOGFILE names, and to the standard
 * error where GNUTLS_DEBUG_LEVEL is 9: no use that is worth it. */
static void
say_nothing(gnutls_session_t session)
{
    gnutls_session_set_keylog_function(session, keep_no_key);
    gnutls_global_set_log_level(0);
}

static gboolean
prepare(Tls *t, unsigned int role, GError **error)
{
    const char *at = NULL;
    int rc = gnutls_init(&t->session, role | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS |
                                          GNUTLS_NO_SIGNAL | GNUTLS_NO_EXTENSIONS);

    if (rc >= 0)
        rc = gnutls_priority_set_direct(t->session, PRIORITIES, &at);
    if (!gnutls_ok(rc, "TLS session", error))
        return FALSE;
    say_nothing(t->session);
    gnutls_session_set_ptr(t->session, t);
    gnutls_handshake_set_max_packet_length(t->session, HANDSHAKE_MAX);
    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE,
                                       judge_message);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_push_function(t->session, push);
    gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);

    return TRUE;
}

static Tls *
new_on(Stream *stream, gboolean server)
{
    Tls *t = g_new0(Tls, 1);

    records_open(&t->records, stream, server);
    return t;
}

Tls *
tls_server_new(int fd, tls_lookup lookup, gpointer data, GError **error)
{
    g_autoptr(Tls) t = new_on(stream_new(fd), TRUE);

    t->lookup = lookup;
    t->lookup_data = data;
    if (!io_set_nonblocking(fd, TRUE, error) || !prepare(t, GNUTLS_SERVER, error) ||
        !gnutls_ok(gnutls_psk_allocate_server_credentials(&t->server), "TLS", error))
        return NULL;
    gnutls_psk_set_server_credentials_function2(t->server, find_key);
    if (!gnutls_ok(gnutls_credentials_set(t->session, GNUTLS_CRD_PSK, t->server), "TLS", error))
        return NULL;

    return g_steal_pointer(&t);
}

Tls *
tls_client_new(Stream *stream, const guint8 *identity, gsize len, const Secret *psk,
               GError **error)
{
    g_autoptr(Tls) t = new_on(stream, FALSE);
    const gnutls_datum_t name = { (void *)identity, (unsigned int)len };
    const gnutls_datum_t key = secret_datum(psk);

    g_assert(len >= 1 && len <= IDENTITY_MAX && secret_len(psk) == PSK_SIZE);
    memcpy(t->identity, identity, len);
    t->identity_len = len;
    if (!prepare(t, GNUTLS_CLIENT, error) ||
        !gnutls_ok(gnutls_psk_allocate_client_credentials(&t->client), "TLS", error) ||
        !gnutls_ok(gnutls_psk_set_client_credentials2(t->client, &name, &key, GNUTLS_PSK_KEY_RAW),
                   "TLS", error) ||
        !gnutls_ok(gnutls_credentials_set(t->session, GNUTLS_CRD_PSK, t->client), "TLS", error))
        return NULL;

    return g_steal_pointer(&t);
}

void
tls_free(Tls *t)
{
    if (t == NULL)
        return;
    if (t->open && !t->failed)
        (void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
    if (t->session != NULL)
        gnutls_deinit(t->session);
    if (t->server != NULL)
        gnutls_psk_free_server_credentials(t->server);
    if (t->client != NULL)
        gnutls_psk_free_client_credentials(t->client);
    records_close(&t->records);
    g_free(t);
}

/* One place turns what GnuTLS says into what a caller does. */
static enum tls_result
judge(Tls *t, int rc, const char *what, GError **error)
{
    if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED)
        return TLS_AGAIN;
    t->failed = TRUE;
    if (t->records.bad) {
        error_malformed(error, "%s: a TLS record header that this protocol does not have", what);
        return TLS_FAILED;
    }
    if (rc == 0 || rc == GNUTLS_E_PREMATURE_TERMINATION || rc == GNUTLS_E_PULL_ERROR ||
        rc == GNUTLS_E_PUSH_ERROR)
        return TLS_CLOSED;
    if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED || rc == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        const char *alert = gnutls_alert_get_name(gnutls_alert_get(t->session));

        error_denied(error, "%s: the peer refused (%s)", what, alert != NULL ? alert : "alert");
        return TLS_FAILED;
    }
    error_denied(error, "%s: %s", what, gnutls_strerror(rc));
    return TLS_FAILED;
}

static const char *
breach(const Tls *t)
{
    const struct profile p = {
        .version = gnutls_protocol_get_version(t->session),
        .kx = gnutls_kx_get(t->session),
        .group = gnutls_group_get(t->session),
        .cipher = gnutls_cipher_get(t->session),
        .resumed = gnutls_session_is_resumed(t->session) != 0,
        .early_data = (gnutls_session_get_flags(t->session) & GNUTLS_SFLAGS_EARLY_DATA) != 0,
        .identity_len = t->identity_len,
    };

    return profile_breach(&p);
}

enum tls_result
tls_handshake(Tls *t, GError **error)
{
    const char *wrong;
    int rc;

    if (t->open)
        return TLS_DONE;
    rc = gnutls_handshake(t->session);
    if (rc < 0 && !gnutls_error_is_fatal(rc) && rc != GNUTLS_E_AGAIN)
        rc = rc == GNUTLS_E_INTERRUPTED ? GNUTLS_E_AGAIN : GNUTLS_E_UNEXPECTED_PACKET;
    if (rc < 0) {
        const enum tls_result result = judge(t, rc, "TLS handshake", error);

        if (result == TLS_FAILED && !t->records.bad)
            (void)gnutls_alert_send_appropriate(t->session, rc);
        return result;
    }
    wrong = breach(t);
    if (wrong != NULL) {
        t->failed = TRUE;
        error_denied(error, "TLS handshake: the %s is not this protocol's", wrong);
        return TLS_FAILED;
    }
    t->open = t->records.open = TRUE;

    return TLS_DONE;
}

/*
 * The library says "again" after a record without a message, too. After a KeyUpdate (its
 * own, every 2^24 records) the message may be at hand, of which the stream tells no more.
 * Anything else is a record of nothing, or a part of a handshake message: an honest peer
 * sends neither, and another one could keep its receiver busy with them.
 */
static ssize_t
next_record(Tls *t, guint8 *buffer, gsize max)
{
    guint whole;
    ssize_t n;

    do {
        whole = t->records.whole;
        t->rekeyed = FALSE;
        n = gnutls_record_recv(t->session, buffer, max);
    } while (n == GNUTLS_E_AGAIN && t->rekeyed);
    return n == GNUTLS_E_AGAIN && t->records.whole != whole ? GNUTLS_E_UNEXPECTED_PACKET : n;
}

enum tls_result
tls_receive(Tls *t, guint8 *buffer, gsize max, gsize *ret_len, GError **error)
{
    ssize_t n;

    if (!t->open || t->failed)
        return TLS_CLOSED;
    n = next_record(t, buffer, max);
    if (n <= 0)
        return judge(t, (int)n, "TLS", error);
    if (gnutls_record_check_pending(t->session) > 0) {
        t->failed = TRUE;
        error_malformed(error, "TLS: a record of more than %zu bytes", max);
        return TLS_FAILED;
    }
    *ret_len = (gsize)n;

    return TLS_DONE;
}

enum tls_result
tls_send(Tls *t, const guint8 *message, gsize len, GError **error)
{
    ssize_t n;

    if (!t->open || t->failed)
        return TLS_CLOSED;
    n = gnutls_record_send(t->session, message, len);
    if (n < 0)
        return judge(t, (int)n, "TLS", error);

    return TLS_DONE;
}

enum tls_result
tls_flush(Tls *t, GError **error)
{
    (void)error;
    if (records_flush(&t->records))
        return TLS_DONE;
    if (errno == EAGAIN)
        return TLS_AGAIN;
    t->failed = TRUE;
    return TLS_CLOSED;
}

void
tls_hold(Tls *t, gboolean on)
{
    t->records.hold = on;
}

gboolean
tls_pending(const Tls *t)
{
    return records_pending_in(&t->records);
}

short
tls_events(const Tls *t)
{
    return (short)(POLLIN | (records_pending_out(&t->records) ? POLLOUT : 0));
}

int
tls_fd(const Tls *t)
{
    return stream_poll_fd(t->records.stream);
}

const guint8 *
tls_identity(const Tls *t, gsize *ret_len)
{
    *ret_len = t->identity_len;
    return t->identity_len > 0 ? t->identity : NULL;
}

gboolean
tls_export(Tls *t, const char *label, guint8 *out, gsize len, GError **error)
{
    if (!t->open)
        return error_system(error, "TLS exporter: the handshake is not done");
    return gnutls_ok(gnutls_prf_rfc5705(t->session, strlen(label), label, 0, "", len, (char *)out),
                     "TLS exporter", error);
}

/* FALSE when the deadline passed. */
static gboolean
wait_for(Tls *t, short events, gint64 deadline)
{
    struct pollfd p = { tls_fd(t), events, 0 };
    const gint64 left = deadline - g_get_monotonic_time();

    if (left <= 0)
        return FALSE;
    (void)poll(&p, 1, (int)MIN(left / 1000 + 1, 60000));
    return TRUE;
}

enum tls_result
tls_flush_until(Tls *t, gint64 deadline, GError **error)
{
    for (;;) {
        const enum tls_result result = tls_flush(t, error);

        if (result != TLS_AGAIN || !wait_for(t, POLLOUT, deadline))
            return result;
    }
}

enum tls_result
tls_handshake_until(Tls *t, gint64 deadline, GError **error)
{
    for (;;) {
        enum tls_result result = tls_handshake(t, error);
        const enum tls_result flushed = tls_flush(t, result == TLS_AGAIN ? error : NULL);

        if (result == TLS_DONE || result == TLS_AGAIN)
            result = flushed == TLS_DONE || flushed == TLS_AGAIN ? result : flushed;
        if (result == TLS_DONE && flushed == TLS_AGAIN)
            result = TLS_AGAIN;
        if (result != TLS_AGAIN || !wait_for(t, tls_events(t), deadline))
            return result;
    }
}

enum tls_result
tls_receive_until(Tls *t, guint8 *buffer, gsize max, gsize *ret_len, gint64 deadline,
                  GError **error)
{
    for (;;) {
        enum tls_result result = tls_flush(t, error);

        if (result == TLS_DONE || result == TLS_AGAIN)
            result = tls_receive(t, buffer, max, ret_len, error);
        if (result != TLS_AGAIN || !wait_for(t, tls_events(t), deadline))
            return result;
    }
}
