/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of receipts: several instances, bad files refused and left alone, and
 * nothing in it lost unseen.
 */
#include "config.h"

#include "cocotpm/receipt_file.h"

#include "base/io.h"

#include "suites.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct setup {
    char *folder, *path, *lock;
};

static void
setup_open(struct setup *s)
{
    s->folder = g_dir_make_tmp("receipt.XXXXXX", NULL);
    ck_assert_ptr_nonnull(s->folder);
    s->path = g_build_filename(s->folder, "receipts", NULL);
    s->lock = g_strconcat(s->path, ".lock", NULL);
}

static void
setup_close(struct setup *s)
{
    unlink(s->path);
    unlink(s->lock);
    ck_assert_int_eq(rmdir(s->folder), 0);
    g_free(s->folder);
    g_free(s->path);
    g_free(s->lock);
}

static struct receipt
receipt_of(guint8 instance, guint64 generation)
{
    struct receipt r = { .epoch = 1, .generation = generation };

    memset(r.uuid, instance, sizeof(r.uuid));
    memset(r.chain, (int)generation, sizeof(r.chain));
    return r;
}

START_TEST(instances_share_a_file)
{
    struct setup s;
    struct receipt one = receipt_of(1, 5), two = receipt_of(2, 7), newer = receipt_of(1, 6);
    struct receipt r;
    gboolean found = TRUE;
    struct stat st;

    setup_open(&s);
    ck_assert(receipt_file_find(s.path, one.uuid, &r, &found, NULL));
    ck_assert(!found);
    ck_assert(receipt_file_replace(s.path, NULL, &one, &r, NULL));
    ck_assert(receipt_file_replace(s.path, NULL, &two, &r, NULL));
    ck_assert(receipt_file_replace(s.path, &one, &newer, &r, NULL));
    ck_assert_int_eq(stat(s.path, &st), 0);
    ck_assert_int_eq(st.st_size, 2 * RECEIPT_SIZE);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert(receipt_file_find(s.path, one.uuid, &r, &found, NULL));
    ck_assert(found && receipt_equal(&r, &newer));
    ck_assert(receipt_file_find(s.path, two.uuid, &r, &found, NULL));
    ck_assert(found && receipt_equal(&r, &two));
    setup_close(&s);
}
END_TEST

/* Neither where none was known of, nor where another one was. */
START_TEST(what_is_not_known_is_not_replaced)
{
    struct setup s;
    struct receipt there = receipt_of(1, 9), mine = receipt_of(1, 3), next = receipt_of(1, 4);
    struct receipt other = { 0 }, r;
    gboolean found = FALSE;
    g_autoptr(GError) error = NULL;

    setup_open(&s);
    ck_assert(receipt_file_replace(s.path, NULL, &there, &r, NULL));
    ck_assert(!receipt_file_replace(s.path, NULL, &next, &other, &error));
    ck_assert_ptr_null(error);
    ck_assert(receipt_equal(&other, &there));
    other = next;
    ck_assert(!receipt_file_replace(s.path, &mine, &next, &other, &error));
    ck_assert_ptr_null(error);
    ck_assert(receipt_equal(&other, &there));
    ck_assert(receipt_file_find(s.path, there.uuid, &r, &found, NULL));
    ck_assert(found && receipt_equal(&r, &there));
    setup_close(&s);
}
END_TEST

static const struct {
    const char *what;
    gsize len;
    guint8 second;               /* instance of the receipt behind the first; the first is of 1 */
} bad_files[] = {
    { "an empty file", 0, 2 },
    { "one byte", 1, 2 },
    { "a receipt cut short", RECEIPT_SIZE - 1, 2 },
    { "a byte behind it", RECEIPT_SIZE + 1, 2 },
    { "the second cut short", 2 * RECEIPT_SIZE - 1, 2 },
    { "two of one instance", 2 * RECEIPT_SIZE, 1 },
    { "larger than it may be", (RECEIPT_FILE_ENTRIES + 1) * RECEIPT_SIZE, 2 },
};

START_TEST(bad_file_is_refused_and_kept)
{
    const gsize len = bad_files[_i].len;
    g_autofree guint8 *bytes = g_malloc0(len + 2 * RECEIPT_SIZE);
    struct builder b = builder_on(bytes, 2 * RECEIPT_SIZE);
    struct receipt first = receipt_of(1, 5), second = receipt_of(bad_files[_i].second, 6);
    struct receipt r = { .epoch = 77 }, next = receipt_of(1, 7);
    g_autoptr(GBytes) kept = NULL;
    g_autoptr(GError) error = NULL, again = NULL;
    gboolean found = TRUE;
    struct setup s;

    setup_open(&s);
    receipt_write(&first, &b);
    receipt_write(&second, &b);
    ck_assert(io_write_file(s.path, bytes, len, 0600, NULL));
    ck_assert_msg(!receipt_file_find(s.path, first.uuid, &r, &found, &error), "%s",
                  bad_files[_i].what);
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error->message, s.path));
    ck_assert(found && r.epoch == 77);
    ck_assert(!receipt_file_replace(s.path, &first, &next, &r, &again));
    ck_assert_ptr_nonnull(again);
    kept = io_read_file(s.path, len + 1, NULL);
    ck_assert_ptr_nonnull(kept);
    ck_assert_uint_eq(g_bytes_get_size(kept), len);
    ck_assert(len == 0 || memcmp(g_bytes_get_data(kept, NULL), bytes, len) == 0);
    setup_close(&s);
}
END_TEST

Suite *receipt_file_suite(void);

Suite *
receipt_file_suite(void)
{
    Suite *s = suite_create("receipt_file");
    TCase *t = tcase_create("receipt_file");

    tcase_add_test(t, instances_share_a_file);
    tcase_add_test(t, what_is_not_known_is_not_replaced);
    tcase_add_loop_test(t, bad_file_is_refused_and_kept, 0, G_N_ELEMENTS(bad_files));
    suite_add_tcase(s, t);
    return s;
}
