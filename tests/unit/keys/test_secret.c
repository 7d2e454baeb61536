/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/error.h"
#include "cocotransport/keys/secret.h"
#include "suites.h"

#include <string.h>
#include <unistd.h>

START_TEST(secret_starts_as_zeroes_and_compares_whole)
{
    g_autoptr(Secret) a = secret_new(33);
    g_autoptr(Secret) b = secret_new(33);
    g_autoptr(Secret) shorter = secret_new(32);

    ck_assert(secret_is_zero(a));
    ck_assert(secret_equal(a, b));
    ck_assert(!secret_equal(a, shorter));
    secret_bytes(a)[32] = 1;
    ck_assert(!secret_is_zero(a));
    ck_assert(!secret_equal(a, b));
}
END_TEST

START_TEST(secret_truncate_wipes_the_rest)
{
    g_autoptr(Secret) s = secret_copy("0123456789", 10);

    secret_truncate(s, 4);
    ck_assert_uint_eq(secret_len(s), 4);
    ck_assert_mem_eq(secret_peek(s), "0123\0\0\0\0\0\0", 10);
    ck_assert_uint_eq(secret_datum(s).size, 4);
}
END_TEST

static const struct {
    const char *what;
    size_t given, min, max;
    gboolean ok;
} read_cases[] = {
    { "exactly the least", 32, 32, 64, TRUE },
    { "exactly the most", 64, 32, 64, TRUE },
    { "one too few", 31, 32, 64, FALSE },
    { "one too many", 65, 32, 64, FALSE },
    { "nothing at all", 0, 0, 64, FALSE },
};

START_TEST(secret_reuse_shows_nothing_of_before)
{
    Secret *s = secret_reuse(NULL, 8);

    memset(secret_bytes(s), 7, 8);
    s = secret_reuse(s, 64);
    ck_assert_uint_eq(secret_len(s), 64);
    ck_assert(secret_is_zero(s));
    memset(secret_bytes(s), 7, 64);
    s = secret_reuse(s, 100000);
    ck_assert_uint_eq(secret_len(s), 100000);
    ck_assert(secret_is_zero(s));
    memset(secret_bytes(s), 7, 100000);
    secret_wipe(s);
    ck_assert(secret_is_zero(s));
    secret_free(s);
}
END_TEST

START_TEST(secret_read_judges_the_length)
{
    char bytes[65];
    int ends[2];
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) s = NULL;

    memset(bytes, 'x', sizeof(bytes));
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], bytes, read_cases[_i].given), read_cases[_i].given);
    close(ends[1]);
    s = secret_read_fd(ends[0], read_cases[_i].min, read_cases[_i].max, &error);
    close(ends[0]);
    ck_assert_msg((s != NULL) == read_cases[_i].ok, "%s", read_cases[_i].what);
    ck_assert((error != NULL) != read_cases[_i].ok);
    if (s != NULL)
        ck_assert_uint_eq(secret_len(s), read_cases[_i].given);
}
END_TEST

START_TEST(secret_read_names_the_file)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(secret_read_file("/nonexistent/psk", 32, 64, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert_ptr_nonnull(strstr(error->message, "/nonexistent/psk"));
}
END_TEST

Suite *secret_suite(void);

Suite *
secret_suite(void)
{
    Suite *s = suite_create("secret");
    TCase *t = tcase_create("secret");

    tcase_add_test(t, secret_starts_as_zeroes_and_compares_whole);
    tcase_add_test(t, secret_truncate_wipes_the_rest);
    tcase_add_test(t, secret_reuse_shows_nothing_of_before);
    tcase_add_loop_test(t, secret_read_judges_the_length, 0, G_N_ELEMENTS(read_cases));
    tcase_add_test(t, secret_read_names_the_file);
    suite_add_tcase(s, t);
    return s;
}
