/* SPDX-License-Identifier: BSD-3-Clause */
/* test_receipt_list - a file of receipts: read and written whole, one receipt an instance. */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/wire/receipt_list.h"
#include "suites.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST 3

Suite *receipt_list_suite(void);

static struct receipt
receipt_of(guint8 instance, guint64 generation)
{
    struct receipt r = { .epoch = 1, .generation = generation };

    memset(r.uuid, instance, sizeof(r.uuid));
    return r;
}

START_TEST(what_was_put_comes_back)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "list", NULL);
    g_autoptr(GArray) list = receipt_list_read(path, MOST, NULL);
    g_autoptr(GArray) back = NULL;
    g_autoptr(GError) error = NULL;
    struct receipt fourth = receipt_of(4, 1), newer = receipt_of(1, 9);
    struct stat st;

    ck_assert(list != NULL && list->len == 0);
    for (guint8 i = 1; i <= MOST; i++) {
        struct receipt r = receipt_of(i, i);

        ck_assert(receipt_list_find(list, r.uuid) == NULL);
        ck_assert(receipt_list_put(list, &r, MOST, NULL));
    }
    ck_assert(!receipt_list_put(list, &fourth, MOST, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert(receipt_list_put(list, &newer, MOST, NULL));
    ck_assert(receipt_list_save(list, path, NULL));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    back = receipt_list_read(path, MOST, NULL);
    ck_assert(back != NULL && back->len == MOST);
    ck_assert_uint_eq(receipt_list_find(back, newer.uuid)->generation, 9);
    ck_assert_uint_eq(receipt_list_find(back, g_array_index(list, struct receipt, 2).uuid)->generation,
                      3);
    ck_assert(receipt_list_find(back, fourth.uuid) == NULL);
    g_clear_pointer(&back, g_array_unref);
    ck_assert(receipt_list_read(path, MOST - 1, NULL) == NULL);
    test_folder_remove(folder);
}
END_TEST

START_TEST(another_holds_the_lock)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "list", NULL);
    g_autofree char *name = g_strconcat(path, ".lock", NULL);
    g_auto(AutoFd) lock = receipt_list_lock(path, NULL);
    g_auto(AutoFd) other = open(name, O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(lock, 0);
    ck_assert_int_lt(flock(other, LOCK_EX | LOCK_NB), 0);
    io_close(&lock);
    ck_assert_int_eq(flock(other, LOCK_EX | LOCK_NB), 0);
    test_folder_remove(folder);
}
END_TEST

Suite *
receipt_list_suite(void)
{
    Suite *s = suite_create("receipt_list");
    TCase *t = tcase_create("receipt_list");

    tcase_add_test(t, what_was_put_comes_back);
    tcase_add_test(t, another_holds_the_lock);
    suite_add_tcase(s, t);
    return s;
}
