/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "cocotransport/wire/receipt.h"
#include "suites.h"

#include <string.h>

START_TEST(receipt_comes_back)
{
    struct receipt r = { .epoch = 0x0102030405060708, .generation = G_MAXUINT64 };
    struct receipt back;
    uint8_t wire[RECEIPT_SIZE + 1];
    struct builder b = builder_on(wire, sizeof(wire));
    struct cursor in = cursor_from(wire, RECEIPT_SIZE);

    memset(r.uuid, 1, sizeof(r.uuid));
    memset(r.lineage, 2, sizeof(r.lineage));
    memset(r.chain, 3, sizeof(r.chain));
    receipt_write(&r, &b);
    ck_assert_uint_eq(builder_len(&b), RECEIPT_SIZE);
    ck_assert(receipt_parse(&in, &back, NULL));
    ck_assert(cursor_done(&in));
    ck_assert(receipt_equal(&r, &back));
}
END_TEST

START_TEST(receipt_differs_by_every_byte)
{
    uint8_t wire[RECEIPT_SIZE] = { 0 };
    struct receipt zero = { 0 };

    for (size_t i = 0; i < sizeof(wire); i++) {
        struct receipt r;
        struct cursor in = cursor_from(wire, sizeof(wire));

        wire[i] = 1;
        ck_assert(receipt_parse(&in, &r, NULL));
        ck_assert(!receipt_equal(&r, &zero));
        wire[i] = 0;
    }
}
END_TEST

START_TEST(receipt_cut_short_is_none)
{
    const uint8_t wire[RECEIPT_SIZE] = { 0 };
    struct receipt r = { .epoch = 7 };

    for (size_t len = 0; len < RECEIPT_SIZE; len++) {
        struct cursor in = cursor_from(wire, len);

        ck_assert(!receipt_parse(&in, &r, NULL));
        ck_assert_uint_eq(r.epoch, 7);
    }
}
END_TEST

/* A client that holds {epoch 5, lineage 1, generation 9, chain 1}, and what a server may claim. */
static const struct {
    const char *what;
    guint64 epoch, generation;
    guint8 lineage, chain, uuid;
    gboolean may;
} claims[] = {
    { "the same point", 5, 9, 1, 1, 7, TRUE },
    { "later in the same epoch", 5, 10, 1, 2, 7, TRUE },
    { "a later epoch", 6, 10, 2, 2, 7, TRUE },
    { "recovered elsewhere", 5 + (G_GUINT64_CONSTANT(1) << 32), 10, 2, 2, 7, TRUE },
    { "an older epoch", 4, 9, 1, 1, 7, FALSE },
    { "an older epoch that has moved on", 4, 99, 1, 2, 7, FALSE },
    { "earlier in the same epoch", 5, 8, 1, 2, 7, FALSE },
    { "the same numbers of a fork", 5, 9, 1, 2, 7, FALSE },
    { "the same epoch of another lineage", 5, 10, 2, 2, 7, FALSE },
    { "a later epoch of an earlier generation", 6, 9, 2, 2, 7, FALSE },
    { "another instance", 5, 9, 1, 1, 8, FALSE },
    { "another instance, which has moved on", 5, 10, 1, 2, 8, FALSE },
    { "a later epoch of another instance", 6, 10, 2, 2, 8, FALSE },
};

START_TEST(receipt_rules_out_what_is_behind)
{
    const struct receipt then = { .epoch = 5, .generation = 9, .uuid = { 7 }, .lineage = { 1 },
                                  .chain = { 1 } };
    const struct receipt now = {
        .epoch = claims[_i].epoch,
        .generation = claims[_i].generation,
        .uuid = { claims[_i].uuid },
        .lineage = { claims[_i].lineage },
        .chain = { claims[_i].chain },
    };

    ck_assert_msg(receipt_may_follow(&now, &then) == claims[_i].may, "%s", claims[_i].what);
}
END_TEST

Suite *receipt_suite(void);

Suite *
receipt_suite(void)
{
    Suite *s = suite_create("receipt");
    TCase *t = tcase_create("receipt");

    tcase_add_test(t, receipt_comes_back);
    tcase_add_test(t, receipt_differs_by_every_byte);
    tcase_add_test(t, receipt_cut_short_is_none);
    tcase_add_loop_test(t, receipt_rules_out_what_is_behind, 0, G_N_ELEMENTS(claims));
    suite_add_tcase(s, t);
    return s;
}
