/* SPDX-License-Identifier: BSD-3-Clause */
/* test_error - codes and words; a caller may not want to know. */
#include "config.h"

#include <errno.h>

#include "base/error.h"
#include "suites.h"

Suite *error_suite(void);

START_TEST(each_has_its_code_and_words)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!error_errno(&error, ENOENT, "opening %s", "x"));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert_str_eq(error->message, "opening x: No such file or directory");
    g_clear_error(&error);
    ck_assert(!error_malformed(&error, "%d bytes", 3));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    ck_assert_str_eq(error->message, "3 bytes");
    g_clear_error(&error);
    ck_assert(!error_denied(&error, "no"));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    g_clear_error(&error);
    ck_assert(!error_system(&error, "no"));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
}
END_TEST

START_TEST(nobody_has_to_ask)
{
    ck_assert(!error_errno(NULL, ENOENT, "x"));
    ck_assert(!error_malformed(NULL, "x"));
    ck_assert(!error_denied(NULL, "x"));
    ck_assert(!error_system(NULL, "x"));
}
END_TEST

Suite *
error_suite(void)
{
    Suite *suite = suite_create("error");
    TCase *tcase = tcase_create("error");

    tcase_add_test(tcase, each_has_its_code_and_words);
    tcase_add_test(tcase, nobody_has_to_ask);
    suite_add_tcase(suite, tcase);
    return suite;
}
