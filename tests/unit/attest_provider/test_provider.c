/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_provider - specifications of platforms.
 */
#include "base/error.h"
#include "cocotransport/attest/provider.h"
#include "suites.h"

#include <string.h>

static const struct {
    const char *spec;
    CocoError code;
    const char *word;                /* of the message */
} bad_specs[] = {
    { "nonsense", COCO_ERROR_MALFORMED, "nonsense" },
    { "emulator", COCO_ERROR_MALFORMED, "emulator" },
    { "emulator:/nowhere/at/all", COCO_ERROR_SYSTEM, "/nowhere/at/all" },
    { "sev-guest:/nowhere/at/all", COCO_ERROR_SYSTEM, "/nowhere/at/all" },
    { "", COCO_ERROR_MALFORMED, "not known" },
};

START_TEST(bad_specifications_are_named)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(provider_open(bad_specs[_i].spec, &error));
    ck_assert(error != NULL && g_error_matches(error, COCO_ERROR, (gint)bad_specs[_i].code));
    ck_assert_msg(strstr(error->message, bad_specs[_i].word) != NULL, "%s", error->message);
}
END_TEST

Suite *provider_suite(void);

Suite *
provider_suite(void)
{
    Suite *s = suite_create("provider");
    TCase *t = tcase_create("provider");

    tcase_add_loop_test(t, bad_specifications_are_named, 0, G_N_ELEMENTS(bad_specs));
    suite_add_tcase(s, t);
    return s;
}
