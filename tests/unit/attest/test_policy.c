/* SPDX-License-Identifier: BSD-3-Clause */
/* test_policy - what a policy may say, what it means, and what is refused. */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/verify.h"
#include "suites.h"

Suite *policy_suite(void);

#define H48 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
#define G48 "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define H16 "000102030405060708090a0b0c0d0e0f"

static struct policy *
parse(const char *text, enum policy_kind kind, GError **error)
{
    return policy_parse(text, strlen(text), kind, error);
}

START_TEST(defaults_are_strict)
{
    g_autoptr(policy_t) p = parse("[cocovm]\nmeasurement = " H48 "\n", POLICY_INSTANCE, NULL);

    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(p->roots->len, 2);
    ck_assert_str_eq(((struct policy_root *)g_ptr_array_index(p->roots, 0))->name, "amd-genoa");
    ck_assert_str_eq(((struct policy_root *)g_ptr_array_index(p->roots, 1))->name, "amd-turin");
    ck_assert(p->psk == POLICY_PSK_SECRET && p->psk_pin == POLICY_PIN_MEASUREMENT);
    ck_assert(p->peer.same_chip && p->peer.vmpl == 0 && !p->peer.takeover);
    ck_assert(!p->peer.burns_evidence && !p->peer.keep_evidence && p->peer.localities == 1);
    ck_assert(p->peer.policy_forbid == (SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA));
    ck_assert(p->freshness == POLICY_FRESHNESS_RECEIPT && p->bind == POLICY_BIND_MEASUREMENT);
}
END_TEST

START_TEST(every_key_is_read)
{
    static const char text[] =
        "# an instance\n"
        "[trust]\nroots = amd-milan; file:/ca/ark.pem sha256:" H32 "; intel-tdx\n"
        "[cocovm]\nmeasurement = " H48 "; " G48 "\nauthor-key-digest = " H48 "\n"
        "family-id = " H16 "\nimage-id = " H16 "\nmin-svn = 4\nsame-chip = no\n"
        "chip-id = 0011223344556677\nhost-data = " H32 "\nvmpl = 2\n"
        "min-tcb-genoa = bootloader:9 tee:1 snp:22 microcode:81\n"
        "min-tcb-turin = fmc:1 bootloader:2\n"
        "platform-require = alias-check; ecc\npolicy-forbid = debug\nlocalities = 0; 3\n"
        "takeover = yes\nburns-evidence = yes\n"
        "[link]\npsk = bootstrap\npsk-pin = signer\n"
        "[seal]\nbind = signer\nowner-secret = required\nrecovery-key = " H32 "\n"
        "tcb-floor-genoa = snp:3\nsvn-floor = 2\n"
        "[freshness]\nkind = witness\nwitness = https://w.example\nwitness-key = pin\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(policy_t) p = parse(text, POLICY_INSTANCE, &error);
    const struct policy_root *root;

    ck_assert_msg(p != NULL, "%s", error ? error->message : "");
    ck_assert_uint_eq(p->roots->len, 3);
    root = g_ptr_array_index(p->roots, 1);
    ck_assert_str_eq(root->name, "/ca/ark.pem");
    ck_assert(root->kind == POLICY_ROOT_FILE && root->spki_sha256[31] == 0x1f);
    ck_assert_uint_eq(p->peer.measurements->len, 2);
    ck_assert_uint_eq(p->peer.min_svn, 4);
    ck_assert(!p->peer.same_chip && p->peer.vmpl == 2 && p->peer.host_data_given);
    ck_assert_uint_eq(g_bytes_get_size(g_ptr_array_index(p->peer.chip_ids, 0)), 64);
    ck_assert(p->peer.min_tcb_given[SNP_PRODUCT_GENOA] && !p->peer.min_tcb_given[SNP_PRODUCT_MILAN]);
    ck_assert_uint_eq(p->peer.min_tcb[SNP_PRODUCT_GENOA].microcode, 81);
    ck_assert_uint_eq(p->peer.min_tcb[SNP_PRODUCT_TURIN].fmc, 1);
    ck_assert(p->peer.platform_require == 0x24 && p->peer.policy_forbid == SNP_POLICY_DEBUG);
    ck_assert(p->peer.localities == 9 && p->peer.takeover && p->peer.burns_evidence);
    ck_assert(p->psk == POLICY_PSK_BOOTSTRAP && p->psk_pin == POLICY_PIN_SIGNER);
    ck_assert(p->bind == POLICY_BIND_SIGNER && p->owner_secret && p->recovery_key_given);
    ck_assert(p->tcb_floor_given[SNP_PRODUCT_GENOA] && p->svn_floor == 2);
    ck_assert(p->freshness == POLICY_FRESHNESS_WITNESS);
    ck_assert_str_eq(p->witness, "https://w.example");
}
END_TEST

static const struct {
    const char *what;
    enum policy_kind kind;
    const char *text;
} bad_policies[] = {
    { "an unknown key", POLICY_INSTANCE, "[cocovm]\nmeasurment = " H48 "\n" },
    { "an unknown group", POLICY_INSTANCE, "[cocotpm]\nmeasurement = " H48 "\n" },
    { "a short measurement", POLICY_INSTANCE, "[cocovm]\nmeasurement = 00\n" },
    { "no hex", POLICY_INSTANCE, "[cocovm]\nhost-data = zz" H16 H16 "\n" },
    { "an empty item", POLICY_INSTANCE, "[cocovm]\nmeasurement = " H48 ";;" G48 "\n" },
    { "an unknown root", POLICY_INSTANCE, "[trust]\nroots = amd-naples\n" },
    { "a root by file without a digest", POLICY_INSTANCE, "[trust]\nroots = file:/ark.pem\n" },
    { "a locality that nobody has", POLICY_INSTANCE, "[cocovm]\nlocalities = 4\n" },
    { "a VMPL out of range", POLICY_INSTANCE, "[cocovm]\nvmpl = 4\n" },
    { "an unknown TCB part", POLICY_INSTANCE, "[cocovm]\nmin-tcb-genoa = fmc:1\n" },
    { "a TCB part twice", POLICY_INSTANCE, "[cocovm]\nmin-tcb-genoa = snp:1 snp:2\n" },
    { "a TCB part too large", POLICY_INSTANCE, "[cocovm]\nmin-tcb-genoa = snp:256\n" },
    { "an unknown bit", POLICY_INSTANCE, "[cocovm]\nplatform-require = unicorns\n" },
    { "an unknown psk", POLICY_INSTANCE, "[link]\npsk = none\n" },
    { "a witness without its place", POLICY_INSTANCE, "[freshness]\nkind = witness\n" },
    { "a witness without its kind", POLICY_INSTANCE, "[freshness]\nwitness = https://w\n" },
    { "a family without an author", POLICY_INSTANCE, "[cocovm]\nfamily-id = " H16 "\n" },
    { "a signer pin without image id", POLICY_INSTANCE,
      "[cocovm]\nauthor-key-digest = " H48 "\nfamily-id = " H16 "\n[link]\npsk-pin = signer\n" },
    { "burns and keeps", POLICY_INSTANCE,
      "[cocovm]\nburns-evidence = yes\nkeep-evidence = yes\n" },
    { "a driver without policy-digest", POLICY_DRIVER, "[cocotpm]\nmeasurement = " H48 "\n" },
    { "a driver with [seal]", POLICY_DRIVER,
      "[cocotpm]\npolicy-digest = " H32 "\n[seal]\nbind = signer\n" },
    { "a driver with an odd EK name", POLICY_DRIVER,
      "[cocotpm]\npolicy-digest = " H32 "\nek-name = 00\n" },
};

START_TEST(a_bad_policy_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(policy_t) p = parse(bad_policies[_i].text, bad_policies[_i].kind, &error);

    ck_assert_msg(p == NULL, "%s", bad_policies[_i].what);
    ck_assert_ptr_nonnull(error);
}
END_TEST

START_TEST(references_meet)
{
    g_autoptr(policy_t) p = parse("[cocovm]\nmeasurement = " G48 "; " H48 "\n", POLICY_INSTANCE,
                                  NULL);
    g_autoptr(GPtrArray) list = references_of_policy(p, NULL);
    struct snp_report r = { .version = 3 };
    guint8 own[32];

    ck_assert_uint_eq(list->len, 2);
    for (guint8 i = 0; i < 48; i++)
        r.measurement[i] = i;
    ck_assert(reference_of_report(&r, POLICY_PIN_MEASUREMENT, own, NULL));
    ck_assert_mem_eq(own, g_bytes_get_data(g_ptr_array_index(list, 1), NULL), 32);
    ck_assert_mem_ne(own, g_bytes_get_data(g_ptr_array_index(list, 0), NULL), 32);
    /* Nobody signed this launch. */
    ck_assert(!reference_of_report(&r, POLICY_PIN_SIGNER, own, NULL));
}
END_TEST

/* A client tries them one by one: the newest, which stand first, and no more than eight. */
START_TEST(references_are_few)
{
    for (guint count = 8; count <= 9; count++) {
        g_autoptr(GString) text = g_string_new("[cocovm]\nmeasurement = ");
        g_autoptr(policy_t) p = NULL;
        g_autoptr(GPtrArray) list = NULL;
        struct snp_report r = { .version = 3 };
        guint8 last[32];

        for (guint i = 0; i < count; i++) {
            g_autofree char *digits = g_strnfill(95, '0');

            g_string_append_printf(text, "%s%s%u", i > 0 ? "; " : "", digits, i);
        }
        g_string_append(text, "\n");
        p = parse(text->str, POLICY_INSTANCE, NULL);
        ck_assert_ptr_nonnull(p);
        list = references_of_policy(p, NULL);
        ck_assert_uint_eq(list->len, 8);
        r.measurement[47] = 7;
        ck_assert(reference_of_report(&r, POLICY_PIN_MEASUREMENT, last, NULL));
        ck_assert_mem_eq(last, g_bytes_get_data(g_ptr_array_index(list, 7), NULL), 32);
    }
}
END_TEST

START_TEST(a_policy_of_nobody_has_no_reference)
{
    g_autoptr(policy_t) p = parse("[cocovm]\nvmpl = 0\n", POLICY_INSTANCE, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_null(references_of_policy(p, &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

Suite *
policy_suite(void)
{
    Suite *s = suite_create("policy");
    TCase *c = tcase_create("policy");

    tcase_add_test(c, defaults_are_strict);
    tcase_add_test(c, every_key_is_read);
    tcase_add_loop_test(c, a_bad_policy_is_refused, 0, (int)G_N_ELEMENTS(bad_policies));
    tcase_add_test(c, references_meet);
    tcase_add_test(c, references_are_few);
    tcase_add_test(c, a_policy_of_nobody_has_no_reference);
    suite_add_tcase(s, c);
    return s;
}
