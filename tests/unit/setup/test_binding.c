/* SPDX-License-Identifier: BSD-3-Clause */
/* test_binding - the extension goes out byte for byte, and comes back from nothing else. */
#include "config.h"

#include "suites.h"
#include "swtpm_cert/binding.h"

#include <string.h>

Suite *binding_suite(void);

static const char wire[] =
    "305C020101041011111111111111111111111111111111042022222222222222222222222222222222"
    "2222222222222222222222222222222202010304203333333333333333333333333333333333333333"
    "333333333333333333333333";

static struct binding
sample(void)
{
    struct binding b = { .flags = 3 };

    memset(b.uuid, 0x11, sizeof(b.uuid));
    memset(b.policy_digest, 0x22, sizeof(b.policy_digest));
    memset(b.evidence, 0x33, sizeof(b.evidence));
    return b;
}

START_TEST(it_has_its_bytes)
{
    const struct binding b = sample();
    g_autoptr(GBytes) der = binding_write(&b, NULL);
    g_autoptr(GBytes) want = test_bytes(wire);
    struct binding back = { .flags = 9 };

    ck_assert_ptr_nonnull(der);
    ck_assert(g_bytes_equal(der, want));
    ck_assert(binding_parse(g_bytes_get_data(der, NULL), g_bytes_get_size(der), &back, NULL));
    ck_assert_mem_eq(&back, &b, sizeof(b));
}
END_TEST

START_TEST(large_flags_come_back)
{
    struct binding b = sample();
    struct binding back;
    g_autoptr(GBytes) der = NULL;

    b.flags = 0xfffffffe;
    der = binding_write(&b, NULL);
    ck_assert(binding_parse(g_bytes_get_data(der, NULL), g_bytes_get_size(der), &back, NULL));
    ck_assert_uint_eq(back.flags, b.flags);
}
END_TEST

static const struct {
    const char *what;
    guint at;
    guint8 value;
} changes[] = {
    { "no SEQUENCE", 0, 0x31 },         { "a longer SEQUENCE", 1, 0x5d },
    { "a shorter SEQUENCE", 1, 0x5b },  { "another version", 4, 2 },
    { "a negative version", 4, 0x81 },  { "no INTEGER", 2, 4 },
    { "a shorter UUID", 6, 15 },        { "a longer UUID", 6, 17 },
    { "no OCTET STRING", 5, 2 },        { "negative flags", 59, 0x80 },
};

START_TEST(nothing_else_is_read)
{
    g_autoptr(GBytes) good = test_bytes(wire);
    gsize len = g_bytes_get_size(good);
    g_autofree guint8 *bytes = g_memdup2(g_bytes_get_data(good, NULL), len);
    struct binding back = { .flags = 9 };
    g_autoptr(GError) error = NULL;

    bytes[changes[_i].at] = changes[_i].value;
    ck_assert_msg(!binding_parse(bytes, len, &back, &error), "%s", changes[_i].what);
    ck_assert_ptr_nonnull(error);
    ck_assert_uint_eq(back.flags, 9);
}
END_TEST

START_TEST(no_cut_is_read)
{
    g_autoptr(GBytes) good = test_bytes(wire);
    gsize len = g_bytes_get_size(good);
    g_autofree guint8 *longer = g_malloc0(len + 1);
    struct binding back;

    memcpy(longer, g_bytes_get_data(good, NULL), len);
    for (gsize cut = 0; cut < len; cut++) {
        g_autofree guint8 *copy = g_memdup2(longer, cut);

        ck_assert(!binding_parse(copy, cut, &back, NULL));
    }
    ck_assert(!binding_parse(longer, len + 1, &back, NULL));
}
END_TEST

Suite *
binding_suite(void)
{
    Suite *suite = suite_create("binding");
    TCase *tests = tcase_create("binding");

    tcase_add_test(tests, it_has_its_bytes);
    tcase_add_test(tests, large_flags_come_back);
    tcase_add_loop_test(tests, nothing_else_is_read, 0, (int)G_N_ELEMENTS(changes));
    tcase_add_test(tests, no_cut_is_read);
    suite_add_tcase(suite, tests);
    return suite;
}
