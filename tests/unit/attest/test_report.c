/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_report - fields come from their offsets, TCBs are compared in parts, and
 * evidence is one report of a kind that can be judged.
 */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/report.h"
#include "cocotransport/attest/verify.h"
#include "suites.h"

Suite *report_suite(void);

START_TEST(fields_are_read_from_their_offsets)
{
    guint8 raw[SNP_REPORT_SIZE] = { 5 };
    struct snp_report r;

    raw[0x04] = 7;                   /* GUEST_SVN */
    raw[0x0a] = 3;                   /* POLICY */
    raw[0x30] = 2;                   /* VMPL */
    raw[0x34] = 1;
    raw[0x48] = 5;                   /* AUTHOR_KEY_EN, VLEK */
    raw[0x50] = 0x50;
    raw[0x90] = 0x90;
    raw[0xc0] = 0xc0;
    raw[0xe0] = 0xe0;
    raw[0x110] = 0x11;
    raw[0x140] = 0x14;
    raw[0x160] = 0x16;
    raw[0x180] = 9;
    raw[0x188] = 0x19;
    raw[0x189] = 0x11;
    raw[0x1a0] = 0x1a;
    raw[0x1e0] = 8;
    raw[0x1e9] = 55;
    raw[0x1f0] = 6;
    raw[0x1f8] = 1;
    raw[0x200] = 2;
    raw[0x2a0] = 0x2a;
    ck_assert(snp_report_parse(raw, sizeof(raw), &r, NULL));
    ck_assert_uint_eq(r.guest_svn, 7);
    ck_assert(r.policy == 0x30000);
    ck_assert_uint_eq(r.vmpl, 2);
    ck_assert(snp_report_has_author_key(&r) && !snp_report_chip_key_masked(&r));
    ck_assert_uint_eq(snp_report_signing_key(&r), SNP_SIGNED_BY_VLEK);
    ck_assert_uint_eq(r.report_data[0], 0x50);
    ck_assert_uint_eq(r.measurement[0], 0x90);
    ck_assert_uint_eq(r.host_data[0], 0xc0);
    ck_assert_uint_eq(r.id_key_digest[0], 0xe0);
    ck_assert_uint_eq(r.author_key_digest[0], 0x11);
    ck_assert_uint_eq(r.report_id[0], 0x14);
    ck_assert_uint_eq(r.report_id_ma[0], 0x16);
    ck_assert(r.reported_tcb == 9 && r.committed_tcb == 8 && r.launch_tcb == 6);
    ck_assert_uint_eq(r.chip_id[0], 0x1a);
    ck_assert_uint_eq(r.current_minor, 55);
    ck_assert(r.launch_mit_vector == 1 && r.current_mit_vector == 2);
    ck_assert_uint_eq(r.signature[0], 0x2a);
    ck_assert_int_eq(snp_report_product(&r), SNP_PRODUCT_GENOA);
}
END_TEST

START_TEST(a_wrong_report_leaves_the_output_alone)
{
    static const struct {
        size_t at;
        guint8 value, version;
        gboolean ok;
    } cases[] = {
        { 0x0, 2, 2, TRUE },
        { 0x0, 3, 3, TRUE },
        { 0x0, 1, 1, FALSE },
        { 0x0, 6, 6, FALSE },
        { 0x4c, 1, 3, FALSE },
        { 0x188, 1, 2, FALSE },      /* no CPUID before version 3 */
        { 0x188, 0x19, 3, TRUE },
        { 0x18b, 1, 3, FALSE },
        { 0x1f8, 1, 3, FALSE },      /* no mitigation vectors before version 5 */
        { 0x1f8, 1, 5, TRUE },
        { 0x208, 1, 5, FALSE },
        { 0x49f, 1, 5, FALSE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 raw[SNP_REPORT_SIZE] = { cases[i].version };
        struct snp_report r = { .version = 99 };
        g_autoptr(GError) error = NULL;

        raw[cases[i].at] = cases[i].value;
        ck_assert_msg(snp_report_parse(raw, sizeof(raw), &r, &error) == cases[i].ok, "case %zu", i);
        ck_assert((error == NULL) == cases[i].ok);
        ck_assert_uint_eq(r.version, cases[i].ok ? cases[i].version : 99);
    }
    ck_assert(!snp_report_parse("", 0, NULL, NULL));
}
END_TEST

START_TEST(tcbs_are_compared_in_parts)
{
    const struct snp_tcb genoa = snp_tcb_split(0x5419000000000001, SNP_PRODUCT_GENOA);
    const struct snp_tcb turin = snp_tcb_split(0x4700000002000100, SNP_PRODUCT_TURIN);

    ck_assert(genoa.microcode == 0x54 && genoa.snp == 0x19 && genoa.bootloader == 1);
    ck_assert(turin.microcode == 0x47 && turin.snp == 2 && turin.bootloader == 1 && turin.fmc == 0);
    ck_assert(snp_tcb_join(genoa, SNP_PRODUCT_GENOA) == 0x5419000000000001);
    ck_assert(snp_tcb_reserved_zero(0x5419000000000001, SNP_PRODUCT_GENOA));
    ck_assert(!snp_tcb_reserved_zero(0x5419000000010001, SNP_PRODUCT_GENOA));
    /* As a number the second is larger; in parts neither is. */
    ck_assert(!snp_tcb_at_least(snp_tcb_split(0x0100000000000009, SNP_PRODUCT_GENOA),
                                snp_tcb_split(0x0200000000000001, SNP_PRODUCT_GENOA)));
    ck_assert(!snp_tcb_at_least(snp_tcb_split(0x0200000000000001, SNP_PRODUCT_GENOA),
                                snp_tcb_split(0x0100000000000009, SNP_PRODUCT_GENOA)));
}
END_TEST

#define PART(kind) (1u << (kind))

static const struct {
    unsigned parts;
    const char *check, *words;
} kind_cases[] = {
    { 0, "evidence_kind", "one report of one kind" },
    { PART(EVIDENCE_VEK_CERTIFICATE), "evidence_kind", "one report of one kind" },
    { PART(EVIDENCE_SNP_REPORT) | PART(EVIDENCE_TDX_QUOTE), "evidence_kind", "one report" },
    { PART(EVIDENCE_CCA_TOKEN), "evidence_kind", "CCA token" },
    { PART(EVIDENCE_SNP_REPORT) | PART(EVIDENCE_CCA_TOKEN), "evidence_kind", "CCA token" },
    { PART(EVIDENCE_TDX_QUOTE) | PART(EVIDENCE_CCA_TOKEN), "evidence_kind", "CCA token" },
    { PART(EVIDENCE_SNP_REPORT), "size", "1184 bytes" },
    { PART(EVIDENCE_TDX_QUOTE), "quote_format", "cut short" },
};

START_TEST(evidence_is_one_report_that_can_be_judged)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = policy_default();
    const struct verify_context context = { .now = 1800000000 };
    struct verdict v = { 0 };

    for (int kind = 1; kind < EVIDENCE_KINDS; kind++) {
        if (kind_cases[_i].parts & PART(kind))
            evidence.parts[kind] = g_bytes_new_static("token", 5);
    }
    ck_assert(!verify_evidence(&evidence, policy, &context, &v) && !v.accepted);
    ck_assert_str_eq(v.check, kind_cases[_i].check);
    ck_assert_msg(strstr(v.reason, kind_cases[_i].words) != NULL, "%s", v.reason);
    verdict_clear(&v);
}
END_TEST

Suite *
report_suite(void)
{
    Suite *s = suite_create("report");
    TCase *c = tcase_create("report");

    tcase_add_test(c, fields_are_read_from_their_offsets);
    tcase_add_test(c, a_wrong_report_leaves_the_output_alone);
    tcase_add_test(c, tcbs_are_compared_in_parts);
    tcase_add_loop_test(c, evidence_is_one_report_that_can_be_judged, 0,
                        (int)G_N_ELEMENTS(kind_cases));
    suite_add_tcase(s, c);
    return s;
}
