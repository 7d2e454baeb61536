/* SPDX-License-Identifier: BSD-3-Clause */
/* Every knob of the handshake, lowered alone by a client that has the right key: refused for it. */
#include "config.h"

#include "pair.h"
#include "suites.h"

#include <gnutls/gnutls.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BASE "NONE:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:%DISABLE_TLS13_COMPAT_MODE"

static const struct {
    const char *what;
    const char *priorities;
    gboolean psk;
    const char *why;                         /* of the refusal; NULL: let in */
} knobs[] = {
    { "the profile itself", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-128-GCM",
      TRUE, NULL },
    { "the other suite", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+CHACHA20-POLY1305",
      TRUE, NULL },
    { "TLS 1.2", "NORMAL:-VERS-TLS1.3:+VERS-TLS1.0:-KX-ALL:+ECDHE-PSK",
      TRUE, "unsupported version" },
    { "PSK without (EC)DHE", BASE ":+VERS-TLS1.3:+PSK:+AES-128-GCM", TRUE, "No common key share" },
    { "group secp256r1", BASE ":+VERS-TLS1.3:+GROUP-SECP256R1:+ECDHE-PSK:+AES-128-GCM",
      TRUE, "No common key share" },
    { "group FFDHE2048", BASE ":+VERS-TLS1.3:+GROUP-FFDHE2048:+DHE-PSK:+AES-128-GCM",
      TRUE, "No common key share" },
    { "AES-128-CCM-8", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-128-CCM-8",
      TRUE, "No supported cipher suites" },
    { "AES-256-GCM", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-256-GCM",
      TRUE, "No supported cipher suites" },
    { "AES-128-CCM", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-128-CCM",
      TRUE, "No supported cipher suites" },
    { "group X448", BASE ":+VERS-TLS1.3:+GROUP-X448:+ECDHE-PSK:+AES-128-GCM",
      TRUE, "No common key share" },
    { "TLS 1.2 beside 1.3, and no group", "NORMAL:-KX-ALL:+ECDHE-PSK:-GROUP-ALL:+GROUP-SECP384R1",
      TRUE, "No common key share" },
    { "PSK without (EC)DHE offered beside it: not taken", BASE ":+VERS-TLS1.3:+GROUP-X25519:+PSK"
      ":+ECDHE-PSK:+AES-128-GCM", TRUE, NULL },
    { "certificates only", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-ECDSA:+AES-128-GCM",
      FALSE, "credentials" },
    { "middlebox compatibility", "NONE:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:+VERS-TLS1.3"
      ":+GROUP-X25519:+ECDHE-PSK:+AES-128-GCM", TRUE, "record header" },
};

/* A client of the plain library. */
struct client {
    gnutls_session_t session;
    gnutls_psk_client_credentials_t psk;
    gnutls_certificate_credentials_t certificates;
};

static void
client_open_as(struct client *c, int fd, const char *priorities, gboolean with_psk,
               const char *name, const Secret *key)
{
    const gnutls_datum_t datum = secret_datum(key);

    ck_assert_int_eq(gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(c->session, priorities, NULL), 0);
    ck_assert_int_eq(gnutls_psk_allocate_client_credentials(&c->psk), 0);
    ck_assert_int_eq(gnutls_psk_set_client_credentials(c->psk, name, &datum,
                                                       GNUTLS_PSK_KEY_RAW), 0);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&c->certificates), 0);
    if (with_psk)
        gnutls_credentials_set(c->session, GNUTLS_CRD_PSK, c->psk);
    else
        gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->certificates);
    gnutls_transport_set_int(c->session, fd);
}

static void
client_open(struct client *c, int fd, const char *priorities, gboolean with_psk,
            const Secret *key)
{
    client_open_as(c, fd, priorities, with_psk, PAIR_IDENTITY, key);
}

static void
client_close(struct client *c)
{
    gnutls_deinit(c->session);
    gnutls_psk_free_client_credentials(c->psk);
    gnutls_certificate_free_credentials(c->certificates);
}

static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    const Secret *key = data;

    (void)identity;
    (void)len;
    *ret_known = TRUE;
    return secret_copy(secret_peek(key), secret_len(key));
}

/* Both handshakes in turn, until neither goes on; what the server makes of it. */
static enum tls_result
shake(struct client *c, Tls *server, int *ret_rc, GError **error)
{
    enum tls_result result = TLS_AGAIN;
    int rc = GNUTLS_E_AGAIN;

    for (int i = 0; i < 20; i++) {
        if (rc == GNUTLS_E_AGAIN)
            rc = gnutls_handshake(c->session);
        if (result == TLS_AGAIN)
            result = tls_handshake(server, error);
    }
    *ret_rc = rc;
    return result;
}

START_TEST(each_knob_alone_is_refused)
{
    g_autoptr(Secret) key = pair_key(9);
    struct client c = { 0 };
    int ends[2];
    g_autoptr(Tls) server = NULL;
    int rc;
    enum tls_result result;
    g_autoptr(GError) why = NULL;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    client_open(&c, ends[0], knobs[_i].priorities, knobs[_i].psk, key);
    result = shake(&c, server, &rc, &why);
    if (knobs[_i].why == NULL) {
        ck_assert_msg(result == TLS_DONE && rc == 0, "%s: %d", knobs[_i].what, result);
    } else {
        ck_assert_msg(result == TLS_FAILED && strstr(why->message, knobs[_i].why) != NULL,
                      "%s: %d, %s", knobs[_i].what, result, why != NULL ? why->message : "let in");
    }
    client_close(&c);
    close(ends[0]);
}
END_TEST

/* A name as long as it may be, and one longer, whose key is known all the same. */
START_TEST(a_long_identity_is_refused)
{
    const gboolean longer = _i == 1;
    g_autoptr(Secret) key = pair_key(9);
    g_autofree char *name = g_strnfill(IDENTITY_MAX + (longer ? 1 : 0), 'n');
    struct client c = { 0 };
    int ends[2], rc;
    g_autoptr(Tls) server = NULL;
    enum tls_result result;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    client_open_as(&c, ends[0], knobs[0].priorities, TRUE, name, key);
    result = shake(&c, server, &rc, NULL);
    ck_assert_int_eq(result, longer ? TLS_FAILED : TLS_DONE);
    client_close(&c);
    close(ends[0]);
}
END_TEST

static Secret *
lookup_unknown(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    Secret *key = lookup(data, identity, len, ret_known);

    *ret_known = FALSE;
    return key;
}

static Secret *
lookup_nothing(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    secret_free(lookup(data, identity, len, ret_known));
    return NULL;
}

/* A name that is not known is refused although the client has the key that stands for it. */
START_TEST(a_key_alone_lets_nobody_in)
{
    static const tls_lookup lookups[] = { lookup, lookup_unknown, lookup_nothing };
    g_autoptr(Secret) key = pair_key(9);
    struct client c = { 0 };
    int ends[2], rc;
    g_autoptr(Tls) server = NULL;
    enum tls_result result;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookups[_i], key, NULL);
    client_open(&c, ends[0], knobs[0].priorities, TRUE, key);
    result = shake(&c, server, &rc, NULL);
    ck_assert_int_eq(result, _i == 0 ? TLS_DONE : TLS_FAILED);
    client_close(&c);
    close(ends[0]);
}
END_TEST

static int
fill_extension(gnutls_session_t session, gnutls_buffer_t out)
{
    const gsize len = *(const gsize *)gnutls_session_get_ptr(session);
    g_autofree guint8 *filler = g_malloc0(len);

    return gnutls_buffer_append_data(out, filler, len) < 0 ? -1 : (int)len;
}

static int
no_extension(gnutls_session_t session, const unsigned char *data, size_t len)
{
    (void)session;
    (void)data;
    (void)len;
    return 0;
}

/* All messages of a handshake together are bounded: a ClientHello that leaves no room for the
 * server's own is refused, although its record is not too long. */
START_TEST(a_long_handshake_is_refused)
{
    gsize filler = _i == 1 ? 3800 : 2000;
    g_autoptr(Secret) key = pair_key(9);
    struct client c = { 0 };
    int ends[2], rc;
    g_autoptr(Tls) server = NULL;
    enum tls_result result;
    g_autoptr(GError) why = NULL;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    client_open(&c, ends[0], knobs[0].priorities, TRUE, key);
    gnutls_session_set_ptr(c.session, &filler);
    ck_assert_int_eq(gnutls_session_ext_register(c.session, "filler", 0xfe01, GNUTLS_EXT_TLS,
                                                 no_extension, fill_extension, NULL, NULL, NULL,
                                                 GNUTLS_EXT_FLAG_TLS |
                                                 GNUTLS_EXT_FLAG_CLIENT_HELLO), 0);
    result = shake(&c, server, &rc, &why);
    ck_assert_msg(result == (_i == 1 ? TLS_FAILED : TLS_DONE), "%zu bytes: %d, %s", filler, result,
                  why != NULL ? why->message : "let in");
    ck_assert(_i == 0 || strstr(why->message, "too large") != NULL);
    client_close(&c);
    close(ends[0]);
}
END_TEST

/* No session ticket comes from the server: a client that knows how to keep one gets none. */
START_TEST(no_ticket_is_sent)
{
    g_autoptr(Secret) key = pair_key(9);
    struct client c = { 0 };
    int ends[2];
    g_autoptr(Tls) server = NULL;
    char byte;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    client_open(&c, ends[0], knobs[0].priorities, TRUE, key);
    for (int i = 0; i < 20; i++) {
        (void)gnutls_handshake(c.session);
        (void)tls_handshake(server, NULL);
    }
    ck_assert_int_eq(gnutls_record_recv(c.session, &byte, 1), GNUTLS_E_AGAIN);
    ck_assert_int_eq(gnutls_session_get_flags(c.session) & GNUTLS_SFLAGS_SESSION_TICKET, 0);
    client_close(&c);
    close(ends[0]);
}
END_TEST

/* ---- after the handshake, from a client that has the key ---- */

#define FLOOD 100

static int
say_key_update(gnutls_session_t s)
{
    return gnutls_session_key_update(s, GNUTLS_KU_PEER);
}

static int
say_warning(gnutls_session_t s)
{
    return gnutls_alert_send(s, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED);
}

static int
say_fatal(gnutls_session_t s)
{
    return gnutls_alert_send(s, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR);
}

static int
say_goodbye(gnutls_session_t s)
{
    return gnutls_bye(s, GNUTLS_SHUT_WR);
}

static const struct {
    const char *what;
    int (*say)(gnutls_session_t s);
    guint times;
    enum tls_result result;          /* TLS_AGAIN: borne, and a message comes through */
} afterwards[] = {
    { "KeyUpdate", say_key_update, 1, TLS_AGAIN },
    { "a flood of KeyUpdate", say_key_update, FLOOD, TLS_FAILED },
    { "a warning", say_warning, 1, TLS_FAILED },
    { "a fatal alert", say_fatal, 1, TLS_FAILED },
    { "close_notify", say_goodbye, 1, TLS_CLOSED },
};

START_TEST(what_follows_the_handshake_is_bounded)
{
    g_autoptr(Secret) key = pair_key(9);
    struct client c = { 0 };
    int ends[2];
    g_autoptr(Tls) server = NULL;
    enum tls_result result = TLS_AGAIN;
    int rc = GNUTLS_E_AGAIN;
    guint8 got[64];
    gsize len = 0;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    client_open(&c, ends[0], knobs[0].priorities, TRUE, key);
    for (int i = 0; i < 20; i++) {
        if (rc != 0)
            rc = gnutls_handshake(c.session);
        (void)tls_handshake(server, NULL);
    }
    ck_assert_int_eq(rc, 0);
    for (guint i = 0; i < afterwards[_i].times && result == TLS_AGAIN; i++) {
        ck_assert_int_ge(afterwards[_i].say(c.session), 0);
        result = tls_receive(server, got, sizeof(got), &len, NULL);
        (void)tls_flush(server, NULL);
    }
    ck_assert_msg(result == afterwards[_i].result, "%s: %d", afterwards[_i].what, result);
    if (result == TLS_AGAIN) {
        ck_assert_int_eq(gnutls_record_send(c.session, "four", 4), 4);
        ck_assert_int_eq(tls_receive(server, got, sizeof(got), &len, NULL), TLS_DONE);
        ck_assert_uint_eq(len, 4);
    }
    client_close(&c);
    close(ends[0]);
}
END_TEST

/* ---- early data, by OpenSSL: GnuTLS sends none with an external PSK ---- */

#define EARLY_MAX 1000

static const unsigned char suite_aes_128_gcm[] = { 0x13, 0x01 };

/* The PSK as a session that allows early data; the key is the SSL's own data. */
static int
use_session(SSL *ssl, const EVP_MD *md, const unsigned char **ret_id, size_t *ret_len,
            SSL_SESSION **ret)
{
    const Secret *key = SSL_get_ex_data(ssl, 0);
    SSL_SESSION *s = SSL_SESSION_new();

    (void)md;
    SSL_SESSION_set1_master_key(s, secret_peek(key), secret_len(key));
    SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, suite_aes_128_gcm));
    SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION);
    SSL_SESSION_set_max_early_data(s, EARLY_MAX);
    *ret_id = (const unsigned char *)PAIR_IDENTITY;
    *ret_len = strlen(PAIR_IDENTITY);
    *ret = s;
    return 1;
}

static SSL_CTX *
openssl_profile(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    ck_assert(ctx != NULL);
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION), 1);
    ck_assert_int_eq(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"), 1);
    ck_assert_int_eq(SSL_CTX_set1_groups_list(ctx, "X25519"), 1);
    SSL_CTX_clear_options(ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_psk_use_session_callback(ctx, use_session);
    return ctx;
}

/* The honest case first: the same client without early data is let in. */
START_TEST(early_data_is_refused)
{
    const gboolean early = _i == 1;
    g_autoptr(Secret) key = pair_key(9);
    SSL_CTX *ctx = openssl_profile();
    SSL *ssl = SSL_new(ctx);
    int ends[2];
    g_autoptr(Tls) server = NULL;
    enum tls_result result = TLS_AGAIN;
    g_autoptr(GError) why = NULL;
    size_t sent = 0;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    SSL_set_ex_data(ssl, 0, key);
    SSL_set_fd(ssl, ends[0]);
    if (early)
        ck_assert_int_eq(SSL_write_early_data(ssl, "early", 5, &sent), 1);
    for (int i = 0; i < 20; i++) {
        (void)SSL_connect(ssl);
        if (result == TLS_AGAIN)
            result = tls_handshake(server, &why);
    }
    ck_assert_uint_eq(sent, early ? 5 : 0);
    ck_assert_int_eq(result, early ? TLS_FAILED : TLS_DONE);
    ck_assert(!early || strstr(why->message, "illegal TLS extension") != NULL);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(ends[0]);
}
END_TEST

Suite *knobs_suite(void);

Suite *
knobs_suite(void)
{
    Suite *s = suite_create("knobs");
    TCase *t = tcase_create("knobs");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_knob_alone_is_refused, 0, G_N_ELEMENTS(knobs));
    tcase_add_loop_test(t, a_long_identity_is_refused, 0, 2);
    tcase_add_loop_test(t, a_key_alone_lets_nobody_in, 0, 3);
    tcase_add_loop_test(t, a_long_handshake_is_refused, 0, 2);
    tcase_add_test(t, no_ticket_is_sent);
    tcase_add_loop_test(t, what_follows_the_handshake_is_bounded, 0, G_N_ELEMENTS(afterwards));
    tcase_add_loop_test(t, early_data_is_refused, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
