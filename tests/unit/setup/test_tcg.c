/* SPDX-License-Identifier: BSD-3-Clause */
/* test_tcg - the TCG's extensions, byte for byte as in certificates of swtpm 0.7.1. */
#include "config.h"

#include "suites.h"
#include "swtpm_cert/tcg.h"

Suite *tcg_suite(void);

static const struct tcg_name tpm[] = {
    { "2.23.133.2.1", "id:00001014" }, { "2.23.133.2.2", "swtpm" },
    { "2.23.133.2.3", "id:20191023" }, { "2.23.133.2.4", "Fedora" },
    { "2.23.133.2.5", "QEMU" },        { "2.23.133.2.6", "2.1" },
    { NULL, NULL },
};

static void
is(GBytes *got, const char *hex)
{
    g_autoptr(GBytes) want = test_bytes(hex);

    ck_assert_ptr_nonnull(got);
    ck_assert(g_bytes_equal(got, want));
}

START_TEST(names_have_their_bytes)
{
    const struct tcg_name three[] = { tpm[0], tpm[1], tpm[2], { NULL, NULL } };
    g_autoptr(GBytes) one = tcg_alternative_name(three, NULL);
    g_autoptr(GBytes) two = tcg_nested_names(tpm, 3, NULL);

    is(one, "3046A444304231163014060567810502010C0B69643A30303030313031343110300E"
            "060567810502020C05737774706D31163014060567810502030C0B69643A3230313931303233");
    is(two, "307EA47C307A304231163014060567810502010C0B69643A30303030313031343110300E"
            "060567810502020C05737774706D31163014060567810502030C0B69643A3230313931303233"
            "30343111300F060567810502040C064665646F7261310F300D060567810502050C0451454D55"
            "310E300C060567810502060C03322E31");
}
END_TEST

START_TEST(specifications_have_their_bytes)
{
    g_autoptr(GBytes) two = tcg_specification("2.0", 0, 164, NULL);
    g_autoptr(GBytes) one = tcg_specification("1.2", 2, 116, NULL);

    is(two, "3019301706056781050210310E300C0C03322E30020100020200A4");
    is(one, "3018301606056781050210310D300B0C03312E32020102020174");
}
END_TEST

Suite *
tcg_suite(void)
{
    Suite *suite = suite_create("tcg");
    TCase *tests = tcase_create("tcg");

    tcase_add_test(tests, names_have_their_bytes);
    tcase_add_test(tests, specifications_have_their_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
