/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_derive - MSG_KEY_REQ: each input that enters the key changes it when it
 * alone is changed, what does not enter does not, and every rule of refusal.
 */
#include "fixture.h"
#include "snpemu/derive.h"

#include <string.h>

#define STRICT (FIELD_POLICY | FIELD_IMAGE_ID | FIELD_MEASUREMENT | FIELD_TCB_VERSION)

struct scene {
    struct chip *chip;
    struct launch *launch;
    struct key_request request;
};

static struct scene
scene_new(void)
{
    struct scene s = { .chip = fixture_chip("genoa", 3) };

    s.launch = fixture_launch(s.chip, 0x11);
    s.request = (struct key_request){
        .version = 1, .root_select = KEY_VCEK << 1, .field_select = STRICT,
        .tcb_version = snp_tcb_join(s.chip->committed, s.chip->product),
    };
    return s;
}

static void
scene_clear(struct scene *s)
{
    launch_free(s->launch);
    chip_free(s->chip);
}

static Secret *
key_of(const struct scene *s)
{
    Secret *key = NULL;

    ck_assert_int_eq(derive_key(s->chip, s->launch, &s->request, &key), FW_OK);
    ck_assert_uint_eq(secret_len(key), DERIVED_KEY_SIZE);
    ck_assert(!secret_is_zero(key));
    return key;
}

static void change_nothing(struct scene *s) { (void)s; }
static void change_measurement(struct scene *s) { s->launch->measurement[0] ^= 1; }
static void change_measurement_31(struct scene *s) { s->launch->measurement[31] ^= 1; }
static void change_measurement_32(struct scene *s) { s->launch->measurement[32] ^= 1; }
static void change_policy(struct scene *s) { s->launch->policy ^= 1 << 16; }
static void change_image(struct scene *s) { s->launch->image_id[15] ^= 1; }
static void change_family(struct scene *s) { s->launch->family_id[0] ^= 1; }
static void change_host_data(struct scene *s) { s->launch->host_data[31] ^= 1; }
static void change_vmpl(struct scene *s) { s->request.vmpl = 1; }
static void change_select(struct scene *s) { s->request.field_select |= FIELD_FAMILY_ID; }
static void change_tcb(struct scene *s) { s->request.tcb_version -= G_GUINT64_CONSTANT(1) << 56; }
static void change_seed(struct scene *s) { secret_bytes(s->chip->seed)[0] ^= 1; }
static void change_svn(struct scene *s) { s->launch->guest_svn = 7; }
static void change_report_id(struct scene *s) { s->launch->report_id[0] ^= 1; }
static void change_root(struct scene *s) { s->request.root_select |= 1; }
static void change_chip_id(struct scene *s) { s->chip->chip_id[0] ^= 1; }
static void change_reported(struct scene *s) { s->chip->reported.microcode--; }

static void
change_id_key(struct scene *s)
{
    s->launch->id_key_en = TRUE;
    s->launch->id_key_digest[0] = 1;
}

static void
change_author(struct scene *s)
{
    s->launch->author_key_en = TRUE;
    s->launch->author_key_digest[0] = 1;
}

static const struct {
    const char *what;
    void (*change)(struct scene *s);
    gboolean changes;
} inputs[] = {
    { "nothing", change_nothing, FALSE },
    { "first byte of the measurement", change_measurement, TRUE },
    { "last byte of the measurement that enters", change_measurement_31, TRUE },
    { "first byte of the measurement that does not", change_measurement_32, FALSE },
    { "policy", change_policy, TRUE },
    { "image id", change_image, TRUE },
    { "family id, not selected", change_family, FALSE },
    { "HOST_DATA, always", change_host_data, TRUE },
    { "VMPL, always", change_vmpl, TRUE },
    { "the selection itself", change_select, TRUE },
    { "an older TCB", change_tcb, TRUE },
    { "the chip's secret", change_seed, TRUE },
    { "the launch's SVN, not selected", change_svn, FALSE },
    { "REPORT_ID", change_report_id, FALSE },
    { "VMRK as root", change_root, TRUE },
    { "the chip's public identifier", change_chip_id, FALSE },
    { "REPORTED_TCB with a chosen TCB", change_reported, FALSE },
    { "an ID key", change_id_key, TRUE },
    { "an author key", change_author, TRUE },
};

START_TEST(each_input_alone)
{
    struct scene s = scene_new();
    g_autoptr(Secret) before = key_of(&s);
    g_autoptr(Secret) after = NULL;

    inputs[_i].change(&s);
    after = key_of(&s);
    ck_assert_msg(secret_equal(before, after) != inputs[_i].changes, "%s", inputs[_i].what);
    scene_clear(&s);
}
END_TEST

START_TEST(another_launch_of_the_same_image_has_the_same_key)
{
    struct scene s = scene_new();
    g_autoptr(Secret) before = key_of(&s);
    g_autoptr(Secret) after = NULL;

    launch_free(s.launch);
    s.launch = fixture_launch(s.chip, 0x11);
    after = key_of(&s);
    ck_assert(secret_equal(before, after));
    scene_clear(&s);
}
END_TEST

START_TEST(another_vmrk_is_another_key)
{
    struct scene s = scene_new();
    g_autoptr(Secret) before = NULL;
    g_autoptr(Secret) after = NULL;

    s.request.root_select = 1;
    before = key_of(&s);
    launch_free(s.launch);
    s.launch = fixture_launch(s.chip, 0x11);
    after = key_of(&s);
    ck_assert(!secret_equal(before, after));
    scene_clear(&s);
}
END_TEST

/* Firmware may go forward and still open what was sealed before; never the other way. */
START_TEST(older_tcbs_stay_reachable)
{
    struct scene s = scene_new();
    g_autoptr(Secret) before = key_of(&s);
    g_autoptr(Secret) after = NULL;
    g_autoptr(Secret) none = NULL;
    struct snp_tcb newer = s.chip->committed;
    const struct firmware_version version = s.chip->current_version;

    newer.microcode++;
    s.request.tcb_version = snp_tcb_join(newer, s.chip->product);
    ck_assert_int_eq(derive_key(s.chip, s.launch, &s.request, &none), FW_INVALID_PARAM);
    ck_assert_int_eq(chip_firmware(s.chip, newer, version, NULL), FW_OK);
    ck_assert_int_eq(derive_key(s.chip, s.launch, &s.request, &none), FW_INVALID_PARAM);
    s.request.tcb_version = snp_tcb_join(s.chip->committed, s.chip->product);
    ck_assert_int_eq(chip_commit(s.chip, NULL), FW_OK);
    after = key_of(&s);
    ck_assert(secret_equal(before, after));
    newer.microcode--;
    ck_assert_int_eq(chip_firmware(s.chip, newer, version, NULL), FW_BAD_SVN);
    scene_clear(&s);
}
END_TEST

START_TEST(without_the_tcb_bit_the_reported_tcb_decides)
{
    struct scene s = scene_new();
    struct snp_tcb lower = s.chip->reported;
    g_autoptr(Secret) before = NULL;
    g_autoptr(Secret) after = NULL;

    s.request.field_select = FIELD_POLICY | FIELD_MEASUREMENT;
    before = key_of(&s);
    lower.snp--;
    ck_assert_int_eq(chip_configure(s.chip, lower, FALSE, FALSE, NULL), FW_OK);
    after = key_of(&s);
    ck_assert(!secret_equal(before, after));
    lower.snp += 2;
    ck_assert_int_eq(chip_configure(s.chip, lower, FALSE, FALSE, NULL), FW_INVALID_PARAM);
    scene_clear(&s);
}
END_TEST

START_TEST(a_vlek_takes_the_place_of_an_unselected_vcek)
{
    struct scene s = scene_new();
    g_autoptr(Secret) vcek = NULL;
    g_autoptr(Secret) any = NULL;
    g_autoptr(Secret) loaded = NULL;
    g_autoptr(Secret) named = NULL;
    struct snp_tcb other = s.chip->reported;

    vcek = key_of(&s);
    s.request.root_select = KEY_ANY << 1;
    any = key_of(&s);
    ck_assert(secret_equal(vcek, any));
    other.tee++;
    ck_assert_int_eq(chip_vlek_load(s.chip, "CN=test", other, NULL), FW_BAD_SVN);
    ck_assert_int_eq(chip_vlek_load(s.chip, "CN=test", s.chip->reported, NULL), FW_OK);
    loaded = key_of(&s);
    ck_assert(!secret_equal(vcek, loaded));
    s.request.root_select = KEY_VCEK << 1;
    named = key_of(&s);
    ck_assert(secret_equal(vcek, named));
    scene_clear(&s);
}
END_TEST

static void bad_reserved(struct scene *s) { s->request.reserved = 1; }
static void bad_root_bits(struct scene *s) { s->request.root_select |= 8; }
static void bad_select_bit(struct scene *s) { s->request.field_select |= 1 << 6; }
static void bad_select_high(struct scene *s) { s->request.field_select |= G_GUINT64_CONSTANT(1) << 63; }
static void bad_vmpl(struct scene *s) { s->request.vmpl = 4; }
static void bad_vmpck(struct scene *s) { s->request.vmpck = 1; }
static void bad_tcb_reserved(struct scene *s) { s->request.tcb_version |= 1 << 16; }
static void bad_tcb_high(struct scene *s) { s->request.tcb_version += 1; }
static void bad_mask(struct scene *s) { s->chip->mask_chip_key = TRUE; }
static void bad_disabled(struct scene *s) { s->launch->vcek_disabled = TRUE; }
static void bad_no_vlek(struct scene *s) { s->request.root_select = KEY_VLEK << 1; }
static void bad_selection(struct scene *s) { s->request.root_select = 3 << 1; }

static void
bad_svn(struct scene *s)
{
    s->request.field_select |= FIELD_GUEST_SVN;
    s->request.guest_svn = 1;
}

static const struct {
    const char *what;
    void (*change)(struct scene *s);
    enum fw_status status;
} refusals[] = {
    { "reserved word", bad_reserved, FW_INVALID_PARAM },
    { "bits above the selection", bad_root_bits, FW_INVALID_PARAM },
    { "mitigation vector in version 1", bad_select_bit, FW_INVALID_PARAM },
    { "unknown field", bad_select_high, FW_INVALID_PARAM },
    { "VMPL above 3", bad_vmpl, FW_INVALID_PARAM },
    { "VMPL below the VMPCK", bad_vmpck, FW_INVALID_PARAM },
    { "SVN above the launch's", bad_svn, FW_INVALID_PARAM },
    { "reserved bytes of the TCB", bad_tcb_reserved, FW_INVALID_PARAM },
    { "TCB above committed", bad_tcb_high, FW_INVALID_PARAM },
    { "masked chip key", bad_mask, FW_INVALID_KEY },
    { "VCEK disabled at launch", bad_disabled, FW_INVALID_KEY },
    { "VLEK without one", bad_no_vlek, FW_INVALID_KEY },
    { "selection 3", bad_selection, FW_INVALID_KEY },
};

START_TEST(refused_with_the_right_status)
{
    struct scene s = scene_new();
    Secret *key = NULL;

    refusals[_i].change(&s);
    ck_assert_msg(derive_key(s.chip, s.launch, &s.request, &key) == refusals[_i].status, "%s",
                  refusals[_i].what);
    ck_assert_ptr_null(key);
    scene_clear(&s);
}
END_TEST

Suite *derive_suite(void);

Suite *
derive_suite(void)
{
    Suite *s = suite_create("derive");
    TCase *t = tcase_create("derive");

    tcase_set_timeout(t, FIXTURE_TIMEOUT);
    tcase_add_unchecked_fixture(t, fixture_setup, NULL);
    tcase_add_loop_test(t, each_input_alone, 0, G_N_ELEMENTS(inputs));
    tcase_add_loop_test(t, refused_with_the_right_status, 0, G_N_ELEMENTS(refusals));
    tcase_add_test(t, another_launch_of_the_same_image_has_the_same_key);
    tcase_add_test(t, another_vmrk_is_another_key);
    tcase_add_test(t, older_tcbs_stay_reachable);
    tcase_add_test(t, without_the_tcb_bit_the_reported_tcb_decides);
    tcase_add_test(t, a_vlek_takes_the_place_of_an_unselected_vcek);
    suite_add_tcase(s, t);
    return s;
}
