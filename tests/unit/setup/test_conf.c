/* SPDX-License-Identifier: BSD-3-Clause */
/* test_conf - lines, comments and variables of the configuration files. */
#include "config.h"

#include "suites.h"
#include "swtpm_setup/conf.h"

Suite *conf_suite(void);

static Conf *
conf_of(const char *text, GError **error)
{
    char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "conf", NULL);
    char *env[] = { (char *)"HOME=/home/me", (char *)"EMPTY=", NULL };
    Conf *conf;

    ck_assert(g_file_set_contents(file, text, -1, NULL));
    conf = conf_open(file, env, error);
    test_folder_remove(folder);
    return conf;
}

static const struct {
    const char *text, *want;         /* of the key "k"; NULL: it is not there */
} cases[] = {
    { "k = v\n", "v" },
    { "  k=v  # comment\n", "v" },
    { "k= v#1", "v#1" },
    { "# k = v\n", NULL },
    { "k = 1\nk = 2\n", "2" },
    { "k = ${HOME}/x${EMPTY}y\n", "/home/me/xy" },
    { "k = ${HOME\n", "${HOME" },
    { "kk = v\n\nno line\n", NULL },
};

START_TEST(a_value_is_what_its_line_says)
{
    g_autoptr(Conf) conf = conf_of(cases[_i].text, NULL);

    ck_assert_ptr_nonnull(conf);
    ck_assert_pstr_eq(conf_get(conf, "k"), cases[_i].want);
}
END_TEST

START_TEST(a_missing_variable_is_an_error)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(conf_of("k = ${NOWHERE}\n", &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

Suite *
conf_suite(void)
{
    Suite *suite = suite_create("conf");
    TCase *tests = tcase_create("conf");

    tcase_add_loop_test(tests, a_value_is_what_its_line_says, 0, (int)G_N_ELEMENTS(cases));
    tcase_add_test(tests, a_missing_variable_is_an_error);
    suite_add_tcase(suite, tests);
    return suite;
}
