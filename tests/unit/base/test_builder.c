/* SPDX-License-Identifier: BSD-3-Clause */
/* test_builder - what is written is what was meant, and never past the end. */
#include "config.h"

#include <string.h>

#include "base/builder.h"
#include "suites.h"

Suite *builder_suite(void);

START_TEST(fields_stand_in_their_order)
{
    uint8_t memory[32];
    struct builder b = builder_on(memory, sizeof(memory));
    g_autoptr(GBytes) want = test_bytes("01 0203 04050607 08090a0b0c0d0e0f 0201 04030201"
                                        "0807060504030201 aabb 00");
    uint8_t *space;

    builder_u8(&b, 1);
    builder_be16(&b, 0x0203);
    builder_be32(&b, 0x04050607);
    builder_be64(&b, 0x08090a0b0c0d0e0fu);
    builder_le16(&b, 0x0102);
    builder_le32(&b, 0x01020304);
    builder_le64(&b, 0x0102030405060708u);
    space = builder_space(&b, 2);
    ck_assert_ptr_nonnull(space);
    memcpy(space, "\xaa\xbb", 2);
    builder_zero(&b, 1);
    ck_assert(!b.failed);
    ck_assert_uint_eq(builder_len(&b), 32);
    ck_assert_mem_eq(memory, g_bytes_get_data(want, NULL), 32);
    builder_bytes(&b, NULL, 0);
    ck_assert(!b.failed);
    builder_u8(&b, 0);
    ck_assert(b.failed);
}
END_TEST

START_TEST(what_does_not_fit_fails_for_good)
{
    uint8_t memory[5] = { 9, 9, 9, 9, 9 };
    struct builder b = builder_on(memory, 4);

    builder_be16(&b, 1);
    builder_bytes(&b, "abc", 3);
    ck_assert(b.failed);
    builder_u8(&b, 7);
    ck_assert_ptr_null(builder_space(&b, 1));
    ck_assert_uint_eq(builder_len(&b), 2);
    ck_assert_mem_eq(memory, "\0\1\x09\x09\x09", 5);
}
END_TEST

START_TEST(a_size_is_filled_in_later)
{
    uint8_t memory[8] = { 0 };
    struct builder b = builder_on(memory, sizeof(memory));

    builder_be32(&b, 0);
    builder_be16(&b, 0);
    builder_be32_at(&b, 0, 6);
    builder_be16_at(&b, 4, 0x1234);
    ck_assert(!b.failed);
    ck_assert_mem_eq(memory, "\0\0\0\6\x12\x34", 6);
    builder_be16_at(&b, 5, 1);
    ck_assert(b.failed);

    b = builder_on(memory, sizeof(memory));
    builder_be16_at(&b, SIZE_MAX, 1);
    ck_assert(b.failed);
}
END_TEST

START_TEST(there_may_be_no_memory_at_all)
{
    struct builder b = builder_on(NULL, 0);

    builder_bytes(&b, NULL, 0);
    builder_zero(&b, 0);
    ck_assert(!b.failed);
    ck_assert_uint_eq(builder_len(&b), 0);
    builder_u8(&b, 1);
    ck_assert(b.failed);
}
END_TEST

Suite *
builder_suite(void)
{
    Suite *suite = suite_create("builder");
    TCase *tcase = tcase_create("builder");

    tcase_add_test(tcase, fields_stand_in_their_order);
    tcase_add_test(tcase, what_does_not_fit_fails_for_good);
    tcase_add_test(tcase, a_size_is_filled_in_later);
    tcase_add_test(tcase, there_may_be_no_memory_at_all);
    suite_add_tcase(suite, tcase);
    return suite;
}
