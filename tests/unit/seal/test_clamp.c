/* SPDX-License-Identifier: BSD-3-Clause */
/* test_clamp - what a header may ask for, from both sides. */
#include "config.h"

#include "base/error.h"
#include "cocotransport/seal/clamp.h"
#include "suites.h"

Suite *clamp_suite(void);

/* bootloader 5, tee 2, snp 0x16, microcode 0x47 in Genoa's layout */
#define TCB 0x4716000000000205

static const struct seal_platform platform = {
    .source = SEAL_SOURCE_SNP, .vmpl = 1, .svn = 7, .tcb = TCB, .author_key = TRUE,
    .tcb_floor = 0x4000000000000100, .svn_floor = 4,
};

#define MEASURED { 1, 0, 1, 1, 0, 0x2b, 0, TCB }
#define SIGNED { 1, 0, 1, 1, 0, 0x37, 7, TCB }

static const struct {
    const char *what;
    struct seal_derivation key;
    gboolean good;
} cases[] = {
    { "bound to the measurement", MEASURED, TRUE },
    { "bound to the signer", SIGNED, TRUE },
    { "an older TCB in one component", { 1, 0, 1, 1, 0, 0x2b, 0, TCB - 1 }, TRUE },
    { "a newer bootloader", { 1, 0, 1, 1, 0, 0x2b, 0, TCB + 1 }, FALSE },
    { "lower as a number, newer microcode SPL's neighbour", { 1, 0, 1, 1, 0, 0x2b, 0,
      0x4616000000000206 }, FALSE },
    { "a reserved byte of the TCB", { 1, 0, 1, 1, 0, 0x2b, 0, TCB | 0x10000 }, FALSE },
    { "microcode below the image's floor", { 1, 0, 1, 1, 0, 0x2b, 0, 0x3f16000000000205 },
      FALSE },
    { "tee below the image's floor", { 1, 0, 1, 1, 0, 0x2b, 0, 0x4716000000000005 }, FALSE },
    { "an SVN nothing binds to", { 1, 0, 1, 1, 0, 0x2b, 1, TCB }, FALSE },
    { "an older SVN", { 1, 0, 1, 1, 0, 0x37, 5, TCB }, TRUE },
    { "a newer SVN", { 1, 0, 1, 1, 0, 0x37, 8, TCB }, FALSE },
    { "an SVN below the image's floor", { 1, 0, 1, 1, 0, 0x37, 3, TCB }, FALSE },
    { "another VMPL", { 1, 0, 1, 0, 0, 0x2b, 0, TCB }, FALSE },
    { "another VMPCK", { 1, 0, 1, 1, 1, 0x2b, 0, TCB }, FALSE },
    { "the VMRK as root", { 1, 1, 1, 1, 0, 0x2b, 0, TCB }, FALSE },
    { "whatever key the host has loaded", { 1, 0, 0, 1, 0, 0x2b, 0, TCB }, FALSE },
    { "the VLEK", { 1, 0, 2, 1, 0, 0x2b, 0, TCB }, FALSE },
    { "fields without the TCB", { 1, 0, 1, 1, 0, 0x0b, 0, TCB }, FALSE },
    { "fields without the policy", { 1, 0, 1, 1, 0, 0x2a, 0, TCB }, FALSE },
    { "no fields", { 1, 0, 1, 1, 0, 0, 0, TCB }, FALSE },
    { "the launch secret of plain SEV", { 2, 0, 0, 0, 0, 0, 0, 0 }, FALSE },
    { "no known source", { 3, 0, 1, 1, 0, 0x2b, 0, TCB }, FALSE },
};

START_TEST(before_any_key_is_asked)
{
    g_autoptr(GError) error = NULL;

    ck_assert_msg(seal_clamp(&cases[_i].key, &platform, &error) == cases[_i].good, "%s",
                  cases[_i].what);
    ck_assert((error != NULL) != cases[_i].good);
    if (error != NULL)
        ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
}
END_TEST

START_TEST(what_is_sealed_now_may_be_asked_for)
{
    for (guint bind = SEAL_BIND_MEASUREMENT; bind <= SEAL_BIND_SIGNER; bind++) {
        struct seal_derivation key;

        ck_assert(seal_derivation_now(&platform, bind, &key, NULL));
        ck_assert(seal_clamp(&key, &platform, NULL));
        ck_assert(seal_clamp_policy(&key, bind, 0, 0, NULL));
        ck_assert(!seal_clamp_policy(&key, !bind, 0, 0, NULL));
        ck_assert(!seal_clamp_policy(&key, bind, TCB + 1, 0, NULL));
        ck_assert(seal_clamp_policy(&key, bind, TCB, 7, NULL));
        ck_assert(seal_clamp_policy(&key, bind, TCB, 8, NULL) == (bind == SEAL_BIND_MEASUREMENT));
    }
}
END_TEST

START_TEST(signer_wants_an_author_key)
{
    const struct seal_derivation signed_key = SIGNED;
    struct seal_platform bare = platform;
    struct seal_derivation key;

    bare.author_key = FALSE;
    ck_assert(!seal_derivation_now(&bare, SEAL_BIND_SIGNER, &key, NULL));
    ck_assert(!seal_clamp(&signed_key, &bare, NULL));
    ck_assert(seal_derivation_now(&bare, SEAL_BIND_MEASUREMENT, &key, NULL));
}
END_TEST

START_TEST(plain_sev_has_no_fields)
{
    const struct seal_platform sev = { .source = SEAL_SOURCE_SEV };
    struct seal_derivation key;

    ck_assert(seal_derivation_now(&sev, SEAL_BIND_MEASUREMENT, &key, NULL));
    ck_assert(seal_clamp(&key, &sev, NULL));
    key.tcb = 1;
    ck_assert(!seal_clamp(&key, &sev, NULL));
    ck_assert(!seal_clamp(&cases[0].key, &sev, NULL));
}
END_TEST

Suite *
clamp_suite(void)
{
    Suite *suite = suite_create("clamp");
    TCase *tc = tcase_create("clamp");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, before_any_key_is_asked, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, what_is_sealed_now_may_be_asked_for);
    tcase_add_test(tc, signer_wants_an_author_key);
    tcase_add_test(tc, plain_sev_has_no_fields);
    suite_add_tcase(suite, tc);
    return suite;
}
