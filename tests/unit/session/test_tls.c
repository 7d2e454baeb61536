/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/tls.h"
#include "cocotransport/wire/message.h"
#include "pair.h"
#include "suites.h"

#include <string.h>

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
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(client, TLS_DONE);
    ck_assert_int_eq(server, TLS_DONE);
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
    gsize len;

    pair_open(&p, key, key);
    pair_shake(&p, &client, &server);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_AGAIN);
    g_clear_pointer(&p.client, tls_free);
    (void)pair_carry(&p);
    ck_assert_int_eq(tls_receive(p.server, got, sizeof(got), &len, NULL), TLS_CLOSED);
    ck_assert_int_eq(tls_send(p.server, (const guint8 *)"x", 1, NULL), TLS_CLOSED);
    pair_close(&p);
}
END_TEST

START_TEST(waiting_ends_at_the_deadline)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;

    pair_open(&p, key, key);
    ck_assert_int_eq(tls_handshake_until(p.server, g_get_monotonic_time() + 10000, NULL),
                     TLS_AGAIN);
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
    tcase_add_test(t, waiting_ends_at_the_deadline);
    suite_add_tcase(s, t);
    return s;
}
