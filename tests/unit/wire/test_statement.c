/* SPDX-License-Identifier: BSD-3-Clause */
/* test_statement - all kinds go out and come back; nothing else is read. */
#include "config.h"

#include <string.h>

#include "cocotransport/wire/statement.h"
#include "elements.h"
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
static void odd_bank_of_32(struct statement *s) { s->banks[0].alg = 0x12; }
static void odd_bank_of_48(struct statement *s) { s->banks[0].alg = 0x12; s->banks[0].size = 48; }
static void odd_bank_of_64(struct statement *s) { s->banks[0].alg = 0x12; s->banks[0].size = 64; }
static void long_sha1(struct statement *s) { s->banks[1].size = 32; }
static void short_sha256(struct statement *s) { s->banks[0].size = 20; }
static void long_sha384(struct statement *s) { s->banks[0].alg = 0xc; s->banks[0].size = 64; }
static void short_sha512(struct statement *s) { s->banks[0].alg = 0xd; s->banks[0].size = 48; }
static void no_reset(struct statement *s) { s->reset = 0; }
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
    { "an unknown hash of 32 bytes", odd_bank_of_32 },
    { "an unknown hash of 48 bytes", odd_bank_of_48 },
    { "an unknown hash of 64 bytes", odd_bank_of_64 },
    { "SHA-1 of 32 bytes", long_sha1 },
    { "SHA-256 of 20 bytes", short_sha256 },
    { "SHA-384 of 64 bytes", long_sha384 },
    { "SHA-512 of 48 bytes", short_sha512 },
    { "no protection of resets", no_reset },
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

/* Values by their bytes: of a number of zeroes where @zeroes says so. */
static const struct {
    const char *what;
    guint16 type;
    const char *value;
    gsize zeroes;
    gboolean ok;
} values[] = {
    { "one key", STATEMENT_EKS, "0001 11", 0, TRUE },
    { "as many keys as there may be", STATEMENT_EKS, "0001 11 0001 22 0001 33 0001 44", 0, TRUE },
    { "one more", STATEMENT_EKS, "0001 11 0001 22 0001 33 0001 44 0001 55", 0, FALSE },
    { "a key of no length", STATEMENT_EKS, "0001 11 0000", 0, FALSE },
    { "a key cut short", STATEMENT_EKS, "0001 11 0002 22", 0, FALSE },
    { "half a length", STATEMENT_EKS, "0001 11 00", 0, FALSE },
    { "a key longer than any", STATEMENT_EKS, "0401", STATEMENT_PUBLIC_MAX + 1, FALSE },
    { "the longest key", STATEMENT_EKS, "0400", STATEMENT_PUBLIC_MAX, TRUE },
    { "the longest attestation key", STATEMENT_AK, "", STATEMENT_PUBLIC_MAX, TRUE },
    { "an attestation key longer than any", STATEMENT_AK, "", STATEMENT_PUBLIC_MAX + 1, FALSE },
    { "no attestation key", STATEMENT_AK, "", 0, FALSE },
    { "the longest event", STATEMENT_LAUNCH_EVENT, "", STATEMENT_EVENT_MAX, TRUE },
    { "an event longer than any", STATEMENT_LAUNCH_EVENT, "", STATEMENT_EVENT_MAX + 1, FALSE },
    { "the longest nonce", STATEMENT_NONCE, "", STATEMENT_NONCE_MAX, TRUE },
    { "a nonce longer than any", STATEMENT_NONCE, "", STATEMENT_NONCE_MAX + 1, FALSE },
    { "one bank", STATEMENT_PCR_BANKS, "0004 14", 20 * STATEMENT_PCRS, TRUE },
    { "a bank cut short", STATEMENT_PCR_BANKS, "000b 20", 32 * STATEMENT_PCRS - 1, FALSE },
    { "no bank", STATEMENT_PCR_BANKS, "", 0, FALSE },
    { "a kind of statement that is none", STATEMENT_KIND, "00", 0, FALSE },
    { "an epoch of nine bytes", STATEMENT_EPOCH, "", 9, FALSE },
    { "a lineage of 17 bytes", STATEMENT_LINEAGE, "", 17, FALSE },
    { "a type above all", STATEMENT_TYPES, "00", 0, FALSE },
    { "the highest type", 0xffff, "00", 0, FALSE },
};

START_TEST(each_value_is_checked)
{
    guint8 wire[STATEMENT_MAX], other[STATEMENT_MAX], memory[2048] = { 0 };
    struct statement s, back;
    g_autoptr(GBytes) start = test_bytes(values[_i].value);
    g_autoptr(GBytes) value = NULL;
    const gsize start_len = g_bytes_get_size(start);
    struct cursor in;

    fill(&s, STATEMENT_QUOTE);
    ck_assert_uint_le(start_len + values[_i].zeroes, sizeof(memory));
    if (start_len > 0)
        memcpy(memory, g_bytes_get_data(start, NULL), start_len);
    value = g_bytes_new(memory, start_len + values[_i].zeroes);
    in = cursor_from(other, elements_replace(wire, written(&s, wire), values[_i].type, value, other,
                                             sizeof(other)));
    ck_assert_msg(statement_parse(&in, &back, NULL) == values[_i].ok, "%s", values[_i].what);
}
END_TEST

/* All four banks that there are, and the first of them once more. */
START_TEST(five_banks_are_refused)
{
    static const struct { guint16 alg; guint8 size; } banks[] = {
        { 0x4, 20 }, { 0xb, 32 }, { 0xc, 48 }, { 0xd, 64 }, { 0x4, 20 },
    };
    const guint count = _i == 0 ? 4 : 5;
    guint8 wire[STATEMENT_MAX], other[STATEMENT_MAX], memory[8192] = { 0 };
    struct builder b = builder_on(memory, sizeof(memory));
    struct statement s, back;
    g_autoptr(GBytes) value = NULL;
    struct cursor in;

    for (guint i = 0; i < count; i++) {
        const guint8 values_of_bank[STATEMENT_PCRS * 64] = { 0 };

        builder_be16(&b, banks[i].alg);
        builder_u8(&b, banks[i].size);
        builder_bytes(&b, values_of_bank, (gsize)STATEMENT_PCRS * banks[i].size);
    }
    value = g_bytes_new(memory, builder_len(&b));
    fill(&s, STATEMENT_QUOTE);
    in = cursor_from(other, elements_replace(wire, written(&s, wire), STATEMENT_PCR_BANKS, value,
                                             other, sizeof(other)));
    ck_assert(statement_parse(&in, &back, NULL) == (count == 4));
}
END_TEST

START_TEST(statements_have_a_largest_size)
{
    g_autofree guint8 *big = g_malloc0(STATEMENT_MAX + 1);
    struct cursor in = cursor_from(big, STATEMENT_MAX + 1);
    struct statement back;
    g_autoptr(GError) error = NULL;

    ck_assert(!statement_parse(&in, &back, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "16384"));
}
END_TEST

START_TEST(the_answer_s_statement_is_bounded)
{
    static const struct { guint32 says; gsize is; gboolean ok; } cases[] = {
        { 0, 0, TRUE }, { 5, 5, TRUE }, { 5, 7, TRUE }, { 5, 4, FALSE },
        { STATEMENT_MAX, STATEMENT_MAX, TRUE }, { STATEMENT_MAX + 1, STATEMENT_MAX + 1, FALSE },
        { G_MAXUINT32, 7, FALSE },
    };
    g_autofree guint8 *answer = g_malloc0(4 + STATEMENT_MAX + 1);
    struct builder b = builder_on(answer, 4);
    struct cursor in = cursor_from(answer, 4 + cases[_i].is);
    struct cursor cut = cursor_from(answer, 3);
    struct statement_answer a;

    builder_be32(&b, cases[_i].says);
    ck_assert(statement_answer_parse(&in, &a, NULL) == cases[_i].ok);
    ck_assert(!cases[_i].ok || (a.statement_len == cases[_i].says &&
                                cursor_left(&a.evidence) == cases[_i].is - cases[_i].says));
    ck_assert(!statement_answer_parse(&cut, &a, NULL));
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
    tcase_add_loop_test(c, each_value_is_checked, 0, (int)G_N_ELEMENTS(values));
    tcase_add_loop_test(c, five_banks_are_refused, 0, 2);
    tcase_add_test(c, statements_have_a_largest_size);
    tcase_add_loop_test(c, the_answer_s_statement_is_bounded, 0, 7);
    tcase_add_loop_test(c, one_kind_is_not_the_other, 0, 9);
    suite_add_tcase(s, c);
    return s;
}
