/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_provider - specifications of platforms.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/attest/provider_ops.h"
#include "suites.h"

#include <string.h>

static const struct {
    const char *spec;
    CocoError code;
    const char *word;                /* of the message */
} bad_specs[] = {
    { "nonsense", COCO_ERROR_MALFORMED, "nonsense" },
#ifdef SNP_EMULATOR
    { "emulator", COCO_ERROR_MALFORMED, "emulator" },
    { "emulator:/nowhere/at/all", COCO_ERROR_SYSTEM, "/nowhere/at/all" },
    { "sev-guest:/nowhere/at/all", COCO_ERROR_SYSTEM, "/nowhere/at/all" },
    { "tsm:/nowhere/at/all", COCO_ERROR_SYSTEM, "/nowhere/at/all" },
    { "sev:/nowhere/at/all", COCO_ERROR_SYSTEM, "/nowhere/at/all" },
#else
    { "emulator:/nowhere", COCO_ERROR_MALFORMED, "not known" },
    { "sev-guest:/nowhere", COCO_ERROR_DENIED, "no argument" },
    { "tsm:/nowhere", COCO_ERROR_DENIED, "no argument" },
#endif
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

/* A folder with a launch secret of @len bytes. */
static char *
secret_folder(guint8 fill, size_t len)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "3f6f5b8e-7d0a-4a59-9c1c-0b6a5d2f64c1", NULL);
    g_autofree guint8 *bytes = g_malloc0(len);

    memset(bytes, fill, len);
    ck_assert(io_write_file(path, bytes, len, 0400, NULL));
    return folder;
}

/* RTMR[3] of sysfs stands in a plain file here: what is written to it is what it then holds. */
START_TEST(a_tdx_launch_is_burnt_by_its_register)
{
    g_autofree char *folder = test_folder_new();
    g_autofree char *rtmr = g_build_filename(folder, "rtmr3:sha384", NULL);
    const guint8 zero[48] = { 0 }, data[64] = { 0 };
    g_autoptr(Provider) tsm = provider_tsm_new(folder, rtmr);
    g_autoptr(Provider) second = provider_tsm_new(folder, rtmr);
    g_auto(evidence_t) e = { { NULL } };
    g_autoptr(GError) error = NULL;

    ck_assert(io_write_file(rtmr, zero, sizeof(zero), 0600, NULL));
    ck_assert(provider_burn(tsm, NULL));
    ck_assert(!provider_evidence(tsm, data, &e, &error));
    ck_assert_msg(strstr(error->message, "burnt") != NULL, "%s", error->message);
    g_clear_error(&error);
    /* A register that does not change was not extended, whatever write(2) said. */
    ck_assert(!provider_burn(second, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert_msg(strstr(error->message, "did not change") != NULL, "%s", error->message);
}
END_TEST

START_TEST(a_launch_secret_gives_keys_until_it_is_wiped)
{
    const struct derive_request request = { .guest_field_select = 0x2b };
    struct derive_request other = request;
    char *folder = secret_folder(0x5a, 32);
    g_autoptr(Provider) p = provider_sev_new(folder);
    g_autoptr(Secret) key = provider_derive_key(p, &request, NULL);
    g_autoptr(Secret) again = provider_derive_key(p, &request, NULL);
    g_autoptr(Secret) second = NULL;
    g_auto(evidence_t) e = { 0 };
    const guint8 data[64] = { 0 };
    g_autoptr(GError) error = NULL;

    other.vmpl = 1;
    second = provider_derive_key(p, &other, NULL);
    ck_assert(key != NULL && again != NULL && second != NULL);
    ck_assert(secret_equal(key, again));
    ck_assert(!secret_equal(key, second));
    ck_assert(!provider_evidence(p, data, &e, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    g_clear_error(&error);
    ck_assert(provider_burn(p, NULL));
    ck_assert_ptr_null(provider_derive_key(p, &request, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "wiped"));
    test_folder_remove(folder);
}
END_TEST

static const struct {
    guint8 fill;
    size_t len;
} bad_secrets[] = { { 0, 32 }, { 1, 31 }, { 1, 5000 } };

START_TEST(weak_launch_secrets_are_refused)
{
    const struct derive_request request = { .guest_field_select = 0x2b };
    char *folder = secret_folder(bad_secrets[_i].fill, bad_secrets[_i].len);
    g_autoptr(Provider) p = provider_sev_new(folder);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(provider_derive_key(p, &request, &error));
    ck_assert_ptr_nonnull(error);
    test_folder_remove(folder);
}
END_TEST

Suite *provider_suite(void);

Suite *
provider_suite(void)
{
    Suite *s = suite_create("provider");
    TCase *t = tcase_create("provider");

    tcase_add_loop_test(t, bad_specifications_are_named, 0, G_N_ELEMENTS(bad_specs));
    tcase_add_test(t, a_tdx_launch_is_burnt_by_its_register);
    tcase_add_test(t, a_launch_secret_gives_keys_until_it_is_wiped);
    tcase_add_loop_test(t, weak_launch_secrets_are_refused, 0, G_N_ELEMENTS(bad_secrets));
    suite_add_tcase(s, t);
    return s;
}
