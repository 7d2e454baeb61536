/* SPDX-License-Identifier: BSD-3-Clause */
/* test_provision - what swtpm_setup hands over, there and back; and the body by the same form. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/seal/body.h"
#include "cocotransport/seal/provision.h"
#include "suites.h"

Suite *provision_suite(void);

static struct provision
whole(void)
{
    return (struct provision){
        .action = PROVISION_MAKE,
        .uuid = { 1, 2, 3 },
        .lineage = { 9 },
        .policy = g_bytes_new_static("policy", 6),
        .chain = g_bytes_new_static("chain", 5),
        .psk = secret_copy("0123456789abcdef0123456789abcdef", 32),
        .owner = secret_copy("owner-secret-owner-secret-owner-", 32),
        .recovery = secret_copy("recovery-recovery-recovery-recov", 32),
        .witness_key = secret_copy("key", 3),
        .witness_certificate = g_bytes_new_static("certificate", 11),
        .owner_key = g_bytes_new_static("owner's key", 11),
        .signature = g_bytes_new_static("signature", 9),
        .new_owner = secret_copy("another-secret-another-secret-an", 32),
    };
}

START_TEST(there_and_back)
{
    g_auto(provision_t) p = whole();
    g_auto(provision_t) again = { 0 };
    g_autoptr(Secret) wire = provision_write(&p, NULL);

    ck_assert(provision_parse(wire, &again, NULL));
    ck_assert_int_eq(again.action, PROVISION_MAKE);
    ck_assert_mem_eq(again.uuid, p.uuid, 16);
    ck_assert_mem_eq(again.lineage, p.lineage, 16);
    ck_assert(g_bytes_equal(again.policy, p.policy));
    ck_assert(g_bytes_equal(again.chain, p.chain));
    ck_assert(secret_equal(again.psk, p.psk));
    ck_assert(secret_equal(again.owner, p.owner));
    ck_assert(secret_equal(again.recovery, p.recovery));
    ck_assert(secret_equal(again.witness_key, p.witness_key));
    ck_assert(g_bytes_equal(again.witness_certificate, p.witness_certificate));
    ck_assert(g_bytes_equal(again.owner_key, p.owner_key));
    ck_assert(g_bytes_equal(again.signature, p.signature));
    ck_assert(secret_equal(again.new_owner, p.new_owner));
}
END_TEST

/* Every cut at the end of an element leaves something well-formed; every other one does not. */
START_TEST(cut_anywhere_is_refused_or_less)
{
    g_auto(provision_t) p = whole();
    g_autoptr(Secret) wire = provision_write(&p, NULL);
    guint good = 0;

    for (size_t len = 1; len < secret_len(wire); len++) {
        g_autoptr(Secret) cut = secret_copy(secret_peek(wire), len);
        g_auto(provision_t) again = { 0 };
        g_autoptr(GError) error = NULL;

        if (provision_parse(cut, &again, &error)) {
            good++;
            ck_assert_ptr_null(again.new_owner);
        } else {
            ck_assert_ptr_nonnull(error);
            ck_assert_ptr_null(again.policy);
        }
    }
    ck_assert_uint_eq(good, 9);
}
END_TEST

static const struct {
    size_t at;
    size_t least;
    size_t most;
} secrets[] = {
    { offsetof(struct provision, psk), 32, 64 },
    { offsetof(struct provision, owner), 32, 64 },
    { offsetof(struct provision, recovery), 32, 32 },
    { offsetof(struct provision, new_owner), 32, 64 },
};

/* Whether secret @i is taken when it is @len times @byte. */
static gboolean
is_taken(int i, size_t len, guint8 byte)
{
    g_auto(provision_t) p = whole();
    g_auto(provision_t) again = { 0 };
    g_autoptr(Secret) wire = NULL;
    Secret **secret = (Secret **)(void *)((guint8 *)&p + secrets[i].at);

    g_clear_pointer(secret, secret_free);
    *secret = secret_new(len);
    memset(secret_bytes(*secret), byte, len);
    wire = provision_write(&p, NULL);

    return provision_parse(wire, &again, NULL);
}

START_TEST(secrets_of_other_sizes_or_zeroes_are_refused)
{
    const size_t least = secrets[_i].least, most = secrets[_i].most;

    ck_assert(is_taken(_i, least, 1));
    ck_assert(is_taken(_i, most, 1));
    ck_assert(!is_taken(_i, least - 1, 1));
    ck_assert(!is_taken(_i, most + 1, 1));
    ck_assert(!is_taken(_i, least, 0));
}
END_TEST

static const struct {
    const char *what;
    const char *hex;
} bad[] = {
    { "no UUID", "0001 00000001 04" },
    { "no action", "0002 00000010 00000000000000000000000000000000" },
    { "action 0", "0001 00000001 00 0002 00000010 00000000000000000000000000000000" },
    { "RENEW without policy", "0001 00000001 06 0002 00000010 00000000000000000000000000000000" },
    { "an action after the last",
      "0001 00000001 07 0002 00000010 00000000000000000000000000000000" },
    { "an unknown action", "0001 00000001 09 0002 00000010 00000000000000000000000000000000" },
    { "MAKE without lineage and policy",
      "0001 00000001 01 0002 00000010 00000000000000000000000000000000" },
    { "MAKE without lineage",
      "0001 00000001 01 0002 00000010 00000000000000000000000000000000 0004 00000001 70" },
    { "MAKE without policy", "0001 00000001 01 0002 00000010 00000000000000000000000000000000 "
      "0003 00000010 00000000000000000000000000000000" },
    { "CHANGE_POLICY without policy",
      "0001 00000001 03 0002 00000010 00000000000000000000000000000000" },
    { "RECOVER without its secret",
      "0001 00000001 02 0002 00000010 00000000000000000000000000000000" },
    { "an unknown element",
      "0001 00000001 04 0002 00000010 00000000000000000000000000000000 0063 00000001 00" },
    { "an element twice", "0001 00000001 04 0001 00000001 04" },
    { "a short UUID", "0001 00000001 04 0002 0000000f 000000000000000000000000000000" },
    { "a length beyond the end", "0001 00000001 04 0002 ffffffff 00" },
};

START_TEST(malformed_is_refused)
{
    g_autoptr(GBytes) bytes = test_bytes(bad[_i].hex);
    g_autoptr(Secret) wire = secret_copy(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(provision_t) p = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert_msg(!provision_parse(wire, &p, &error), "%s", bad[_i].what);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
}
END_TEST

START_TEST(a_body_comes_back)
{
    struct attach_entry birth = { .kind = ATTACH_BIRTH, .generation = 1 };
    g_auto(sealed_body_t) body = {
        .policy = g_bytes_new_static("policy", 6),
        .log = attach_log_new(),
        .tpm = secret_copy("tpm", 3),
    };
    g_auto(sealed_body_t) again = { 0 };
    g_autoptr(Secret) plain = NULL;
    const size_t tpm_element = 6 + 3;    /* the last one, which may be missing */

    g_array_append_val(body.log, birth);
    plain = body_write(&body, NULL, NULL);
    ck_assert(body_parse(plain, &again, NULL));
    ck_assert(g_bytes_equal(again.policy, body.policy));
    ck_assert(secret_equal(again.tpm, body.tpm));
    ck_assert_ptr_null(again.psk);
    ck_assert_ptr_null(again.recovery);
    ck_assert_uint_eq(again.log->len, 1);
    for (size_t len = 1; len < secret_len(plain) - tpm_element; len++) {
        g_autoptr(Secret) cut = secret_copy(secret_peek(plain), len);
        g_auto(sealed_body_t) less = { 0 };

        ck_assert(!body_parse(cut, &less, NULL));
    }
}
END_TEST

Suite *
provision_suite(void)
{
    Suite *suite = suite_create("provision");
    TCase *tc = tcase_create("provision");

    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, there_and_back);
    tcase_add_test(tc, cut_anywhere_is_refused_or_less);
    tcase_add_loop_test(tc, secrets_of_other_sizes_or_zeroes_are_refused, 0, G_N_ELEMENTS(secrets));
    tcase_add_loop_test(tc, malformed_is_refused, 0, G_N_ELEMENTS(bad));
    tcase_add_test(tc, a_body_comes_back);
    suite_add_tcase(suite, tc);
    return suite;
}
