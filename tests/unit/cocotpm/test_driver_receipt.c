/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the driver does with its receipts: the newest gets into the file, and none
 * that it has not seen is lost before the CoCoTPM has said that it holds.
 */
#include "config.h"

#include "cocotpm/driver_receipt.h"

#include "cocotpm/receipt_file.h"
#include "cocotransport/session/client_private.h"

#include "peer.h"
#include "suites.h"

#include <glib/gstdio.h>
#include <string.h>

struct setup {
    struct world w;
    char *folder, *path;
    guint8 uuid[16];
    DriverReceipt *receipts;
    guint stale;
};

/* The receipt of one generation, as what the server says is told from what the file has. */
static struct receipt
receipt_of(guint64 generation)
{
    struct receipt r = { .epoch = 1, .generation = generation };

    memset(r.uuid, 3, sizeof(r.uuid));
    return r;
}

/* The generation that the file holds; 0: none. */
static guint64
in_file(const struct setup *s)
{
    struct receipt r = { 0 };
    gboolean found = FALSE;

    ck_assert(receipt_file_find(s->path, s->uuid, &r, &found, NULL));
    return r.generation;
}

/* Somebody else does: the disk was opened, or another driver was at work. */
static void
put(const struct setup *s, guint64 generation)
{
    const struct receipt r = receipt_of(generation);
    struct receipt known, other;
    gboolean found = FALSE;

    ck_assert(receipt_file_find(s->path, s->uuid, &known, &found, NULL));
    ck_assert(receipt_file_replace(s->path, found ? &known : NULL, &r, &other, NULL));
}

static void
is_stale(gpointer data)
{
    ((struct setup *)data)->stale++;
}

/* @generation is in the file when the driver begins; 0: no file is there. */
static void
setup_open(struct setup *s, guint64 generation)
{
    *s = (struct setup){ .folder = test_folder_new() };
    memset(s->uuid, 3, sizeof(s->uuid));
    s->path = g_build_filename(s->folder, "receipts", NULL);
    if (generation > 0)
        put(s, generation);
    world_open(&s->w);
    settle(&s->w);
    s->receipts = driver_receipt_new(s->path, s->uuid, NULL);
    ck_assert_ptr_nonnull(s->receipts);
    driver_receipt_start(s->receipts, s->w.session, is_stale, s);
}

static void
receipts_end(struct setup *s)
{
    driver_receipt_free(g_steal_pointer(&s->receipts));
}

static void
setup_close(struct setup *s)
{
    receipts_end(s);
    world_close(&s->w);
    test_folder_remove(s->folder);
    g_free(s->path);
}

/* Came with an answer; 0: none has come yet. */
static void
take(struct setup *s, guint64 generation)
{
    g_autoptr(Client) c = client_new();

    c->receipt = receipt_of(generation);
    c->receipt_given = generation > 0;
    driver_receipt_take(s->receipts, c);
}

static void
wait_file(struct setup *s, guint64 generation)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    while (in_file(s) != generation) {
        ck_assert_msg(g_get_monotonic_time() < end, "the file has %u", (guint)in_file(s));
        settle(&s->w);
        g_usleep(1000);
    }
}

/* More than the pause between two of its looks at the file. */
static void
pass(struct setup *s)
{
    const gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC * 3 / 2;

    while (g_get_monotonic_time() < end) {
        settle(&s->w);
        g_usleep(10000);
    }
}

/* The CoCoTPM is asked whether that receipt of the file holds. */
static void
was_checked(struct setup *s, guint64 generation)
{
    const struct receipt r = receipt_of(generation);
    guint8 wire[RECEIPT_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));
    g_autoptr(GString) hex = g_string_new("c0c0 0000005a 0000000a");

    receipt_write(&r, &out);
    for (gsize i = 0; i < sizeof(wire); i++)
        g_string_append_printf(hex, "%02x", wire[i]);
    heard(&s->w, hex->str);
}

START_TEST(the_newest_is_kept)
{
    struct setup s;

    setup_open(&s, _i == 0 ? 0 : 5);
    ck_assert((driver_receipt_known(s.receipts) != NULL) == (_i != 0));
    take(&s, 0);
    pass(&s);
    ck_assert_uint_eq(in_file(&s), _i == 0 ? 0 : 5);
    take(&s, 6);
    wait_file(&s, 6);
    ck_assert_uint_eq(driver_receipt_known(s.receipts)->generation, 6);
    take(&s, 7);
    take(&s, 8);
    wait_file(&s, 8);
    /* The last one at the end, without the main loop. */
    take(&s, 9);
    receipts_end(&s);
    ck_assert_uint_eq(in_file(&s), 9);
    heard_nothing(&s.w);
    ck_assert_uint_eq(s.stale, 0);
    setup_close(&s);
}
END_TEST

/* The driver began without a file, or with an older receipt; then there is another. */
START_TEST(an_unseen_one_is_checked_first)
{
    struct setup s;

    setup_open(&s, _i == 0 ? 0 : 4);
    put(&s, 5);
    take(&s, 6);
    was_checked(&s, 5);
    take(&s, 7);
    pass(&s);
    heard_nothing(&s.w);
    ck_assert_uint_eq(in_file(&s), 5);
    say(&s.w, "c0c1 0000000a 00000000");
    wait_file(&s, 7);
    heard_nothing(&s.w);
    ck_assert_uint_eq(s.stale, 0);
    setup_close(&s);
}
END_TEST

/* The state is not the one that the file speaks of: that is told, and the file left. */
START_TEST(a_stale_state_leaves_the_file)
{
    struct setup s;

    setup_open(&s, 0);
    put(&s, 5);
    take(&s, 6);
    was_checked(&s, 5);
    say(&s.w, "c0c1 0000000c 00000005 0000");
    ck_assert_uint_eq(s.stale, 1);
    take(&s, 7);
    pass(&s);
    heard_nothing(&s.w);
    ck_assert_uint_eq(in_file(&s), 5);
    /* Also where the one that was in the way is gone. */
    ck_assert_int_eq(g_unlink(s.path), 0);
    take(&s, 8);
    pass(&s);
    receipts_end(&s);
    ck_assert_uint_eq(in_file(&s), 0);
    ck_assert_uint_eq(s.stale, 1);
    setup_close(&s);
}
END_TEST

/* Nothing was said about it: it stays, and the next one asks again. */
START_TEST(an_unjudged_one_stays)
{
    struct setup s;

    setup_open(&s, 0);
    put(&s, 5);
    take(&s, 6);
    was_checked(&s, 5);
    say(&s.w, "c0c1 0000000c 00000007 0000");
    ck_assert_uint_eq(s.stale, 0);
    ck_assert_uint_eq(in_file(&s), 5);
    take(&s, 7);
    pass(&s);
    was_checked(&s, 5);
    receipts_end(&s);
    ck_assert_uint_eq(in_file(&s), 5);
    setup_close(&s);
}
END_TEST

/* The disk it lies on may be opened yet. */
START_TEST(what_cannot_be_written_is_tried_again)
{
    struct setup s;
    g_autofree char *away = NULL;

    setup_open(&s, 0);
    away = g_strconcat(s.folder, ".away", NULL);
    ck_assert_int_eq(g_rename(s.folder, away), 0);
    take(&s, 6);
    pass(&s);
    ck_assert_int_eq(g_rename(away, s.folder), 0);
    wait_file(&s, 6);
    ck_assert_uint_eq(s.stale, 0);
    setup_close(&s);
}
END_TEST

START_TEST(a_file_that_is_none_is_an_error)
{
    g_autofree char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "receipts", NULL);
    const guint8 uuid[16] = { 3 };
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(path, "half a receipt", -1, NULL));
    ck_assert_ptr_null(driver_receipt_new(path, uuid, &error));
    ck_assert_ptr_nonnull(error);
    test_folder_remove(g_steal_pointer(&folder));
}
END_TEST

Suite *driver_receipt_suite(void);

Suite *
driver_receipt_suite(void)
{
    Suite *s = suite_create("driver receipt");
    TCase *t = tcase_create("driver receipt");

    tcase_add_loop_test(t, the_newest_is_kept, 0, 2);
    tcase_add_loop_test(t, an_unseen_one_is_checked_first, 0, 2);
    tcase_add_test(t, a_stale_state_leaves_the_file);
    tcase_add_test(t, an_unjudged_one_stays);
    tcase_add_test(t, what_cannot_be_written_is_tried_again);
    tcase_add_test(t, a_file_that_is_none_is_an_error);
    suite_add_tcase(s, t);
    return s;
}
