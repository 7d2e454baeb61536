/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_launch - LAUNCH_START, _UPDATE and _FINISH: the digest by the formula of
 * the specification, ID blocks made elsewhere, and what is refused with what.
 */
#include "config.h"

#include "fixture.h"
#include "snpemu/firmware.h"

#include <gnutls/crypto.h>
#include <string.h>

#define VIRTEE_POLICY_AT 88
#define SIGNATURE_AT 0x40
#define AUTHOR_SIGNATURE_AT 0x680

static const struct {
    const char *what;
    guint64 policy;
    enum fw_status status;
} starts[] = {
    { "the usual", 0x30000, FW_OK },
    { "the newest ABI there is", 0x30137, FW_OK },
    { "a newer ABI", 0x30138, FW_POLICY_FAILURE },
    { "a newer major ABI", 0x30200, FW_POLICY_FAILURE },
    { "bit 17 clear", 0x10000, FW_POLICY_FAILURE },
    { "a reserved bit", 0x4030000, FW_POLICY_FAILURE },
};

START_TEST(a_policy_is_checked_at_the_start)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = NULL;

    ck_assert_msg(launch_start(chip, starts[_i].policy, &l) == starts[_i].status, "%s",
                  starts[_i].what);
    ck_assert_int_eq(l != NULL, starts[_i].status == FW_OK);
}
END_TEST

/* PAGE_INFO by hand: digest, contents, length 0x70, type, five zero bytes, address. */
START_TEST(the_digest_is_the_specifications)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = NULL;
    guint8 page[GUEST_PAGE], info[0x70] = { 0 }, wanted[48];

    memset(page, 0xa5, sizeof(page));
    ck_assert_int_eq(launch_start(chip, POLICY_DEFAULT, &l), FW_OK);
    ck_assert_int_eq(launch_update(l, PAGE_NORMAL, 0x0000123456789000, page), FW_OK);
    gnutls_hash_fast(GNUTLS_DIG_SHA384, page, sizeof(page), info + 48);
    info[96] = 0x70;
    info[98] = PAGE_NORMAL;
    memcpy(info + 104, "\x00\x90\x78\x56\x34\x12\x00\x00", 8);
    gnutls_hash_fast(GNUTLS_DIG_SHA384, info, sizeof(info), wanted);
    ck_assert_mem_eq(l->measurement, wanted, sizeof(wanted));
    /* Pages without contents count by their kind and place. */
    ck_assert_int_eq(launch_update(l, PAGE_SECRETS, 0x1000, NULL), FW_OK);
    memset(info, 0, sizeof(info));
    memcpy(info, wanted, sizeof(wanted));
    info[96] = 0x70;
    info[98] = PAGE_SECRETS;
    info[105] = 0x10;
    gnutls_hash_fast(GNUTLS_DIG_SHA384, info, sizeof(info), wanted);
    ck_assert_mem_eq(l->measurement, wanted, sizeof(wanted));
}
END_TEST

START_TEST(commands_come_in_their_order)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = NULL;
    const struct launch_finish plain = { .host_data = NULL };
    const struct launch_finish author = { .author_key_en = TRUE };
    guint8 page[GUEST_PAGE] = { 0 }, answer[GUEST_PAGE];

    ck_assert_int_eq(launch_start(chip, POLICY_DEFAULT, &l), FW_OK);
    ck_assert_int_eq(launch_update(l, PAGE_NORMAL, 0, NULL), FW_INVALID_PARAM);
    ck_assert_int_eq(launch_update(l, PAGE_CPUID + 1, 0, page), FW_INVALID_PARAM);
    ck_assert_int_eq(firmware_guest_request(chip, l, page, answer), FW_INVALID_GUEST_STATE);
    ck_assert_int_eq(launch_finish(l, &author), FW_INVALID_PARAM);
    ck_assert_int_eq(launch_finish(l, &plain), FW_OK);
    ck_assert_int_eq(launch_finish(l, &plain), FW_INVALID_GUEST_STATE);
    ck_assert_int_eq(launch_update(l, PAGE_NORMAL, 0, page), FW_INVALID_GUEST_STATE);
    ck_assert_int_eq(firmware_guest_request(chip, l, page, answer), FW_INVALID_PARAM);
}
END_TEST

/* NULL where the vectors are missing. */
static GBytes *
vector(const char *name)
{
    g_autofree char *path = test_vector_path(name);
    char *data;
    gsize len;

    if (path == NULL)
        return NULL;
    ck_assert_msg(g_file_get_contents(path, &data, &len, NULL), "%s", path);
    return g_bytes_new_take(data, len);
}

static GBytes *
changed(GBytes *from, gsize at)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(from, &len);
    guint8 *copy = g_memdup2(data, len);

    copy[at] ^= 1;
    return g_bytes_new_take(copy, len);
}

/* A launch that is what @block says. */
static struct launch *
launch_of_block(struct chip *chip, GBytes *block)
{
    const guint8 *data = g_bytes_get_data(block, NULL);
    guint64 policy = 0;
    struct launch *l = NULL;

    for (int i = 7; i >= 0; i--)
        policy = policy << 8 | data[VIRTEE_POLICY_AT + i];
    ck_assert_int_eq(launch_start(chip, policy, &l), FW_OK);
    memcpy(l->measurement, data, sizeof(l->measurement));
    return l;
}

static enum fw_status
finish_with(struct chip *chip, GBytes *launched, GBytes *block, GBytes *auth)
{
    g_autoptr(launch_t) l = launch_of_block(chip, launched);
    const struct launch_finish finish = { .id_block = block, .id_auth = auth, .author_key_en = TRUE };

    return launch_finish(l, &finish);
}

/* Signed by another tool than ours: what we call a signature is what the world calls one. */
START_TEST(an_id_block_of_elsewhere_is_taken)
{
    g_autoptr(chip_t) chip = fixture_chip("milan", 2);
    g_autoptr(GBytes) block = vector("idblock/virtee_id_block.bin");
    g_autoptr(GBytes) auth = vector("idblock/virtee_test_auth_block.bin");
    const gsize ours[] = { 0, 48, 64, 84 };      /* measurement, family, image, SVN */

    if (block == NULL || auth == NULL)
        return;
    ck_assert_int_eq(finish_with(chip, block, block, auth), FW_OK);
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
        g_autoptr(GBytes) other = changed(block, ours[i]);

        ck_assert_int_eq(finish_with(chip, other, other, auth), FW_BAD_SIGNATURE);
    }
    {
        g_autoptr(GBytes) measured = changed(block, 0);
        g_autoptr(GBytes) policy = changed(block, VIRTEE_POLICY_AT);
        g_autoptr(GBytes) version = changed(block, 80);
        g_autoptr(GBytes) signature = changed(auth, SIGNATURE_AT);
        g_autoptr(GBytes) author = changed(auth, AUTHOR_SIGNATURE_AT);
        g_autoptr(GBytes) algorithm = changed(auth, 0);

        ck_assert_int_eq(finish_with(chip, measured, block, auth), FW_BAD_MEASUREMENT);
        ck_assert_int_eq(finish_with(chip, policy, block, auth), FW_POLICY_FAILURE);
        ck_assert_int_eq(finish_with(chip, block, version, auth), FW_INVALID_PARAM);
        ck_assert_int_eq(finish_with(chip, block, block, signature), FW_BAD_SIGNATURE);
        ck_assert_int_eq(finish_with(chip, block, block, author), FW_BAD_SIGNATURE);
        ck_assert_int_eq(finish_with(chip, block, block, algorithm), FW_INVALID_PARAM);
        ck_assert_int_eq(finish_with(chip, block, block, NULL), FW_INVALID_PARAM);
    }
}
END_TEST

START_TEST(a_vlek_ends_with_its_tcb)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    struct snp_tcb lower = chip->reported;

    lower.microcode--;
    ck_assert_int_eq(chip_vlek_load(chip, "CN=test", chip->reported, NULL), FW_OK);
    ck_assert_int_eq(chip_configure(chip, chip->reported, TRUE, FALSE, NULL), FW_OK);
    ck_assert_ptr_nonnull(chip->vlek);
    /* It was wrapped for one TCB; with another reported there is no key for it. */
    ck_assert_int_eq(chip_configure(chip, lower, FALSE, FALSE, NULL), FW_OK);
    ck_assert_ptr_null(chip->vlek);
    ck_assert_int_eq(chip_vlek_load(chip, "CN=test", lower, NULL), FW_OK);
}
END_TEST

Suite *launch_suite(void);

Suite *
launch_suite(void)
{
    Suite *suite = suite_create("launch");
    TCase *t = tcase_create("launch");

    tcase_set_timeout(t, FIXTURE_TIMEOUT);
    tcase_add_unchecked_fixture(t, fixture_setup, NULL);
    tcase_add_loop_test(t, a_policy_is_checked_at_the_start, 0, G_N_ELEMENTS(starts));
    tcase_add_test(t, the_digest_is_the_specifications);
    tcase_add_test(t, commands_come_in_their_order);
    tcase_add_test(t, an_id_block_of_elsewhere_is_taken);
    tcase_add_test(t, a_vlek_ends_with_its_tcb);
    suite_add_tcase(suite, t);
    return suite;
}
