/* SPDX-License-Identifier: BSD-3-Clause */
/* What a handshake came to, wrong in one point: priorities alone would hide that nobody looks. */
#include "config.h"

#include "cocotransport/session/profile.h"
#include "suites.h"

#include <string.h>

#define TLS GNUTLS_TLS1_3
#define KX GNUTLS_KX_ECDHE_PSK
#define GROUP GNUTLS_GROUP_X25519
#define CIPHER GNUTLS_CIPHER_AES_128_GCM

static const struct {
    const char *breach;
    struct profile p;
} rows[] = {
    { NULL, { TLS, KX, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "version", { GNUTLS_TLS1_2, KX, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "version", { GNUTLS_VERSION_UNKNOWN, KX, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "key exchange", { TLS, GNUTLS_KX_PSK, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "key exchange", { TLS, GNUTLS_KX_DHE_PSK, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "key exchange", { TLS, GNUTLS_KX_ECDHE_ECDSA, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_SECP256R1, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_X448, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_FFDHE2048, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_INVALID, CIPHER, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_AES_256_GCM, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_AES_128_CCM, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_AES_128_CCM_8, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_NULL, FALSE, FALSE, 1 } },
    { NULL, { TLS, KX, GROUP, GNUTLS_CIPHER_CHACHA20_POLY1305, FALSE, FALSE, 1 } },
    { "resumption", { TLS, KX, GROUP, CIPHER, TRUE, FALSE, 1 } },
    { "early data", { TLS, KX, GROUP, CIPHER, FALSE, TRUE, 1 } },
    { "identity", { TLS, KX, GROUP, CIPHER, FALSE, FALSE, 0 } },
};

START_TEST(one_point_is_enough)
{
    const char *breach = profile_breach(&rows[_i].p);

    if (rows[_i].breach == NULL)
        ck_assert_ptr_null(breach);
    else
        ck_assert_str_eq(breach, rows[_i].breach);
}
END_TEST

/* Each message has the sides that may send it; every other one is refused, whoever sends it. */
START_TEST(each_message_has_its_sender)
{
    static const struct {
        guint type;
        gboolean client, server;
    } known[] = {
        { 1, TRUE, FALSE },                  /* ClientHello (RFC 8446, 4) */
        { 2, FALSE, TRUE },                  /* ServerHello */
        { 8, FALSE, TRUE },                  /* EncryptedExtensions */
        { 20, TRUE, TRUE },                  /* Finished */
        { 24, TRUE, TRUE },                  /* KeyUpdate */
    };

    /* Above 255: what the library makes of a HelloRetryRequest and the like. */
    for (guint type = 0; type < 2048; type++) {
        gboolean client = FALSE, server = FALSE;

        for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
            if (known[i].type != type)
                continue;
            client = known[i].client;
            server = known[i].server;
        }
        ck_assert_msg(profile_message(TRUE, type) == client, "%u of a client", type);
        ck_assert_msg(profile_message(FALSE, type) == server, "%u of a server", type);
    }
}
END_TEST

#define RANDOM "0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define VERSIONS "002b 0002 0304"

static const struct {
    const char *what;
    const char *hello;
    gboolean good;
} hellos[] = {
    { "the PSK", RANDOM "00 1301 00 000c" VERSIONS "0029 0002 0000", TRUE },
    { "the PSK alone", RANDOM "00 1301 00 0006 0029 0002 0000", TRUE },
    { "the other suite", RANDOM "00 1303 00 0006 0029 0002 0000", TRUE },
    { "AES-256-GCM", RANDOM "00 1302 00 0006 0029 0002 0000", FALSE },
    { "a suite of TLS 1.2", RANDOM "00 ccac 00 0006 0029 0002 0000", FALSE },
    { "no PSK", RANDOM "00 1301 00 0006" VERSIONS, FALSE },
    { "another extension that looks like one", RANDOM "00 1301 00 0006 0033 0002 0000", FALSE },
    { "a PSK before another", RANDOM "00 1301 00 000c 0029 0002 0000" VERSIONS, TRUE },
    { "no extension", RANDOM "00 1301 00 0000", FALSE },
    { "the second PSK", RANDOM "00 1301 00 0006 0029 0002 0001", FALSE },
    { "the 256th", RANDOM "00 1301 00 0006 0029 0002 0100", FALSE },
    { "a PSK that is not said", RANDOM "00 1301 00 0004 0029 0000", FALSE },
    { "half a number", RANDOM "00 1301 00 0005 0029 0001 00", FALSE },
    { "a number with more", RANDOM "00 1301 00 0007 0029 0003 000000", FALSE },
    { "two PSKs, the later one wrong",
      RANDOM "00 1301 00 000c 0029 0002 0000 0029 0002 0001", FALSE },
    { "an extension cut short", RANDOM "00 1301 00 0009 0029 0002 0000 002b 00", FALSE },
    { "a value cut short", RANDOM "00 1301 00 000b 0029 0002 0000 002b 0002 03", FALSE },
    /* Of which the rest, read without it, would be a good one. */
    { "a session id", RANDOM "09 1301 00 000f 1234 0005 1301 00 0006 0029 0002 0000", FALSE },
    { "a hello cut short", RANDOM "00 13", FALSE },
    { "nothing", "", FALSE },
};

START_TEST(a_server_takes_the_psk)
{
    g_autoptr(GBytes) hello = test_bytes(hellos[_i].hello);
    gsize len;
    const void *bytes = g_bytes_get_data(hello, &len);

    ck_assert_msg(profile_server_hello(bytes, len) == hellos[_i].good, "%s", hellos[_i].what);
}
END_TEST

Suite *profile_suite(void);

Suite *
profile_suite(void)
{
    Suite *s = suite_create("profile");
    TCase *t = tcase_create("profile");

    tcase_add_loop_test(t, one_point_is_enough, 0, G_N_ELEMENTS(rows));
    tcase_add_test(t, each_message_has_its_sender);
    tcase_add_loop_test(t, a_server_takes_the_psk, 0, G_N_ELEMENTS(hellos));
    suite_add_tcase(s, t);
    return s;
}
