/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_snpdev - what is made of each answer that a guest device can give, with
 * a device that answers from a script.
 */
#include "base/error.h"
#include "cocotransport/attest/certtable.h"
#include "cocotransport/attest/report.h"
#include "cocotransport/attest/snpdev.h"
#include "suites.h"

#include <errno.h>
#include <string.h>

struct scripted {
    struct snpdev device;
    struct snpdev_answer answers[4];
    guint sent;
    struct snpdev_request last;
};

static gboolean
scripted_send(struct snpdev *d, const struct snpdev_request *request, struct snpdev_answer *ret,
              GError **error)
{
    struct scripted *s = (struct scripted *)d;

    (void)error;
    ck_assert_uint_lt(s->sent, G_N_ELEMENTS(s->answers));
    s->last = *request;
    *ret = s->answers[s->sent];
    s->answers[s->sent++] = (struct snpdev_answer){ 0 };
    return TRUE;
}

static Provider *
scripted_provider(struct scripted *s)
{
    s->device.send = scripted_send;
    return &s->device.parent;
}

static Secret *
report_data_answer(guint32 status, guint32 size)
{
    Secret *data = secret_new(SNPDEV_REPORT_ANSWER);

    secret_bytes(data)[0] = (guint8)status;
    secret_bytes(data)[4] = (guint8)size;
    secret_bytes(data)[5] = (guint8)(size >> 8);
    secret_bytes(data)[32] = 3;
    return data;
}

static Secret *
key_data_answer(guint32 status, guint8 fill)
{
    Secret *data = secret_new(SNPDEV_KEY_ANSWER);

    secret_bytes(data)[0] = (guint8)status;
    memset(secret_bytes(data) + 32, fill, 32);
    return data;
}

static const guint8 data64[64] = { 1, 2, 3 };

START_TEST(certificates_are_asked_for_again)
{
    struct scripted s = { .answers = {
        { .error = EIO, .host_error = SNPDEV_HOST_INVALID_LENGTH, .certs_len = 8192 },
        { .data = report_data_answer(0, SNP_REPORT_SIZE) },
    } };
    g_auto(evidence_t) e = { 0 };

    ck_assert(snpdev_evidence(scripted_provider(&s), data64, &e, NULL));
    ck_assert_uint_eq(s.sent, 2);
    ck_assert_uint_eq(s.last.certs_len, 8192);
    ck_assert_int_eq(s.last.call, SNPDEV_EXT_REPORT);
    ck_assert_uint_eq(g_bytes_get_size(e.parts[EVIDENCE_SNP_REPORT]), SNP_REPORT_SIZE);
    ck_assert_ptr_null(e.parts[EVIDENCE_VEK_CERTIFICATE]);
}
END_TEST

START_TEST(a_host_that_never_agrees_is_left)
{
    const struct snpdev_answer again = { .error = EIO, .certs_len = 4096,
                                         .host_error = SNPDEV_HOST_INVALID_LENGTH };
    struct scripted s = { .answers = { again, again, again } };
    g_auto(evidence_t) e = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!snpdev_evidence(scripted_provider(&s), data64, &e, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
}
END_TEST

static const struct {
    const char *what;
    struct snpdev_answer answer;
    guint32 status, size;
    CocoError code;
    const char *word;
} report_refusals[] = {
    { "wiped", { .error = ENOTTY }, 0, 0, COCO_ERROR_DENIED, "VMPCK is gone" },
    { "busy", { .error = ETIMEDOUT, .host_error = 2 }, 0, 0, COCO_ERROR_SYSTEM, "busy" },
    { "firmware", { .error = EIO, .firmware_error = 0x16 }, 0, 0, COCO_ERROR_SYSTEM, "0x16" },
    { "host", { .error = EIO, .host_error = 77 }, 0, 0, COCO_ERROR_SYSTEM, "77" },
    { "no call", { .error = EINVAL, .firmware_error = 0xffffffff }, 0, 0, COCO_ERROR_SYSTEM,
      "nvalid" },
    { "too many certificates", { .error = EIO, .host_error = 1, .certs_len = 0x5000 }, 0, 0,
      COCO_ERROR_MALFORMED, "20480" },
    { "status", { 0 }, 0x27, 0, COCO_ERROR_DENIED, "0x27" },
    { "size", { 0 }, 0, 1183, COCO_ERROR_MALFORMED, "1183" },
};

START_TEST(refusals_say_what_happened)
{
    struct scripted s = { .answers = { report_refusals[_i].answer } };
    g_auto(evidence_t) e = { 0 };
    g_autoptr(GError) error = NULL;

    if (report_refusals[_i].answer.error == 0)
        s.answers[0].data = report_data_answer(report_refusals[_i].status,
                                               report_refusals[_i].size);
    ck_assert(!snpdev_evidence(scripted_provider(&s), data64, &e, &error));
    ck_assert_msg(g_error_matches(error, COCO_ERROR, (gint)report_refusals[_i].code), "%s: %s",
                  report_refusals[_i].what, error->message);
    ck_assert_msg(strstr(error->message, report_refusals[_i].word) != NULL, "%s", error->message);
    ck_assert_ptr_null(e.parts[EVIDENCE_SNP_REPORT]);
}
END_TEST

static const struct {
    guint32 status;
    guint8 fill;
    gboolean ok;
} key_cases[] = {
    { 0, 0xaa, TRUE },
    { 0, 0, FALSE },
    { 0x16, 0, FALSE },
    { 0x16, 0xaa, FALSE },
    { 0x27, 0, FALSE },
};

START_TEST(a_key_needs_status_zero_and_bytes)
{
    const struct derive_request request = { .key_sel = 1, .guest_field_select = 0x2b,
                                            .tcb_version = 0x0102 };
    struct scripted s = { .answers = {
        { .data = key_data_answer(key_cases[_i].status, key_cases[_i].fill) },
    } };
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = snpdev_derive_key(scripted_provider(&s), &request, &error);

    ck_assert((key != NULL) == key_cases[_i].ok);
    ck_assert((error != NULL) != key_cases[_i].ok);
    ck_assert_uint_eq(s.last.version, 1);
    ck_assert_uint_eq(s.last.data[0], 2);            /* root VCEK, KEY_SEL 1 */
    ck_assert_uint_eq(s.last.data[8], 0x2b);
    ck_assert_uint_eq(s.last.data[24], 0x02);
}
END_TEST

START_TEST(burning_is_believed_only_when_seen)
{
    struct scripted burnt = { .answers = { { .error = EIO, .firmware_error = 0x16 },
                                           { .error = ENOTTY } } };
    struct scripted alive = { .answers = { { .error = EIO, .firmware_error = 0x16 },
                                           { .data = report_data_answer(0, SNP_REPORT_SIZE) } } };
    g_autoptr(GError) error = NULL;

    ck_assert(snpdev_burn(scripted_provider(&burnt), NULL));
    ck_assert_uint_eq(burnt.last.version, 1);
    ck_assert(!snpdev_burn(scripted_provider(&alive), &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
}
END_TEST

Suite *snpdev_suite(void);

Suite *
snpdev_suite(void)
{
    Suite *s = suite_create("snpdev");
    TCase *t = tcase_create("snpdev");

    tcase_add_test(t, certificates_are_asked_for_again);
    tcase_add_test(t, a_host_that_never_agrees_is_left);
    tcase_add_loop_test(t, refusals_say_what_happened, 0, G_N_ELEMENTS(report_refusals));
    tcase_add_loop_test(t, a_key_needs_status_zero_and_bytes, 0, G_N_ELEMENTS(key_cases));
    tcase_add_test(t, burning_is_believed_only_when_seen);
    suite_add_tcase(s, t);
    return s;
}
