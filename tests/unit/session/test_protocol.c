/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/launch.h"
#include "cocotransport/session/protocol.h"
#include "suites.h"

#include <string.h>

static const struct {
    const char *what;
    guint64 sent, received;
    gboolean ok;
} resumes[] = {
    { "all answered", 7, 7, TRUE },
    { "one open", 7, 6, TRUE },
    { "the answer to ATTACH open", 1, 0, TRUE },
    { "nothing sent", 0, 0, FALSE },
    { "two open", 7, 5, FALSE },
    { "more answers than commands", 7, 8, FALSE },
    { "wrapped round", 0, G_MAXUINT64, FALSE },
};

START_TEST(resume_numbers_are_judged)
{
    struct resume r = { .sent = resumes[_i].sent, .received = resumes[_i].received };
    struct resume back = { .sent = 99 };
    guint8 wire[RESUME_SIZE];
    struct builder b = builder_on(wire, sizeof(wire));
    struct cursor in;

    memset(r.attach_id, 3, sizeof(r.attach_id));
    resume_write(&r, &b);
    ck_assert_uint_eq(builder_len(&b), RESUME_SIZE);
    in = cursor_from(wire, sizeof(wire));
    ck_assert_msg(resume_parse(&in, &back, NULL) == resumes[_i].ok, "%s", resumes[_i].what);
    ck_assert_uint_eq(back.sent, resumes[_i].ok ? r.sent : 99);
    for (gsize len = 0; len < sizeof(wire); len++) {
        in = cursor_from(wire, len);
        ck_assert(!resume_parse(&in, &back, NULL));
    }
}
END_TEST

START_TEST(attachment_comes_back)
{
    struct attachment a = { .epoch = 5, .localities = 3, .event = g_bytes_new("event", 5) };
    struct attachment back = { 0 };
    guint8 wire[128];
    struct builder b = builder_on(wire, sizeof(wire));
    struct cursor in;

    memset(a.attach_id, 1, sizeof(a.attach_id));
    memset(a.lineage, 2, sizeof(a.lineage));
    attachment_write(&a, &b);
    in = cursor_from(wire, builder_len(&b));
    ck_assert(attachment_parse(&in, &back, NULL));
    ck_assert_mem_eq(back.attach_id, a.attach_id, sizeof(a.attach_id));
    ck_assert_uint_eq(back.epoch, 5);
    ck_assert_uint_eq(back.localities, 3);
    ck_assert(g_bytes_equal(back.event, a.event));
    for (gsize len = 0; len < 32 + 8 + 16 + 1; len++) {
        in = cursor_from(wire, len);
        ck_assert(!attachment_parse(&in, &back, NULL));
    }
    g_bytes_unref(a.event);
    g_bytes_unref(back.event);
}
END_TEST

START_TEST(attachment_has_a_largest_size)
{
    const gsize fixed = 32 + 8 + 16 + 1;
    g_autofree guint8 *wire = g_malloc0(fixed + TPM_MESSAGE_MAX + 1);
    struct attachment back = { 0 };
    struct cursor in = cursor_from(wire, fixed + TPM_MESSAGE_MAX);

    ck_assert(attachment_parse(&in, &back, NULL));
    in = cursor_from(wire, fixed + TPM_MESSAGE_MAX + 1);
    ck_assert(!attachment_parse(&in, &back, NULL));
    g_bytes_unref(back.event);
}
END_TEST

START_TEST(hello_answer_comes_back)
{
    g_auto(evidence_t) e = { 0 };
    struct hello_answer back;
    guint8 wire[128];
    struct builder b = builder_on(wire, sizeof(wire));
    struct cursor in;

    e.parts[EVIDENCE_SNP_REPORT] = g_bytes_new("report", 6);
    hello_answer_write("claims", 6, &e, &b);
    in = cursor_from(wire, builder_len(&b));
    ck_assert(hello_answer_parse(&in, &back, NULL));
    ck_assert_uint_eq(back.claims_len, 6);
    ck_assert_mem_eq(back.claims, "claims", 6);
    ck_assert_uint_eq(cursor_left(&back.evidence), 12);
    for (gsize len = 0; len < 10; len++) {
        in = cursor_from(wire, len);
        ck_assert(!hello_answer_parse(&in, &back, NULL));
    }
}
END_TEST

START_TEST(hello_answer_has_a_largest_size)
{
    g_autofree guint8 *wire = g_malloc0(4 + CLAIMS_MAX + 1);
    struct builder b = builder_on(wire, 4);
    struct hello_answer back;
    struct cursor in = cursor_from(wire, 4 + CLAIMS_MAX + 1);

    builder_be32(&b, CLAIMS_MAX);
    ck_assert(hello_answer_parse(&in, &back, NULL));
    ck_assert_uint_eq(back.claims_len, CLAIMS_MAX);
    builder_be32_at(&b, 0, CLAIMS_MAX + 1);
    in = cursor_from(wire, 4 + CLAIMS_MAX + 1);
    ck_assert(!hello_answer_parse(&in, &back, NULL));
}
END_TEST

static struct snp_report
some_report(void)
{
    struct snp_report r = { .policy = 0x30000, .guest_svn = 7, .vmpl = 0 };

    memset(r.measurement, 0x11, sizeof(r.measurement));
    memset(r.author_key_digest, 0x22, sizeof(r.author_key_digest));
    memset(r.host_data, 0x33, sizeof(r.host_data));
    memset(r.report_id, 0x44, sizeof(r.report_id));
    return r;
}

START_TEST(launch_event_stays_the_same_from_launch_to_launch)
{
    struct snp_report r = some_report();
    guint8 one[LAUNCH_EVENT_MAX], two[LAUNCH_EVENT_MAX];
    struct builder a = builder_on(one, sizeof(one));
    struct builder b = builder_on(two, sizeof(two));

    launch_event_write(&r, &a);
    ck_assert_uint_eq(builder_len(&a), 1 + 2 + 48 + 8 + 16 + 16 + 4 + 48 + 48 + 32 + 4);
    /* An author key digest without AUTHOR_KEY_EN says nothing. */
    for (gsize i = 0; i < 48; i++)
        ck_assert_uint_eq(one[1 + 2 + 48 + 8 + 16 + 16 + 4 + 48 + i], 0);
    memset(r.report_id, 0x55, sizeof(r.report_id));
    memset(r.report_data, 0x55, sizeof(r.report_data));
    r.current_tcb = r.reported_tcb = 0x0102030405060708;
    launch_event_write(&r, &b);
    ck_assert_mem_eq(one, two, builder_len(&a));
    r.key_info |= 1;
    b = builder_on(two, sizeof(two));
    launch_event_write(&r, &b);
    ck_assert_mem_ne(one, two, builder_len(&a));
}
END_TEST

START_TEST(launch_has_a_name_of_its_own)
{
    struct snp_report r = some_report();
    guint8 one[LAUNCH_ID_LEN], two[LAUNCH_ID_LEN];
    g_autoptr(GError) error = NULL;

    ck_assert(launch_id(&r, one, NULL));
    r.report_id[31] ^= 1;
    ck_assert(launch_id(&r, two, NULL));
    ck_assert_mem_ne(one, two, sizeof(one));
    memset(r.report_id, 0, sizeof(r.report_id));
    ck_assert(!launch_id(&r, two, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
}
END_TEST

Suite *protocol_suite(void);

Suite *
protocol_suite(void)
{
    Suite *s = suite_create("protocol");
    TCase *t = tcase_create("protocol");

    tcase_add_loop_test(t, resume_numbers_are_judged, 0, G_N_ELEMENTS(resumes));
    tcase_add_test(t, attachment_comes_back);
    tcase_add_test(t, attachment_has_a_largest_size);
    tcase_add_test(t, hello_answer_comes_back);
    tcase_add_test(t, hello_answer_has_a_largest_size);
    tcase_add_test(t, launch_event_stays_the_same_from_launch_to_launch);
    tcase_add_test(t, launch_has_a_name_of_its_own);
    suite_add_tcase(s, t);
    return s;
}
