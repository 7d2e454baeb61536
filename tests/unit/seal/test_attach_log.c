/* SPDX-License-Identifier: BSD-3-Clause */
/* test_attach_log - a launch once, limits, and what a receipt is held against. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/seal/attach_log.h"
#include "suites.h"

Suite *attach_log_suite(void);

static struct attach_entry
entry(guint64 epoch, guint64 generation)
{
    struct attach_entry e = { .kind = ATTACH_LAUNCH, .generation = generation, .epoch = epoch };

    memcpy(e.launch, &epoch, sizeof(epoch));
    memset(e.lineage, (int)(epoch & 0xff) + 1, sizeof(e.lineage));
    return e;
}

/* @count launches; each epoch has ten generations. */
static AttachLog *
log_of(guint count, gboolean drops)
{
    AttachLog *log = attach_log_new();

    for (guint i = 0; i < count; i++) {
        const struct attach_entry e = entry(i, 1 + i * 10u);

        ck_assert(attach_log_add(log, &e, drops, NULL));
    }
    return log;
}

START_TEST(a_launch_attaches_once)
{
    g_autoptr(GArray) log = log_of(5, FALSE);
    struct attach_entry again = entry(3, 1000);
    g_autoptr(GError) error = NULL;

    ck_assert(attach_log_has(log, again.launch));
    again.epoch = 77;
    ck_assert(!attach_log_add(log, &again, FALSE, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert_uint_eq(log->len, 5);
}
END_TEST

START_TEST(without_burning_none_is_forgotten)
{
    g_autoptr(GArray) log = log_of(ATTACH_LOG_MAX, FALSE);
    const struct attach_entry more = entry(ATTACH_LOG_MAX, 1 + ATTACH_LOG_MAX * 10u);
    struct attach_entry policy = more;
    g_autoptr(GError) error = NULL;

    ck_assert(attach_log_has(log, entry(0, 0).launch));
    ck_assert(!attach_log_add(log, &more, FALSE, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    attach_log_trim(log);
    policy.kind = ATTACH_POLICY;
    ck_assert(attach_log_add(log, &policy, FALSE, NULL));
    ck_assert_uint_eq(log->len, ATTACH_LOG_KEPT + 1);
}
END_TEST

START_TEST(with_burning_the_oldest_goes)
{
    g_autoptr(GArray) log = log_of(ATTACH_LOG_KEPT + 3, TRUE);

    ck_assert_uint_eq(log->len, ATTACH_LOG_KEPT);
    ck_assert(!attach_log_has(log, entry(2, 0).launch));
    ck_assert(attach_log_has(log, entry(3, 0).launch));
}
END_TEST

START_TEST(recovery_shows_for_ever)
{
    g_autoptr(GArray) log = attach_log_new();
    struct attach_entry e = entry(0, 1);

    e.kind = ATTACH_RECOVERY;
    ck_assert(attach_log_add(log, &e, TRUE, NULL));
    for (guint i = 1; i < ATTACH_LOG_KEPT + 50; i++) {
        e = entry(i, 1 + i);
        ck_assert(attach_log_add(log, &e, TRUE, NULL));
    }
    ck_assert(attach_log_recovered(log));
    ck_assert_uint_eq(log->len, ATTACH_LOG_KEPT);
}
END_TEST

START_TEST(written_and_read_again)
{
    g_autoptr(GArray) log = log_of(7, FALSE);
    g_autoptr(GArray) again = NULL;
    guint8 wire[4 + 7 * ATTACH_ENTRY_SIZE], second[sizeof(wire)];
    struct builder out = builder_on(wire, sizeof(wire));
    struct cursor in;

    attach_log_write(log, &out);
    ck_assert(!out.failed);
    ck_assert_uint_eq(builder_len(&out), sizeof(wire));
    for (gsize len = 0; len < sizeof(wire); len++) {
        in = cursor_from(wire, len);
        ck_assert(!attach_log_parse(&in, &again, NULL));
        ck_assert_ptr_null(again);
    }
    in = cursor_from(wire, sizeof(wire));
    ck_assert(attach_log_parse(&in, &again, NULL));
    out = builder_on(second, sizeof(second));
    attach_log_write(again, &out);
    ck_assert_mem_eq(second, wire, sizeof(wire));
}
END_TEST

START_TEST(entries_ascend)
{
    g_autoptr(GArray) log = log_of(2, FALSE);
    g_autoptr(GArray) again = NULL;
    guint8 wire[4 + 2 * ATTACH_ENTRY_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));
    struct cursor in = cursor_from(wire, sizeof(wire));

    g_array_index(log, struct attach_entry, 1).generation = 1;
    attach_log_write(log, &out);
    ck_assert(!attach_log_parse(&in, &again, NULL));
    g_array_index(log, struct attach_entry, 1).generation = 2;
    g_array_index(log, struct attach_entry, 1).epoch = 0;
    out = builder_on(wire, sizeof(wire));
    attach_log_write(log, &out);
    in = cursor_from(wire, sizeof(wire));
    ck_assert(!attach_log_parse(&in, &again, NULL));
}
END_TEST

/* Epochs 0 to 4, ten generations each; the state stands at generation 45. */
static const struct {
    const char *what;
    guint64 epoch;
    guint lineage_of;
    guint64 generation;
    gboolean chain, holds;
} receipts[] = {
    { "this very state", 4, 4, 45, TRUE, TRUE },
    { "the same place with another chain: a fork", 4, 4, 45, FALSE, FALSE },
    { "an older point of this epoch", 4, 4, 42, FALSE, TRUE },
    { "a newer point of this epoch: rolled back", 4, 4, 46, FALSE, FALSE },
    { "the end of an earlier epoch", 2, 2, 30, FALSE, TRUE },
    { "beyond the end of an earlier epoch: rolled back, then gone on", 2, 2, 31, FALSE, FALSE },
    { "before the beginning of its epoch", 2, 2, 20, FALSE, FALSE },
    { "another lineage of an epoch: a fork", 2, 3, 25, FALSE, FALSE },
    { "an epoch to come: rolled back", 5, 5, 51, FALSE, FALSE },
};

START_TEST(receipts_are_held_against_the_log)
{
    g_autoptr(GArray) log = log_of(5, FALSE);
    struct receipt now = { .epoch = 4, .generation = 45, .chain = { 1, 2, 3 } };
    struct receipt theirs = { .epoch = receipts[_i].epoch,
                              .generation = receipts[_i].generation };

    memset(theirs.lineage, (int)receipts[_i].lineage_of + 1, sizeof(theirs.lineage));
    if (receipts[_i].chain)
        memcpy(theirs.chain, now.chain, sizeof(theirs.chain));
    ck_assert_msg(attach_log_holds(log, &now, &theirs) == receipts[_i].holds, "%s",
                  receipts[_i].what);
    theirs.uuid[0] = 1;
    ck_assert(!attach_log_holds(log, &now, &theirs));
}
END_TEST

Suite *
attach_log_suite(void)
{
    Suite *suite = suite_create("attach_log");
    TCase *tc = tcase_create("attach_log");

    tcase_add_test(tc, a_launch_attaches_once);
    tcase_add_test(tc, without_burning_none_is_forgotten);
    tcase_add_test(tc, with_burning_the_oldest_goes);
    tcase_add_test(tc, recovery_shows_for_ever);
    tcase_add_test(tc, written_and_read_again);
    tcase_add_test(tc, entries_ascend);
    tcase_add_loop_test(tc, receipts_are_held_against_the_log, 0, G_N_ELEMENTS(receipts));
    tcase_set_timeout(tc, 300);
    suite_add_tcase(suite, tc);
    return suite;
}
