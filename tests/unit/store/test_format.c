/* SPDX-License-Identifier: BSD-3-Clause */
/* test_format - header and TLVs as swtpm writes them, and nothing else is taken. */
#include "config.h"

#include <string.h>

#include "suites.h"
#include "swtpm/store/format.h"

Suite *format_suite(void);

/* A plain file over the three bytes 61 62 63, spelled out from the format's description. */
static const char plain_file[] = "02 01 000a 0000 00000013  0001 00000003 616263";
static const char plain_blob[] = "02 01 000a 0004 00000019  0004 00000009 0001 00000003 616263";

static void
equal(GBytes *a, GBytes *b)
{
    ck_assert_ptr_nonnull(a);
    ck_assert(g_bytes_equal(a, b));
}

START_TEST(a_plain_file_has_the_bytes_of_its_description)
{
    g_autoptr(GBytes) state = test_bytes("616263");
    g_autoptr(GBytes) want = test_bytes(plain_file);
    g_autoptr(GBytes) file = format_file_write(state, NULL, NULL);
    g_autoptr(GBytes) back = format_file_parse(want, NULL, NULL);

    equal(file, want);
    equal(back, state);
}
END_TEST

START_TEST(a_plain_blob_is_wrapped_once_more)
{
    g_autoptr(GBytes) state = test_bytes("616263");
    g_autoptr(GBytes) want = test_bytes(plain_blob);
    g_autoptr(GBytes) blob = format_blob_write(state, NULL, NULL, NULL);
    g_autoptr(GBytes) back = format_blob_parse(want, NULL, NULL, NULL);

    equal(blob, want);
    equal(back, state);
}
END_TEST

static const struct {
    const char *file;
    int code;
} broken[] = {
    { "", FORMAT_ERROR_SIZE },
    { "02 01 000a 0000 000000", FORMAT_ERROR_SIZE },
    { "02 03 000a 0000 00000013 0001 00000003 616263", FORMAT_ERROR_VERSION },
    { "00 00 000a 0000 00000013 0001 00000003 616263", FORMAT_ERROR_VERSION },
    { "02 01 000b 0000 00000013 0001 00000003 616263", FORMAT_ERROR_SIZE },
    { "02 01 0009 0000 00000013 0001 00000003 616263", FORMAT_ERROR_SIZE },
    { "02 01 ffff 0000 00000013 0001 00000003 616263", FORMAT_ERROR_SIZE },
    { "02 01 000a 0000 00000012 0001 00000003 616263", FORMAT_ERROR_LENGTH },
    { "02 01 000a 0000 00000014 0001 00000003 616263", FORMAT_ERROR_LENGTH },
    { "02 01 000a 0000 00000013 0001 00000004 616263", FORMAT_ERROR_FAIL },
    { "02 01 000a 0000 00000013 0001 ffffffff 616263", FORMAT_ERROR_FAIL },
    { "02 01 000a 0000 00000013 0002 00000003 616263", FORMAT_ERROR_FAIL },
    { "02 01 000a 0000 0000000a", FORMAT_ERROR_FAIL },
};

START_TEST(a_broken_file_is_refused)
{
    g_autoptr(GBytes) file = test_bytes(broken[_i].file);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(format_file_parse(file, NULL, &error));
    ck_assert(g_error_matches(error, FORMAT_ERROR, broken[_i].code));
}
END_TEST

START_TEST(a_blob_that_says_encrypted_wants_a_key)
{
    g_autoptr(GBytes) migration =
        test_bytes("02 01 000a 0006 00000019  0004 00000009 0001 00000003 616263");
    g_autoptr(GBytes) inner =
        test_bytes("02 01 000a 0005 00000019  0004 00000009 0001 00000003 616263");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(format_blob_parse(migration, NULL, NULL, &error));
    ck_assert(g_error_matches(error, FORMAT_ERROR, FORMAT_ERROR_NO_KEY));
    g_clear_error(&error);
    ck_assert_ptr_null(format_blob_parse(inner, NULL, NULL, &error));
    ck_assert(g_error_matches(error, FORMAT_ERROR, FORMAT_ERROR_NO_KEY));
}
END_TEST

Suite *
format_suite(void)
{
    Suite *suite = suite_create("format");
    TCase *tests = tcase_create("format");

    tcase_add_test(tests, a_plain_file_has_the_bytes_of_its_description);
    tcase_add_test(tests, a_plain_blob_is_wrapped_once_more);
    tcase_add_loop_test(tests, a_broken_file_is_refused, 0, (int)G_N_ELEMENTS(broken));
    tcase_add_test(tests, a_blob_that_says_encrypted_wants_a_key);
    suite_add_tcase(suite, tests);
    return suite;
}
