/* SPDX-License-Identifier: BSD-3-Clause */
/* Every knob of the handshake, lowered alone by a client that has the right key. */
#include "config.h"

#include "pair.h"
#include "suites.h"

#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BASE "NONE:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:%DISABLE_TLS13_COMPAT_MODE"

static const struct {
    const char *what;
    const char *priorities;
    gboolean psk;
    gboolean ok;
} knobs[] = {
    { "the profile itself", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-128-GCM", TRUE,
      TRUE },
    { "the other suite", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+CHACHA20-POLY1305", TRUE,
      TRUE },
    { "TLS 1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK", TRUE, FALSE },
    { "PSK without (EC)DHE", BASE ":+VERS-TLS1.3:+PSK:+AES-128-GCM", TRUE, FALSE },
    { "group secp256r1", BASE ":+VERS-TLS1.3:+GROUP-SECP256R1:+ECDHE-PSK:+AES-128-GCM", TRUE,
      FALSE },
    { "group FFDHE2048", BASE ":+VERS-TLS1.3:+GROUP-FFDHE2048:+DHE-PSK:+AES-128-GCM", TRUE,
      FALSE },
    { "AES-128-CCM-8", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-128-CCM-8", TRUE,
      FALSE },
    { "AES-256-GCM", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-256-GCM", TRUE, FALSE },
    { "AES-128-CCM", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-PSK:+AES-128-CCM", TRUE, FALSE },
    { "group X448", BASE ":+VERS-TLS1.3:+GROUP-X448:+ECDHE-PSK:+AES-128-GCM", TRUE, FALSE },
    { "TLS 1.2 beside 1.3, and no group", "NORMAL:-KX-ALL:+ECDHE-PSK:-GROUP-ALL:+GROUP-SECP384R1",
      TRUE, FALSE },
    { "PSK without (EC)DHE offered beside it: not taken", BASE ":+VERS-TLS1.3:+GROUP-X25519:+PSK"
      ":+ECDHE-PSK:+AES-128-GCM", TRUE, TRUE },
    { "certificates only", BASE ":+VERS-TLS1.3:+GROUP-X25519:+ECDHE-ECDSA:+AES-128-GCM", FALSE,
      FALSE },
    { "middlebox compatibility", "NONE:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:+VERS-TLS1.3"
      ":+GROUP-X25519:+ECDHE-PSK:+AES-128-GCM", TRUE, FALSE },
};

/* A client of the plain library. */
struct client {
    gnutls_session_t session;
    gnutls_psk_client_credentials_t psk;
    gnutls_certificate_credentials_t certificates;
};

static void
client_open(struct client *c, int fd, const char *priorities, gboolean with_psk,
            const Secret *key)
{
    const gnutls_datum_t datum = secret_datum(key);

    ck_assert_int_eq(gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(c->session, priorities, NULL), 0);
    ck_assert_int_eq(gnutls_psk_allocate_client_credentials(&c->psk), 0);
    ck_assert_int_eq(gnutls_psk_set_client_credentials(c->psk, PAIR_IDENTITY, &datum,
                                                       GNUTLS_PSK_KEY_RAW), 0);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&c->certificates), 0);
    if (with_psk)
        gnutls_credentials_set(c->session, GNUTLS_CRD_PSK, c->psk);
    else
        gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->certificates);
    gnutls_transport_set_int(c->session, fd);
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

START_TEST(each_knob_alone_is_refused)
{
    g_autoptr(Secret) key = pair_key(9);
    struct client c = { 0 };
    int ends[2];
    g_autoptr(Tls) server = NULL;
    int rc = GNUTLS_E_AGAIN;
    enum tls_result result = TLS_AGAIN;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    server = tls_server_new(ends[1], lookup, key, NULL);
    client_open(&c, ends[0], knobs[_i].priorities, knobs[_i].psk, key);
    for (int i = 0; i < 20; i++) {
        if (rc == GNUTLS_E_AGAIN)
            rc = gnutls_handshake(c.session);
        if (result == TLS_AGAIN)
            result = tls_handshake(server, NULL);
    }
    ck_assert_msg((result == TLS_DONE) == knobs[_i].ok, "%s: %d", knobs[_i].what, result);
    if (knobs[_i].ok)
        ck_assert_int_eq(rc, 0);
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

Suite *knobs_suite(void);

Suite *
knobs_suite(void)
{
    Suite *s = suite_create("knobs");
    TCase *t = tcase_create("knobs");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_knob_alone_is_refused, 0, G_N_ELEMENTS(knobs));
    tcase_add_test(t, no_ticket_is_sent);
    suite_add_tcase(s, t);
    return s;
}
