/* SPDX-License-Identifier: BSD-3-Clause */
/* test_place - a state is whole or not there, whenever its making ends. */
#include "config.h"

#include <string.h>

#include "suites.h"
#include "swtpm_setup/place.h"

Suite *place_suite(void);

/* The folder that place_begin() names. */
static const char *
path_in(const char *tpmstate)
{
    return strstr(tpmstate, "://") + 3;
}

static void
put(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void
holds(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *content = NULL;

    if (text == NULL) {
        ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
        return;
    }
    ck_assert(g_file_get_contents(path, &content, NULL, NULL));
    ck_assert_str_eq(content, text);
}

static guint
entries(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint count = 0;

    while (g_dir_read_name(dir) != NULL)
        count++;
    return count;
}

START_TEST(a_finished_state_takes_the_place_of_the_old_one)
{
    char *folder = test_folder_new();
    g_autoptr(Place) p = place_new(folder, TRUE);
    g_autofree char *text = NULL;
    gboolean taken = TRUE;

    ck_assert(place_taken(p, &taken, NULL));
    ck_assert(!taken);
    put(folder, "tpm2-00.permall", "old");
    put(folder, "tpm2-00.volatilestate", "old");
    ck_assert(place_taken(p, &taken, NULL));
    ck_assert(taken);
    text = place_begin(p, NULL);
    ck_assert_ptr_nonnull(text);
    put(path_in(text), "tpm2-00.permall", "new");
    put(path_in(text), ".lock", "");
    holds(folder, "tpm2-00.permall", "old");
    ck_assert(place_finish(p, NULL));
    holds(folder, "tpm2-00.permall", "new");
    holds(folder, "tpm2-00.volatilestate", NULL);
    ck_assert_uint_eq(entries(folder), 2);       /* and .lock */
    test_folder_remove(folder);
}
END_TEST

START_TEST(an_unfinished_state_leaves_nothing)
{
    char *folder = test_folder_new();
    Place *p = place_new(folder, TRUE);
    g_autofree char *text = place_begin(p, NULL);

    ck_assert_ptr_nonnull(text);
    put(path_in(text), "tpm2-00.permall", "new");
    place_free(p);
    holds(folder, "tpm2-00.permall", NULL);
    ck_assert_uint_eq(entries(folder), 1);       /* .lock */
    test_folder_remove(folder);
}
END_TEST

START_TEST(what_a_killed_run_left_is_removed)
{
    char *folder = test_folder_new();
    g_autofree char *left = g_build_filename(folder, ".swtpm_setup.killed", NULL);
    g_autoptr(Place) p = place_new(folder, TRUE);
    g_autofree char *text = NULL;

    ck_assert_int_eq(g_mkdir_with_parents(left, 0700), 0);
    put(left, "tpm2-00.permall", "half");
    text = place_begin(p, NULL);
    ck_assert_ptr_nonnull(text);
    ck_assert(!g_file_test(left, G_FILE_TEST_EXISTS));
    g_clear_pointer(&p, place_free);
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_file_is_replaced_as_a_whole)
{
    char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "state", NULL);
    g_autofree char *uri = g_strconcat("file://", file, NULL);
    g_autoptr(Place) p = place_new(uri, TRUE);
    g_autofree char *text = NULL;

    put(folder, "state", "old");
    text = place_begin(p, NULL);
    ck_assert_ptr_nonnull(text);
    ck_assert(g_file_set_contents(path_in(text), "new", -1, NULL));
    holds(folder, "state", "old");
    ck_assert(place_finish(p, NULL));
    holds(folder, "state", "new");
    ck_assert_uint_eq(entries(folder), 1);
    test_folder_remove(folder);
}
END_TEST

Suite *
place_suite(void)
{
    Suite *suite = suite_create("place");
    TCase *tests = tcase_create("place");

    tcase_add_test(tests, a_finished_state_takes_the_place_of_the_old_one);
    tcase_add_test(tests, an_unfinished_state_leaves_nothing);
    tcase_add_test(tests, what_a_killed_run_left_is_removed);
    tcase_add_test(tests, a_file_is_replaced_as_a_whole);
    suite_add_tcase(suite, tests);
    return suite;
}
