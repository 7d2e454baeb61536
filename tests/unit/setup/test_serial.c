/* SPDX-License-Identifier: BSD-3-Clause */
/* test_serial - serial numbers: their bytes, and that none is given twice. */
#include "config.h"

#include "suites.h"
#include "swtpm_cert/cert.h"
#include "swtpm_setup/localca.h"

Suite *serial_suite(void);

static const struct {
    const char *text, *bytes;        /* NULL: refused */
} cases[] = {
    { "0", "00" },
    { "1", "01" },
    { "256", "0100" },
    { "18446744073709551616", "010000000000000000" },
    { "127", "7f" },
    { "128", "0080" },
    { "0xff", "00ff" },
    { "32768", "008000" },
    { "1461501637330902918203684832716283019655932542975",
      "00ffffffffffffffffffffffffffffffffffffffff" },
    { "1461501637330902918203684832716283019655932542976", NULL },
    { "", NULL },
    { "0x", NULL },
    { "-1", NULL },
    { "12a", NULL },
};

START_TEST(numbers_have_their_bytes)
{
    guint8 got[SERIAL_CONTENT_MAX];
    gsize len = 0;
    g_autoptr(GBytes) want = NULL;

    ck_assert_int_eq(serial_parse(cases[_i].text, got, &len, NULL), cases[_i].bytes != NULL);
    if (cases[_i].bytes == NULL)
        return;
    want = test_bytes(cases[_i].bytes);
    ck_assert_uint_eq(len, g_bytes_get_size(want));
    ck_assert_mem_eq(got, g_bytes_get_data(want, NULL), len);
}
END_TEST

static char *
next_in(char *folder, const char *content)
{
    g_autofree char *file = g_build_filename(folder, "certserial", NULL);
    const struct localca ca = { .state_dir = folder, .serial_file = file };

    if (content != NULL)
        ck_assert(g_file_set_contents(file, content, -1, NULL));
    return localca_next_serial(&ca, NULL);
}

START_TEST(each_number_is_one_more)
{
    char *folder = test_folder_new();
    g_autofree char *a = next_in(folder, "1\n");
    g_autofree char *b = next_in(folder, NULL);
    g_autofree char *c = next_in(folder, "99999999999999999999999999");
    g_autofree char *d = next_in(folder, "none");
    g_autofree char *e = next_in(folder, "");

    ck_assert_str_eq(a, "2");
    ck_assert_str_eq(b, "3");
    ck_assert_str_eq(c, "100000000000000000000000000");
    ck_assert_ptr_null(d);
    /* As one that is gone: a full disk has left it so. */
    ck_assert_uint_ge(g_ascii_strtoull(e, NULL, 10), (guint64)1 << 62);
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_lost_file_does_not_begin_anew)
{
    char *folder = test_folder_new();
    g_autofree char *a = next_in(folder, NULL);
    g_autofree char *b = next_in(folder, NULL);

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_uint_ge(g_ascii_strtoull(a, NULL, 10), (guint64)1 << 62);
    ck_assert_str_ne(a, b);
    test_folder_remove(folder);
}
END_TEST

Suite *
serial_suite(void)
{
    Suite *suite = suite_create("serial");
    TCase *tests = tcase_create("serial");

    tcase_add_loop_test(tests, numbers_have_their_bytes, 0, (int)G_N_ELEMENTS(cases));
    tcase_add_test(tests, each_number_is_one_more);
    tcase_add_test(tests, a_lost_file_does_not_begin_anew);
    suite_add_tcase(suite, tests);
    return suite;
}
