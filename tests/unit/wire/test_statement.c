/* SPDX-License-Identifier: BSD-3-Clause */
/* test_statement - all kinds go out and come back; nothing else is read. */
#include "config.h"

#include <string.h>

#include "cocotransport/wire/statement.h"
#include "suites.h"

Suite *statement_suite(void);

static void
fill(struct statement *s, enum statement_kind kind)
{
    memset(s, 0, sizeof(*s));
    s->kind = (guint8)kind;
    s->nonce_len = 33;
    memset(s->nonce, 7, s->nonce_len);
    s->epoch = 5;
    s->generation = 9;
    s->freshness = CLAIM_FRESHNESS_RECEIPT;
    s->reset = CLAIM_RESET_LOG;
    s->flags = CLAIM_FLAG_EMULATED;
    strcpy(s->software, "test 1");
    s->ek_count = 2;
    s->eks[0].len = 3;
    s->eks[1].len = 2;
    memset(s->eks[0].bytes, 1, 3);
    s->ak.len = 4;
    s->event_len = 5;
    s->peer_kind = 1;
    s->reset_count = 77;
    s->bank_count = 2;
    s->banks[0].alg = 0xb;
    s->banks[0].size = 32;
    s->banks[1].alg = 0x4;
    s->banks[1].size = 20;
    memset(s->banks[0].values[17], 0x17, 32);
    memset(s->secrets, 3, sizeof(s->secrets));
    memset(s->evidence, 4, sizeof(s->evidence));
}

static size_t
written(const struct statement *s, guint8 *out)
{
    struct builder b = builder_on(out, STATEMENT_MAX);

    statement_write(s, &b);
    ck_assert(!b.failed);
    return builder_len(&b);
}

START_TEST(what_is_written_is_read)
{
    const enum statement_kind kind = (enum statement_kind)(STATEMENT_QUOTE + _i);
    guint8 wire[STATEMENT_MAX], again[STATEMENT_MAX];
    struct statement s, back;
    struct cursor in;
    size_t len;

    fill(&s, kind);
    len = written(&s, wire);
    in = cursor_from(wire, len);
    ck_assert(statement_parse(&in, &back, NULL));
    ck_assert_uint_eq(written(&back, again), len);
    ck_assert_mem_eq(wire, again, len);
    ck_assert_uint_eq(back.nonce_len, 33);
    ck_assert_uint_eq(back.ek_count, 2);
    ck_assert_uint_eq(back.reset_count, kind == STATEMENT_QUOTE ? 77 : 0);
    ck_assert_uint_eq(back.secrets[0], kind == STATEMENT_BIRTH ? 3 : 0);
    ck_assert_uint_eq(back.evidence[0], kind == STATEMENT_BIRTH ? 4 : 0);
    ck_assert_uint_eq(back.epoch, kind == STATEMENT_ENDORSEMENT ? 0 : 5);
}
END_TEST

START_TEST(no_cut_is_read)
{
    guint8 wire[STATEMENT_MAX];
    struct statement s, back = { .epoch = 99 };
    size_t len;

    fill(&s, STATEMENT_QUOTE);
    len = written(&s, wire);
    for (size_t cut = 0; cut < len; cut++) {
        g_autofree guint8 *copy = g_memdup2(wire, cut);
        struct cursor in = cursor_from(copy, cut);
        g_autoptr(GError) error = NULL;

        ck_assert(!statement_parse(&in, &back, &error));
        ck_assert_ptr_nonnull(error);
    }
    ck_assert_uint_eq(back.epoch, 99);
}
END_TEST

static void short_nonce(struct statement *s) { s->nonce_len = 31; }
static void no_ek(struct statement *s) { s->ek_count = 0; }
static void odd_bank(struct statement *s) { s->banks[1].alg = 0x12; }
static void twice(struct statement *s) { s->banks[1] = s->banks[0]; }
static void unknown_flag(struct statement *s) { s->flags = 0x80000000; }
static void odd_freshness(struct statement *s) { s->freshness = 9; }
static void no_software(struct statement *s) { s->software[0] = '\0'; }
static void unprintable(struct statement *s) { s->software[0] = '\n'; }

static const struct {
    const char *what;
    void (*spoil)(struct statement *s);
} bad_cases[] = {
    { "a short nonce", short_nonce },
    { "no EK", no_ek },
    { "a bank of an unknown hash", odd_bank },
    { "a bank twice", twice },
    { "an unknown flag", unknown_flag },
    { "an unknown freshness", odd_freshness },
    { "no software", no_software },
    { "a line break", unprintable },
};

START_TEST(bad_values_are_refused)
{
    guint8 wire[STATEMENT_MAX];
    struct statement s, back;
    struct cursor in;
    size_t len;

    fill(&s, STATEMENT_QUOTE);
    bad_cases[_i].spoil(&s);
    len = written(&s, wire);
    in = cursor_from(wire, len);
    ck_assert_msg(!statement_parse(&in, &back, NULL), "%s", bad_cases[_i].what);
}
END_TEST

START_TEST(one_kind_is_not_the_other)
{
    guint8 wire[STATEMENT_MAX];
    struct statement s, back;
    struct cursor in;
    size_t len;

    fill(&s, (enum statement_kind)(STATEMENT_QUOTE + _i / 3));
    len = written(&s, wire);
    wire[6] = (guint8)(STATEMENT_QUOTE + _i % 3);
    in = cursor_from(wire, len);
    ck_assert(statement_parse(&in, &back, NULL) == (_i / 3 == _i % 3));
}
END_TEST

Suite *
statement_suite(void)
{
    Suite *s = suite_create("statement");
    TCase *c = tcase_create("statement");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, what_is_written_is_read, 0, 3);
    tcase_add_test(c, no_cut_is_read);
    tcase_add_loop_test(c, bad_values_are_refused, 0, (int)G_N_ELEMENTS(bad_cases));
    tcase_add_loop_test(c, one_kind_is_not_the_other, 0, 9);
    suite_add_tcase(s, c);
    return s;
}
