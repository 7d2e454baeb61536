/* SPDX-License-Identifier: BSD-3-Clause */
/* test_cursor - every read inside the input, none outside it. */
#include "config.h"

#include <string.h>

#include "base/cursor.h"
#include "suites.h"

Suite *cursor_suite(void);

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

START_TEST(numbers_are_read_in_their_order)
{
    struct cursor c = cursor_from(bytes, sizeof(bytes));

    ck_assert_uint_eq(cursor_u8(&c), 1);
    ck_assert_uint_eq(cursor_be16(&c), 0x0203);
    ck_assert_uint_eq(cursor_be32(&c), 0x04050607);
    ck_assert_uint_eq(cursor_left(&c), 1);
    ck_assert(!cursor_done(&c));
    ck_assert_uint_eq(cursor_u8(&c), 8);
    ck_assert(cursor_done(&c));

    c = cursor_from(bytes, sizeof(bytes));
    ck_assert_uint_eq(cursor_le16(&c), 0x0201);
    ck_assert_uint_eq(cursor_le32(&c), 0x06050403);
    c = cursor_from(bytes, sizeof(bytes));
    ck_assert(cursor_be64(&c) == 0x0102030405060708u);
    c = cursor_from(bytes, sizeof(bytes));
    ck_assert(cursor_le64(&c) == 0x0807060504030201u);
}
END_TEST

START_TEST(a_failure_stays)
{
    struct cursor c = cursor_from(bytes, 3);

    ck_assert_uint_eq(cursor_be32(&c), 0);
    ck_assert(c.failed);
    ck_assert_uint_eq(cursor_u8(&c), 0);
    ck_assert_ptr_null(cursor_bytes(&c, 0));
    ck_assert(!cursor_done(&c));
}
END_TEST

START_TEST(nothing_can_be_read_from_nothing)
{
    struct cursor c = cursor_from(NULL, 0);

    ck_assert(cursor_done(&c));
    ck_assert_uint_eq(cursor_left(&c), 0);
    ck_assert_ptr_nonnull(cursor_bytes(&c, 0));
    ck_assert(cursor_done(&c));
    cursor_u8(&c);
    ck_assert(c.failed);
}
END_TEST

START_TEST(a_huge_length_does_not_wrap)
{
    struct cursor c = cursor_from(bytes, sizeof(bytes));

    ck_assert_ptr_null(cursor_bytes(&c, SIZE_MAX));
    ck_assert(c.failed);
}
END_TEST

START_TEST(a_copy_is_zeroes_on_failure)
{
    struct cursor c = cursor_from(bytes, sizeof(bytes));
    uint8_t out[9];

    cursor_copy(&c, out, 8);
    ck_assert_mem_eq(out, bytes, 8);
    c = cursor_from(bytes, sizeof(bytes));
    memset(out, 0xff, sizeof(out));
    cursor_copy(&c, out, 9);
    for (size_t i = 0; i < sizeof(out); i++)
        ck_assert_uint_eq(out[i], 0);
    ck_assert(c.failed);
}
END_TEST

START_TEST(a_sub_cursor_ends_where_it_was_told_to)
{
    struct cursor c = cursor_from(bytes, sizeof(bytes));
    struct cursor inner = cursor_sub(&c, 3);

    ck_assert_uint_eq(cursor_be16(&inner), 0x0102);
    ck_assert_uint_eq(cursor_be16(&inner), 0);
    ck_assert(inner.failed);
    ck_assert(!c.failed);
    ck_assert_uint_eq(cursor_u8(&c), 4);
    inner = cursor_sub(&c, 5);
    ck_assert(inner.failed);
    ck_assert(c.failed);
}
END_TEST

Suite *
cursor_suite(void)
{
    Suite *suite = suite_create("cursor");
    TCase *tcase = tcase_create("cursor");

    tcase_add_test(tcase, numbers_are_read_in_their_order);
    tcase_add_test(tcase, a_failure_stays);
    tcase_add_test(tcase, nothing_can_be_read_from_nothing);
    tcase_add_test(tcase, a_huge_length_does_not_wrap);
    tcase_add_test(tcase, a_copy_is_zeroes_on_failure);
    tcase_add_test(tcase, a_sub_cursor_ends_where_it_was_told_to);
    suite_add_tcase(suite, tcase);
    return suite;
}
