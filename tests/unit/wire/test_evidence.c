/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "cocotransport/wire/evidence.h"
#include "suites.h"

static const struct {
    const char *what;
    const char *hex;
    gboolean ok;
} cases[] = {
    { "a report alone", "0001 00000003 aabbcc", TRUE },
    { "a report and a certificate", "0001 00000003 aabbcc 0002 00000001 dd", TRUE },
    { "none at all", "", TRUE },
    { "out of order", "0002 00000001 dd 0001 00000003 aabbcc", FALSE },
    { "twice", "0001 00000001 aa 0001 00000001 aa", FALSE },
    { "unknown kind", "0005 00000001 aa", FALSE },
    { "kind 0", "0000 00000001 aa", FALSE },
    { "empty element", "0001 00000000", FALSE },
    { "cut in the bytes", "0001 00000003 aabb", FALSE },
    { "cut in the length", "0001 000000", FALSE },
    { "a length of all ones", "0001 ffffffff aabb", FALSE },
};

START_TEST(evidence_is_checked)
{
    g_autoptr(GBytes) wire = test_bytes(cases[_i].hex);
    gsize len;
    const void *bytes = g_bytes_get_data(wire, &len);
    struct cursor in = cursor_from(bytes, len);
    g_autoptr(GError) error = NULL;
    g_auto(evidence_t) e = { 0 };
    uint8_t again[64];
    struct builder b = builder_on(again, sizeof(again));

    ck_assert_msg(evidence_parse(&in, &e, &error) == cases[_i].ok, "%s", cases[_i].what);
    ck_assert((error != NULL) != cases[_i].ok);
    if (!cases[_i].ok) {
        for (guint i = 0; i < EVIDENCE_KINDS; i++)
            ck_assert_ptr_null(e.parts[i]);
        return;
    }
    evidence_write(&e, &b);
    ck_assert_uint_eq(builder_len(&b), len);
    if (len > 0)
        ck_assert_mem_eq(again, bytes, len);
}
END_TEST

START_TEST(evidence_has_a_largest_size)
{
    g_autofree uint8_t *big = g_malloc0(EVIDENCE_MAX + 1);
    struct builder b = builder_on(big, EVIDENCE_MAX + 1);
    struct cursor in;
    g_auto(evidence_t) e = { 0 };

    builder_be16(&b, EVIDENCE_SNP_REPORT);
    builder_be32(&b, EVIDENCE_MAX + 1 - 6);
    in = cursor_from(big, EVIDENCE_MAX + 1);
    ck_assert(!evidence_parse(&in, &e, NULL));
    builder_be32_at(&b, 2, EVIDENCE_MAX - 6);
    in = cursor_from(big, EVIDENCE_MAX);
    ck_assert(evidence_parse(&in, &e, NULL));
}
END_TEST

Suite *evidence_suite(void);

Suite *
evidence_suite(void)
{
    Suite *s = suite_create("evidence");
    TCase *t = tcase_create("evidence");

    tcase_add_loop_test(t, evidence_is_checked, 0, G_N_ELEMENTS(cases));
    tcase_add_test(t, evidence_has_a_largest_size);
    suite_add_tcase(s, t);
    return s;
}
