/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_driver - the guest device as Linux and a hostile host make it: errors,
 * what wipes a VMPCK, what does not, and the sequence numbers of the firmware.
 */
#include "cocotransport/attest/certtable.h"
#include "cocotransport/keys/crypto.h"
#include "fixture.h"

#include <errno.h>
#include <string.h>

static struct driver *
driver_of(struct chip *chip)
{
    return driver_new(chip, fixture_launch(chip, 0x22), 0);
}

static struct snpdev_answer
ask(struct driver *d, enum snpdev_call call, guint8 version, guint32 certs_len)
{
    const struct snpdev_request request = { .call = call, .version = version,
                                            .certs_len = certs_len };
    struct snpdev_answer answer = { 0 };

    driver_request(d, &request, &answer);
    return answer;
}

static int
ask_error(struct driver *d, enum snpdev_call call, guint8 version)
{
    struct snpdev_answer a = ask(d, call, version, 0);
    const int error = a.error;

    snpdev_answer_clear(&a);
    return error;
}

START_TEST(reports_and_keys_come)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(driver_t) d = driver_of(chip);
    struct snpdev_answer report = ask(d, SNPDEV_REPORT, 1, 0);
    struct snpdev_answer key = ask(d, SNPDEV_DERIVED_KEY, 1, 0);

    ck_assert_int_eq(report.error, 0);
    ck_assert_uint_eq(secret_len(report.data), SNPDEV_REPORT_ANSWER);
    ck_assert_uint_eq(secret_peek(report.data)[0], 0);
    ck_assert_uint_eq(secret_peek(report.data)[32], 3);
    ck_assert_int_eq(key.error, 0);
    ck_assert_uint_eq(secret_len(key.data), SNPDEV_KEY_ANSWER);
    ck_assert_uint_eq(d->launch->count[0], 4);
    snpdev_answer_clear(&report);
    snpdev_answer_clear(&key);
}
END_TEST

START_TEST(too_little_room_for_certificates_uses_the_number_up)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(driver_t) d = driver_of(chip);
    struct snpdev_answer none = ask(d, SNPDEV_EXT_REPORT, 1, 0);
    struct snpdev_answer some = ask(d, SNPDEV_EXT_REPORT, 1, none.certs_len);
    GBytes *found[CERTTABLE_KINDS] = { NULL };

    ck_assert_int_eq(none.error, EIO);
    ck_assert_uint_eq(none.host_error, SNPDEV_HOST_INVALID_LENGTH);
    ck_assert_uint_gt(none.certs_len, 0);
    ck_assert_uint_eq(none.certs_len % 4096, 0);
    ck_assert_int_eq(some.error, 0);
    ck_assert_uint_eq(d->launch->count[0], 4);
    ck_assert(certtable_parse(g_bytes_get_data(some.certs, NULL), g_bytes_get_size(some.certs),
                              found, NULL));
    ck_assert_ptr_nonnull(found[CERTTABLE_VCEK]);
    ck_assert_ptr_nonnull(found[CERTTABLE_ARK]);
    certtable_clear(found);
    snpdev_answer_clear(&none);
    snpdev_answer_clear(&some);
    ck_assert_int_eq(ask_error(d, SNPDEV_EXT_REPORT, 0), EINVAL);
    none = ask(d, SNPDEV_EXT_REPORT, 1, 100);
    ck_assert_int_eq(none.error, EINVAL);
    none = ask(d, SNPDEV_EXT_REPORT, 1, 0x5000);
    ck_assert_int_eq(none.error, EINVAL);
}
END_TEST

START_TEST(an_unknown_message_version_burns_the_launch)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(driver_t) d = driver_of(chip);
    struct snpdev_answer a = ask(d, SNPDEV_DERIVED_KEY, 2, 0);

    ck_assert_int_eq(a.error, EIO);
    ck_assert_uint_eq(a.firmware_error, FW_INVALID_PARAM);
    ck_assert_uint_eq(d->launch->count[0], 0);
    ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), ENOTTY);
    ck_assert_int_eq(ask_error(d, SNPDEV_DERIVED_KEY, 1), ENOTTY);
}
END_TEST

START_TEST(a_refusal_inside_an_answer_burns_nothing)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(driver_t) d = driver_of(chip);
    struct snpdev_request request = { .call = SNPDEV_DERIVED_KEY, .version = 1 };
    struct snpdev_answer a = { 0 };

    request.data[4] = 1;             /* reserved */
    driver_request(d, &request, &a);
    ck_assert_int_eq(a.error, 0);
    ck_assert_uint_eq(secret_peek(a.data)[0], FW_INVALID_PARAM);
    ck_assert_uint_eq(secret_peek(a.data)[32], 0);
    snpdev_answer_clear(&a);
    ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), 0);
}
END_TEST

static const struct {
    const char *script;
    int error;
} faults[] = {
    { "drop@2", EIO },
    { "replay@2", EIO },
    { "reflect@2", EIO },
    { "flip:0x00@2", EIO },          /* tag */
    { "flip:0x20@2", EIO },          /* sequence number */
    { "flip:0x34@2", EIO },          /* type */
    { "flip:0x36@2", EIO },          /* size */
    { "flip:0x3c@2", EIO },          /* VMPCK */
    { "flip:0x60@2", EIO },          /* payload */
    { "flip-request:0x60@2", EIO },
    { "truncate:0x200@2", EIO },
    { "vmpck:1@2", EIO },
    { "busy@2", ETIMEDOUT },
    { "host-error:77@2", EIO },
};

START_TEST(what_cannot_be_explained_wipes_the_vmpck)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(driver_t) d = driver_of(chip);
    g_autoptr(Secret) wiped = NULL;

    ck_assert(faults_add(d->faults, faults[_i].script, NULL));
    ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), 0);
    ck_assert_msg(ask_error(d, SNPDEV_REPORT, 1) == faults[_i].error, "%s", faults[_i].script);
    ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), ENOTTY);
    wiped = secret_copy(d->secrets + 0x20, 32);
    ck_assert(secret_is_zero(wiped));
}
END_TEST

START_TEST(bytes_outside_the_authenticated_part_do_not_matter)
{
    static const char *const harmless[] = { "flip:0x10@2", "flip:0x1f@2", "flip:0x28@2" };

    for (size_t i = 0; i < G_N_ELEMENTS(harmless); i++) {
        g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
        g_autoptr(driver_t) d = driver_of(chip);

        ck_assert(faults_add(d->faults, harmless[i], NULL));
        for (int n = 0; n < 3; n++)
            ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), 0);
    }
}
END_TEST

static const char *const bad_faults[] = { "", "flip", "drop:1", "flip:4096", "nonsense@1", "vmpck:4",
                                          "flip:0xzz", "drop@x" };

START_TEST(faults_are_checked)
{
    struct faults *f = faults_new();
    g_autoptr(GError) error = NULL;

    ck_assert_msg(!faults_add(f, bad_faults[_i], &error), "%s", bad_faults[_i]);
    ck_assert_ptr_nonnull(error);
    ck_assert_uint_eq(f->list->len, 0);
    faults_free(f);
}
END_TEST

/* The firmware alone: its order of checks shows in which error comes first. */
static const struct {
    const char *what;
    guint64 sequence;
    guint8 type, version;
    guint16 size;
    guint8 flip;                     /* byte of the page, 0 for none */
    enum fw_status status;
} firmware_cases[] = {
    { "a good request", 1, GUESTMSG_REPORT_REQ, 1, 96, 0, FW_OK },
    { "no multiple of 16", 1, GUESTMSG_REPORT_REQ, 1, 100, 0, FW_INVALID_PARAM },
    { "wrong algorithm", 1, GUESTMSG_REPORT_REQ, 1, 96, 0x30, FW_INVALID_PARAM },
    { "wrong header size", 1, GUESTMSG_REPORT_REQ, 1, 96, 0x32, FW_INVALID_PARAM },
    { "tag before sequence", 9, GUESTMSG_REPORT_REQ, 1, 96, 0x60, FW_BAD_MEASUREMENT },
    { "sequence before type", 3, GUESTMSG_ABSORB_RSP, 1, 96, 0, FW_AEAD_OFLOW },
    { "sequence 0", 0, GUESTMSG_REPORT_REQ, 1, 96, 0, FW_AEAD_OFLOW },
    { "unknown type", 1, 77, 1, 96, 0, FW_INVALID_PARAM },
    { "unknown version", 1, GUESTMSG_REPORT_REQ, 2, 96, 0, FW_INVALID_PARAM },
    { "version 0", 1, GUESTMSG_REPORT_REQ, 0, 96, 0, FW_INVALID_PARAM },
    { "too short for its type", 1, GUESTMSG_REPORT_REQ, 1, 32, 0, FW_INVALID_PARAM },
};

START_TEST(firmware_checks_in_order)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = fixture_launch(chip, 0x22);
    const struct guestmsg m = { .sequence = firmware_cases[_i].sequence,
                                .type = firmware_cases[_i].type,
                                .version = firmware_cases[_i].version };
    uint8_t payload[256] = { 0 }, page[GUEST_PAGE], answer[GUEST_PAGE] = { 0 };
    const gboolean ok = firmware_cases[_i].status == FW_OK;

    ck_assert(guestmsg_seal(l->vmpck[0], &m, payload, firmware_cases[_i].size, page, NULL));
    if (firmware_cases[_i].flip != 0)
        page[firmware_cases[_i].flip] ^= 2;
    ck_assert_msg(firmware_guest_request(chip, l, page, answer) == firmware_cases[_i].status,
                  "%s", firmware_cases[_i].what);
    ck_assert_uint_eq(l->count[0], ok ? 2 : 0);
    if (ok)                          /* the same message again */
        ck_assert_int_eq(firmware_guest_request(chip, l, page, answer), FW_AEAD_OFLOW);
}
END_TEST

START_TEST(the_secrets_page_has_the_keys)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = fixture_launch(chip, 0x22);
    uint8_t page[GUEST_PAGE];

    launch_secrets_page(l, page);
    ck_assert_uint_eq(page[0], 3);
    for (int i = 0; i < VMPCKS; i++)
        ck_assert(crypto_equal(page + 0x20 + 32 * i, secret_peek(l->vmpck[i]), 32));
    ck_assert_uint_eq(page[0xa0], 0);
    ck_assert_uint_eq(page[0x160], 200);
}
END_TEST

/* Linux counts in 32 bits of the secrets page and stops before they run over; the key stays. */
START_TEST(the_driver_stops_before_its_count_runs_over)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(driver_t) d = driver_of(chip);

    memcpy(d->secrets + 0xa0, "\xfc\xff\xff\xff", 4);
    d->launch->count[0] = 0xfffffffcu;
    ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), 0);
    ck_assert_mem_eq(d->secrets + 0xa0, "\xfe\xff\xff\xff", 4);
    ck_assert_int_eq(ask_error(d, SNPDEV_REPORT, 1), EIO);
    ck_assert_int_eq(ask_error(d, SNPDEV_DERIVED_KEY, 1), EIO);
    ck_assert_uint_eq(d->launch->count[0], 0xfffffffeu);
}
END_TEST

START_TEST(the_firmware_stops_before_its_count_runs_over)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = fixture_launch(chip, 0x22);
    struct guestmsg m = { .type = GUESTMSG_REPORT_REQ, .version = 1 };
    uint8_t payload[96] = { 0 }, page[GUEST_PAGE], answer[GUEST_PAGE];

    for (guint64 left = 4; left >= 2; left -= 2) {
        l->count[0] = G_MAXUINT64 - left;
        m.sequence = l->count[0] + 1;
        ck_assert(guestmsg_seal(l->vmpck[0], &m, payload, sizeof(payload), page, NULL));
        ck_assert_int_eq(firmware_guest_request(chip, l, page, answer),
                         left > 2 ? FW_OK : FW_AEAD_OFLOW);
    }
    ck_assert_uint_eq(l->count[0], G_MAXUINT64 - 2);
}
END_TEST

Suite *driver_suite(void);

Suite *
driver_suite(void)
{
    Suite *s = suite_create("driver");
    TCase *t = tcase_create("driver");

    tcase_set_timeout(t, FIXTURE_TIMEOUT);
    tcase_add_unchecked_fixture(t, fixture_setup, NULL);
    tcase_add_test(t, reports_and_keys_come);
    tcase_add_test(t, too_little_room_for_certificates_uses_the_number_up);
    tcase_add_test(t, an_unknown_message_version_burns_the_launch);
    tcase_add_test(t, a_refusal_inside_an_answer_burns_nothing);
    tcase_add_loop_test(t, what_cannot_be_explained_wipes_the_vmpck, 0, G_N_ELEMENTS(faults));
    tcase_add_test(t, bytes_outside_the_authenticated_part_do_not_matter);
    tcase_add_loop_test(t, faults_are_checked, 0, G_N_ELEMENTS(bad_faults));
    tcase_add_loop_test(t, firmware_checks_in_order, 0, G_N_ELEMENTS(firmware_cases));
    tcase_add_test(t, the_secrets_page_has_the_keys);
    tcase_add_test(t, the_driver_stops_before_its_count_runs_over);
    tcase_add_test(t, the_firmware_stops_before_its_count_runs_over);
    suite_add_tcase(s, t);
    return s;
}
