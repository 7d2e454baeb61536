/* SPDX-License-Identifier: BSD-3-Clause */
/* test_log - which lines are written, and that a line stays a line. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "suites.h"

Suite *log_suite(void);

static void
say_everything(void)
{
    g_warning("a warning");
    g_message("a message");
    g_info("an info");
    g_debug("a debug line");
}

static const struct {
    int level;
    const char *want;
} levels[] = {
    { 0, "" },
    { 1, "p: a warning\n" },
    { 2, "p: a warning\np: a message\n" },
    { 3, "p: a warning\np: a message\np: an info\n" },
    { 4, "p: a warning\np: a message\np: an info\np: a debug line\n" },
};

/* GLib takes a writer once a process; Check runs each test in a process of its own. */
START_TEST(levels_choose_lines)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    const struct log_config config = { .file = path, .fd = -1, .level = levels[_i].level,
                                       .prefix = (char *)"p: " };
    g_autofree char *text = NULL;
    struct stat st;

    ck_assert_ptr_nonnull(log_open(&config, NULL));
    say_everything();
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, levels[_i].want);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    test_folder_remove(folder);
}
END_TEST

START_TEST(what_a_peer_says_stays_on_its_line)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    const struct log_config config = { .file = path, .fd = -1, .level = 1, .truncate = TRUE };
    g_autofree char *text = NULL;

    ck_assert(g_file_set_contents(path, "old\n", -1, NULL));
    ck_assert_ptr_nonnull(log_open(&config, NULL));
    g_warning("peer says '%s'", "x\nroot logged in\x1b[2J ü");
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, "peer says 'x\\x0aroot logged in\\x1b[2J ü'\n");
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    const struct log_config config = { .file = path, .fd = -1, .level = 1 };
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(symlink("elsewhere", path), 0);
    ck_assert_ptr_null(log_open(&config, &error));
    ck_assert_ptr_nonnull(error);
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_dash_is_silence)
{
    const struct log_config config = { .file = (char *)"-", .fd = -1, .level = 4 };

    ck_assert_ptr_nonnull(log_open(&config, NULL));
    say_everything();
    ck_assert(!g_file_test("-", G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(what_comes_often_is_counted)
{
    struct log_limit limit = { 0 };
    guint dropped = 9;

    ck_assert(log_limit_pass(&limit, 3600, &dropped));
    ck_assert_uint_eq(dropped, 0);
    ck_assert(!log_limit_pass(&limit, 3600, &dropped));
    ck_assert(!log_limit_pass(&limit, 3600, &dropped));
    limit.next = 0;
    ck_assert(log_limit_pass(&limit, 3600, &dropped));
    ck_assert_uint_eq(dropped, 2);
}
END_TEST

START_TEST(what_comes_now_and_then_is_written)
{
    struct log_limit limit = { 0 };
    guint dropped = 9;

    for (guint i = 0; i < 3; i++) {
        ck_assert(log_limit_burst(&limit, 3600, 3, &dropped));
        ck_assert_uint_eq(dropped, 0);
    }
    ck_assert(!log_limit_burst(&limit, 3600, 3, &dropped));
    limit.next -= (gint64)3600 * G_TIME_SPAN_SECOND;
    ck_assert(log_limit_burst(&limit, 3600, 3, &dropped));
    ck_assert_uint_eq(dropped, 1);
    ck_assert(!log_limit_burst(&limit, 3600, 3, &dropped));
}
END_TEST

Suite *
log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");

    tcase_add_loop_test(tcase, levels_choose_lines, 0, G_N_ELEMENTS(levels));
    tcase_add_test(tcase, what_a_peer_says_stays_on_its_line);
    tcase_add_test(tcase, a_link_is_not_followed);
    tcase_add_test(tcase, a_dash_is_silence);
    tcase_add_test(tcase, what_comes_often_is_counted);
    tcase_add_test(tcase, what_comes_now_and_then_is_written);
    suite_add_tcase(suite, tcase);
    return suite;
}
