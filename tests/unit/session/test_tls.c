/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/cursor.h"
#include "base/error.h"
#include "cocotransport/session/tls.h"
#include "cocotransport/wire/message.h"
#include "pair.h"
#include "suites.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(both_ends_agree)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    guint8 a[64], b[64], c[64];
    gsize len;

    pair_open(&p, key, key);
    ck_assert(!tls_export(p.client, "EXPORTER-CoCoTPM-server", a, sizeof(a), NULL));
    ck_assert_ptr_null(tls_identity(p.server, &len));
    ck_assert_int_eq(tls_send(p.client, a, sizeof(a), NULL), TLS_CLOSED);
    ck_assert_int_eq(tls_receive(p.client, a, sizeof(a), &len, NULL), TLS_CLOSED);
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(client, TLS_DONE);
    ck_assert_int_eq(server, TLS_DONE);
    ck_assert_int_eq(tls_handshake(p.client, NULL), TLS_DONE);
    ck_assert_mem_eq(tls_identity(p.server, &len), PAIR_IDENTITY, strlen(PAIR_IDENTITY));
    ck_assert_uint_eq(len, strlen(PAIR_IDENTITY));
    ck_assert(tls_export(p.client, "EXPORTER-CoCoTPM-server", a, sizeof(a), NULL));
    ck_assert(tls_export(p.server, "EXPORTER-CoCoTPM-server", b, sizeof(b), NULL));
    ck_assert(tls_export(p.server, "EXPORTER-CoCoTPM-client", c, sizeof(c), NULL));
    ck_assert_mem_eq(a, b, sizeof(a));
    ck_assert_mem_ne(a, c, sizeof(a));
    ck_assert(pair_message(&p, p.client, p.server, "a command"));
    ck_assert(pair_message(&p, p.server, p.client, "an answer"));
    pair_close(&p);
}
END_TEST

/* 22 bytes more than the message, each way. */
START_TEST(one_message_is_one_record)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    g_autofree guint8 *big = g_malloc0(COCO_MESSAGE_MAX);
    g_autofree guint8 *got = g_malloc(COCO_MESSAGE_MAX);
    gsize before, len;

    pair_open(&p, key, key);
    pair_shake(&p, &client, &server);
    before = p.host.passed[0];
    ck_assert(pair_message(&p, p.client, p.server, "twelve bytes"));
    ck_assert_uint_eq(p.host.passed[0], before + 12 + 22);
    before = p.host.passed[1];
    ck_assert(pair_message(&p, p.server, p.client, "twelve bytes"));
    ck_assert_uint_eq(p.host.passed[1], before + 12 + 22);
    memset(big, 'b', COCO_MESSAGE_MAX);
    ck_assert_int_eq(tls_send(p.server, big, COCO_MESSAGE_MAX, NULL), TLS_DONE);
    while (pair_carry(&p))
        ;
    ck_assert_int_eq(tls_receive(p.client, got, COCO_MESSAGE_MAX, &len, NULL), TLS_DONE);
    ck_assert_uint_eq(len, COCO_MESSAGE_MAX);
    ck_assert_mem_eq(big, got, len);
    ck_assert_int_eq(tls_receive(p.client, got, COCO_MESSAGE_MAX, &len, NULL), TLS_AGAIN);
    pair_close(&p);
}
END_TEST

START_TEST(two_messages_stay_two)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    guint8 got[64];
    gsize len;

    pair_open(&p, key, key);
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(tls_send(p.client, (const guint8 *)"one", 3, NULL), TLS_DONE);
    ck_assert_int_eq(tls_send(p.client, (const guint8 *)"three", 5, NULL), TLS_DONE);
    (void)pair_carry(&p);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_DONE);
    ck_assert_uint_eq(len, 3);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_DONE);
    ck_assert_uint_eq(len, 5);
    pair_close(&p);
}
END_TEST

START_TEST(a_record_above_the_maximum_ends_the_session)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    guint8 got[16];
    gsize len = 99;

    pair_open(&p, key, key);
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(tls_send(p.client, (const guint8 *)"seventeen bytes..", 17, NULL), TLS_DONE);
    (void)pair_carry(&p);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_FAILED);
    ck_assert_uint_eq(len, 99);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_CLOSED);
    pair_close(&p);
}
END_TEST

/* The same bytes go over the wire whether the name or the key was wrong. */
START_TEST(wrong_key_and_unknown_name_look_the_same)
{
    g_autoptr(Secret) key = pair_key(7);
    g_autoptr(Secret) other = pair_key(8);
    const Secret *const servers[] = { other, NULL };
    gsize answered[2];

    for (int i = 0; i < 2; i++) {
        struct pair p;
        enum tls_result client, server;

        pair_open(&p, key, servers[i]);
        pair_shake(&p, &client, &server);
        ck_assert_int_eq(server, TLS_FAILED);
        ck_assert_int_eq(client, TLS_FAILED);
        answered[i] = p.host.passed[1];
        /* Nothing more is said, by either. */
        g_clear_pointer(&p.client, tls_free);
        g_clear_pointer(&p.server, tls_free);
        ck_assert(!pair_carry(&p));
        pair_close(&p);
    }
    ck_assert_uint_eq(answered[0], 7);
    ck_assert_uint_eq(answered[1], 7);
}
END_TEST

/*
 * Every byte either side sends, changed in three ways: the message never comes
 * in. (A length made longer only makes the receiver wait.)
 */
static void
flip_each_byte(guint8 mask)
{
    g_autoptr(Secret) key = pair_key(7);
    gsize total[2] = { 1, 1 };

    for (int side = 0; side < 2; side++)
        for (gsize at = 0; at < total[side]; at++) {
            struct pair p;
            enum tls_result client, server;
            gboolean there, back;

            pair_open(&p, key, key);
            p.host.side = mask != 0 ? side : -1;
            p.host.at = at;
            p.host.mask = mask;
            pair_shake(&p, &client, &server);
            there = client == TLS_DONE && pair_message(&p, p.client, p.server, "a command");
            back = there && server == TLS_DONE &&
                   pair_message(&p, p.server, p.client, "an answer");
            if (mask == 0)
                ck_assert(there && back);
            else
                ck_assert_msg(!back, "side %d byte %zu mask %02x", side, at, mask);
            if (at == 0 && mask == 0)
                total[side] = 1;
            if (at == 0 && mask != 0) {
                struct pair honest;

                pair_open(&honest, key, key);
                pair_shake(&honest, &client, &server);
                ck_assert(pair_message(&honest, honest.client, honest.server, "a command"));
                ck_assert(pair_message(&honest, honest.server, honest.client, "an answer"));
                total[side] = honest.host.passed[side];
                ck_assert_uint_gt(total[side], 100);
                pair_close(&honest);
            }
            pair_close(&p);
        }
}

START_TEST(every_flipped_byte_is_refused)
{
    static const guint8 masks[] = { 0, 0x01, 0x02, 0x80, 0xff };

    flip_each_byte(masks[_i]);
}
END_TEST

START_TEST(the_end_of_the_stream_is_told_apart)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    guint8 got[16];
    gsize len, before;

    pair_open(&p, key, key);
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_AGAIN);
    before = p.host.passed[0];
    g_clear_pointer(&p.client, tls_free);
    (void)pair_carry(&p);
    ck_assert_msg(p.host.passed[0] == before + 2 + 22, "no close_notify");
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_CLOSED);
    ck_assert_int_eq(tls_send(p.server, (const guint8 *)"x", 1, NULL), TLS_CLOSED);
    pair_close(&p);
}
END_TEST

/* The host cuts: before the handshake, in it, and in the session. */
START_TEST(a_cut_is_an_end)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    guint8 got[16];
    gsize len;
    g_autoptr(GError) why = NULL;

    pair_open(&p, key, key);
    if (_i == 1) {
        (void)tls_handshake(p.client, NULL);
        (void)pair_carry(&p);
        (void)tls_handshake(p.server, NULL);
    } else if (_i == 2) {
        pair_shake(&p, &client, &server);
    }
    close(p.host.ends[0]);
    close(p.host.ends[1]);
    if (_i == 2) {
        ck_assert_int_eq(tls_receive(p.client, got, sizeof(got), &len, &why), TLS_CLOSED);
        ck_assert_int_eq(tls_send(p.client, got, sizeof(got), &why), TLS_CLOSED);
        ck_assert_int_eq(tls_send(p.server, got, sizeof(got), &why), TLS_CLOSED);
        ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, &why), TLS_CLOSED);
    } else {
        ck_assert_int_eq(tls_handshake(p.client, &why), TLS_CLOSED);
        ck_assert_int_eq(tls_handshake(p.server, &why), TLS_CLOSED);
    }
    ck_assert_ptr_null(why);
    p.host.ends[0] = p.host.ends[1] = -1;
    pair_close(&p);
}
END_TEST

START_TEST(a_peer_that_does_not_read_is_given_up)
{
    g_autoptr(Secret) key = pair_key(7);
    g_autofree guint8 *much = g_malloc0(COCO_MESSAGE_MAX);
    struct pair p;
    enum tls_result client, server, result;
    guint times = 0;

    pair_open(&p, key, key);
    pair_shake(&p, &client, &server);
    while ((result = tls_send(p.server, much, COCO_MESSAGE_MAX, NULL)) == TLS_DONE)
        ck_assert_uint_lt(++times, 10000);
    ck_assert_int_eq(result, TLS_CLOSED);
    ck_assert_int_eq(tls_flush(p.server, NULL), TLS_AGAIN);
    ck_assert_int_eq(tls_flush_until(p.server, g_get_monotonic_time() + 10000, NULL), TLS_AGAIN);
    close(p.host.ends[1]);
    p.host.ends[1] = -1;
    ck_assert_int_eq(tls_flush(p.server, NULL), TLS_CLOSED);
    pair_close(&p);
}
END_TEST

/* What the client says first: what it offers is all that a host could have chosen from. */
START_TEST(the_client_offers_the_profile_alone)
{
    static const char *const offers[] = {
        "000a 0004 0002 001d",               /* groups: X25519 */
        "000b 0002 01 00",                   /* and how its points would be written */
        "000d 0004 0002 0403",               /* a signature algorithm, as GnuTLS wants one */
        "002b 0003 02 0304",                 /* versions: TLS 1.3 */
        "002d 0002 01 01",                   /* PSK with (EC)DHE */
        "0033 0026 0024 001d 0020",          /* one share of it */
        "001c 0002 4001",                    /* records of the size they may have */
        "ff01 0001 00",                      /* no renegotiation, as said before TLS 1.3 */
        "0029",                              /* the PSK, last */
    };
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    guint8 hello[1024];
    struct cursor in;
    guint found = 0;
    ssize_t n;

    pair_open(&p, key, key);
    ck_assert_int_eq(tls_handshake(p.client, NULL), TLS_AGAIN);
    n = recv(p.host.ends[0], hello, sizeof(hello), MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    in = cursor_from(hello, (gsize)n);
    (void)cursor_bytes(&in, 5 + 4 + 2 + 32);
    ck_assert_uint_eq(cursor_u8(&in), 0);    /* no session id */
    ck_assert_uint_eq(cursor_be16(&in), 6);
    ck_assert_uint_eq(cursor_be16(&in), 0x1301);
    ck_assert_uint_eq(cursor_be16(&in), 0x1303);
    /* Of TLS 1.2; GnuTLS does not leave it out. A server that takes it is refused. */
    ck_assert_uint_eq(cursor_be16(&in), 0xccac);
    ck_assert_uint_eq(cursor_be16(&in), 0x0100);
    ck_assert_uint_eq(cursor_be16(&in), cursor_left(&in));
    while (cursor_left(&in) > 0) {
        const guint8 *extension = in.pos;
        gboolean known = FALSE;

        (void)cursor_be16(&in);
        (void)cursor_bytes(&in, cursor_be16(&in));
        ck_assert(!in.failed);
        for (gsize i = 0; i < G_N_ELEMENTS(offers); i++) {
            g_autoptr(GBytes) offer = test_bytes(offers[i]);
            const gsize len = g_bytes_get_size(offer);

            known |= (gsize)(in.pos - extension) >= len &&
                     memcmp(extension, g_bytes_get_data(offer, NULL), len) == 0;
        }
        ck_assert_msg(known, "extension %02x%02x", extension[0], extension[1]);
        found++;
    }
    ck_assert_uint_eq(found, G_N_ELEMENTS(offers));
    pair_close(&p);
}
END_TEST

START_TEST(waiting_ends_at_the_deadline)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    enum tls_result client, server;
    guint8 got[16];
    gsize len;

    pair_open(&p, key, key);
    ck_assert_int_eq(tls_handshake_until(p.server, g_get_monotonic_time() + 10000, NULL),
                     TLS_AGAIN);
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(tls_receive_until(p.server, got, sizeof(got), &len,
                                       g_get_monotonic_time() + 10000, NULL), TLS_AGAIN);
    ck_assert(pair_message(&p, p.client, p.server, "it lives on"));
    pair_close(&p);
}
END_TEST

Suite *tls_suite(void);

Suite *
tls_suite(void)
{
    Suite *s = suite_create("tls");
    TCase *t = tcase_create("tls");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, both_ends_agree);
    tcase_add_test(t, one_message_is_one_record);
    tcase_add_test(t, two_messages_stay_two);
    tcase_add_test(t, a_record_above_the_maximum_ends_the_session);
    tcase_add_test(t, wrong_key_and_unknown_name_look_the_same);
    tcase_add_loop_test(t, every_flipped_byte_is_refused, 0, 5);
    tcase_add_test(t, the_end_of_the_stream_is_told_apart);
    tcase_add_loop_test(t, a_cut_is_an_end, 0, 3);
    tcase_add_test(t, a_peer_that_does_not_read_is_given_up);
    tcase_add_test(t, the_client_offers_the_profile_alone);
    tcase_add_test(t, waiting_ends_at_the_deadline);
    suite_add_tcase(s, t);
    return s;
}
