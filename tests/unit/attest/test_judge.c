/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_judge - the rows of the verdict one by one, past the signature: whether a
 * row looks at all that it is about, and at nothing else.
 */
#include "config.h"

#include "judge_rows.h"
#include "suites.h"

#include <stddef.h>
#include <string.h>

Suite *judge_suite(void);

#define GENOA(bootloader, tee, snp, microcode) \
    ((guint64)(microcode) << 56 | (guint64)(snp) << 48 | (guint64)(tee) << 8 | (bootloader))
#define TCB GENOA(10, 1, 23, 84)

/* One field that a case has otherwise than the good world; a long one by its first byte. */
struct setting {
    enum { NOTHING, IN_REPORT, IN_PEER, IN_VEK, IN_JUDGE, IN_OWN_CHIP, NO_OWN_CHIP, IN_LIST } where;
    gsize at, size;
    guint64 value;
};

#define FIELD(where, type, field, value) \
    { where, offsetof(struct type, field), sizeof(((struct type *)NULL)->field), value }
#define REPORT(field, value) FIELD(IN_REPORT, snp_report, field, value)
#define PEER(field, value) FIELD(IN_PEER, policy_peer, field, value)
#define VEK(field, value) FIELD(IN_VEK, vek_extensions, field, value)
#define JUDGE(field, value) FIELD(IN_JUDGE, judge, field, value)
#define OWN_CHIP(value) { IN_OWN_CHIP, 0, 64, value }
/* An item of a list: @len bytes, of which the first is @value. */
#define LISTED(field, len, value) { IN_LIST, offsetof(struct policy_peer, field), len, value }

static const struct {
    const char *row;
    gboolean good;
    struct setting settings[3];
} cases[] = {
    { "vmpl_expected", FALSE, { REPORT(vmpl, 1) } },
    { "vmpl_expected", FALSE, { REPORT(vmpl, SNP_VMPL_HOST) } },
    { "vmpl_expected", FALSE, { PEER(vmpl, 1) } },
    { "vmpl_expected", TRUE, { PEER(vmpl, 1), REPORT(vmpl, 1) } },
    { "policy_forbidden", FALSE, { PEER(policy_forbid, SNP_POLICY_SMT) } },
    { "policy_forbidden", TRUE, { PEER(policy_forbid, SNP_POLICY_DEBUG) } },
    { "policy_required", FALSE, { PEER(policy_require, SNP_POLICY_DEBUG) } },
    { "policy_required", FALSE, { PEER(policy_require, SNP_POLICY_DEBUG | SNP_POLICY_SMT) } },
    { "policy_required", TRUE, { PEER(policy_require, SNP_POLICY_SMT) } },
    { "policy_min_abi", TRUE, { PEER(min_abi, 0x138) } },
    { "policy_min_abi", FALSE, { PEER(min_abi, 0x138), PEER(min_abi_given, TRUE) } },
    { "policy_min_abi", TRUE, { PEER(min_abi, 0x137), PEER(min_abi_given, TRUE) } },
    { "tcb_floor_reported", TRUE, { PEER(min_tcb[SNP_PRODUCT_GENOA].snp, 24) } },
    { "tcb_floor_reported", FALSE, { PEER(min_tcb[SNP_PRODUCT_GENOA].snp, 24),
                                     PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_reported", FALSE, { PEER(min_tcb[SNP_PRODUCT_GENOA].bootloader, 11),
                                     PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_reported", FALSE, { PEER(min_tcb[SNP_PRODUCT_GENOA].tee, 2),
                                     PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_reported", FALSE, { PEER(min_tcb[SNP_PRODUCT_GENOA].microcode, 85),
                                     PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_reported", FALSE, { REPORT(reported_tcb, GENOA(10, 1, 22, 84)),
                                     PEER(min_tcb[SNP_PRODUCT_GENOA].snp, 23),
                                     PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_committed", FALSE, { REPORT(committed_tcb, GENOA(10, 1, 22, 84)),
                                      PEER(min_tcb[SNP_PRODUCT_GENOA].snp, 23),
                                      PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_launch", FALSE, { REPORT(launch_tcb, GENOA(10, 1, 22, 84)),
                                   PEER(min_tcb[SNP_PRODUCT_GENOA].snp, 23),
                                   PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "tcb_floor_launch", TRUE, { REPORT(launch_tcb, GENOA(10, 1, 23, 84)),
                                  PEER(min_tcb[SNP_PRODUCT_GENOA].snp, 23),
                                  PEER(min_tcb_given[SNP_PRODUCT_GENOA], TRUE) } },
    { "firmware_committed", TRUE, { REPORT(current_build, 9) } },
    { "firmware_committed", TRUE, { PEER(committed_firmware, TRUE) } },
    { "firmware_committed", FALSE, { PEER(committed_firmware, TRUE), REPORT(current_build, 9) } },
    { "firmware_committed", FALSE, { PEER(committed_firmware, TRUE), REPORT(current_minor, 56) } },
    { "firmware_committed", FALSE, { PEER(committed_firmware, TRUE), REPORT(current_major, 2) } },
    { "firmware_committed", FALSE, { PEER(committed_firmware, TRUE),
                                     REPORT(current_tcb, GENOA(10, 1, 24, 84)) } },
    { "platform_info", TRUE, { PEER(platform_require, 1), PEER(platform_forbid, 4) } },
    { "platform_info", FALSE, { PEER(platform_require, 5) } },
    { "platform_info", FALSE, { PEER(platform_forbid, 3) } },
    { "same_chip", FALSE, { OWN_CHIP(7) } },
    { "same_chip", FALSE, { REPORT(chip_id, 7) } },
    { "same_chip", FALSE, { OWN_CHIP(0) } },
    { "same_chip", FALSE, { REPORT(chip_id, 0), OWN_CHIP(0) } },
    { "same_chip", FALSE, { JUDGE(vlek, TRUE) } },
    { "same_chip", FALSE, { { NO_OWN_CHIP, 0, 0, 0 } } },
    { "same_chip", TRUE, { PEER(same_chip, FALSE), OWN_CHIP(7) } },
    { "chip_allowed", FALSE, { LISTED(chip_ids, 64, 7) } },
    { "chip_allowed", FALSE, { LISTED(chip_ids, 63, 0x1a) } },
    { "chip_allowed", TRUE, { LISTED(chip_ids, 64, 7), LISTED(chip_ids, 64, 0x1a) } },
    { "chip_allowed", FALSE, { LISTED(chip_ids, 64, 0x1a), JUDGE(vlek, TRUE) } },
    { "chip_not_denied", TRUE, { LISTED(denied_chip_ids, 64, 7) } },
    { "chip_not_denied", FALSE, { LISTED(denied_chip_ids, 64, 7),
                                  LISTED(denied_chip_ids, 64, 0x1a) } },
    { "csp_allowed", FALSE, { JUDGE(vlek, TRUE), VEK(csp_id, 'c') } },
    { "csp_allowed", FALSE, { JUDGE(vlek, TRUE), VEK(csp_id, 'c'), LISTED(csp_ids, 2, 'd') } },
    { "csp_allowed", TRUE, { JUDGE(vlek, TRUE), VEK(csp_id, 'c'), LISTED(csp_ids, 2, 'c') } },
    { "peer_named", FALSE, { { NOTHING, 0, 0, 0 } } },
    { "peer_named", TRUE, { LISTED(measurements, 48, 7) } },
    { "peer_named", TRUE, { LISTED(author_key_digests, 48, 7) } },
    { "measurement", FALSE, { LISTED(measurements, 48, 7) } },
    { "measurement", FALSE, { LISTED(measurements, 47, 0x90) } },
    { "measurement", TRUE, { LISTED(measurements, 48, 7), LISTED(measurements, 48, 0x90) } },
    { "author_key", FALSE, { LISTED(author_key_digests, 48, 0xa0) } },
    { "author_key", FALSE, { LISTED(author_key_digests, 48, 7), REPORT(key_info, 1) } },
    { "author_key", TRUE, { LISTED(author_key_digests, 48, 0xa0), REPORT(key_info, 1) } },
    { "family_id", TRUE, { PEER(family_id, 7) } },
    { "family_id", FALSE, { PEER(family_id, 7), PEER(family_id_given, TRUE) } },
    { "image_id", TRUE, { PEER(image_id, 7) } },
    { "image_id", FALSE, { PEER(image_id, 7), PEER(image_id_given, TRUE) } },
    { "guest_svn", FALSE, { PEER(min_svn, 8) } },
    { "guest_svn", TRUE, { PEER(min_svn, 7) } },
    { "host_data", TRUE, { PEER(host_data, 7) } },
    { "host_data", FALSE, { PEER(host_data, 7), PEER(host_data_given, TRUE) } },
    { "report_data", FALSE, { REPORT(report_data, 7) } },
    { "mitigations", FALSE, { PEER(mitigations_require, 4) } },
    { "mitigations", FALSE, { PEER(mitigations_require, 1), REPORT(launch_mit_vector, 2) } },
    { "mitigations", FALSE, { PEER(mitigations_require, 1), REPORT(current_mit_vector, 2) } },
    { "mitigations", TRUE, { PEER(mitigations_require, 3) } },
    { "version_known", FALSE, { REPORT(version, 6) } },
    { "version_known", FALSE, { REPORT(version, 4) } },
    { "version_known", TRUE, { REPORT(version, 4), PEER(allow_version_4, TRUE) } },
    { "sig_algo", FALSE, { REPORT(signature_algo, 0) } },
    { "sig_algo", FALSE, { REPORT(signature_algo, 2) } },
    { "signing_key_valid", FALSE, { REPORT(key_info, SNP_SIGNED_BY_NONE << 2) } },
    { "signing_key_valid", FALSE, { REPORT(key_info, 2 << 2) } },
    { "signing_key_valid", TRUE, { REPORT(key_info, SNP_SIGNED_BY_VLEK << 2) } },
    { "key_info_mbz", FALSE, { REPORT(key_info, 1 << 5) } },
    { "key_info_mbz", FALSE, { REPORT(key_info, G_GUINT64_CONSTANT(1) << 31) } },
    { "author_key_consistent", FALSE, { REPORT(author_key_digest, 7) } },
    { "vmpl_range", FALSE, { REPORT(vmpl, 4) } },
    { "vmpl_range", TRUE, { REPORT(vmpl, 3) } },
    { "policy_bit17_mb1", FALSE, { REPORT(policy, 0x10137) } },
    { "policy_mbz", FALSE, { REPORT(policy, 0x30137 | G_GUINT64_CONSTANT(1) << 26) } },
    { "policy_mbz", FALSE, { REPORT(policy, 0x30137 | G_GUINT64_CONSTANT(1) << 63) } },
    { "policy_mbz", TRUE, { REPORT(policy, 0x30137 | 1 << 25) } },
    { "policy_no_debug", FALSE, { REPORT(policy, 0xb0137) } },
    { "policy_no_debug", TRUE, { REPORT(policy, 0xb0137), PEER(policy_forbid, 0) } },
    { "policy_no_migrate_ma", FALSE, { REPORT(policy, 0x70137) } },
    { "policy_abi", FALSE, { REPORT(policy, 0x30138) } },
    { "policy_abi", FALSE, { REPORT(current_major, 0) } },
    { "le_reported_CURRENT_TCB", FALSE, { REPORT(current_tcb, GENOA(9, 1, 23, 84)) } },
    { "le_reported_COMMITTED_TCB", FALSE, { REPORT(committed_tcb, GENOA(10, 0, 23, 84)) } },
    { "le_reported_LAUNCH_TCB", FALSE, { REPORT(launch_tcb, GENOA(10, 1, 22, 84)) } },
    { "fw_committed_le_current", FALSE, { REPORT(committed_build, 9) } },
    { "fw_committed_le_current", FALSE, { REPORT(committed_minor, 56) } },
    { "fw_committed_le_current", FALSE, { REPORT(committed_major, 2) } },
    { "ext_productName", FALSE, { VEK(has_product, FALSE) } },
    { "productName_matches_ark", FALSE, { VEK(product, 'M') } },
    { "ext_structVersion", FALSE, { VEK(struct_version, 1) } },
    { "cpuid_matches_product", FALSE, { REPORT(cpuid_model, 0x01) } },
    { "cpuid_matches_product", FALSE, { REPORT(cpuid_family, 0x1a) } },
    { "cpuid_matches_product", TRUE, { REPORT(cpuid_model, 0x01), REPORT(version, 2) } },
    { "reported_tcb_mbz", FALSE, { REPORT(reported_tcb, TCB | 1 << 16) } },
    { "tcb_matches_vek", FALSE, { VEK(tcb.bootloader, 9) } },
    { "tcb_matches_vek", FALSE, { VEK(tcb.tee, 2) } },
    { "tcb_matches_vek", FALSE, { VEK(tcb.snp, 22) } },
    { "tcb_matches_vek", FALSE, { VEK(tcb.snp, 24) } },
    { "tcb_matches_vek", FALSE, { VEK(tcb.microcode, 85) } },
    { "tcb_matches_vek", FALSE, { VEK(tcb.fmc, 1) } },
    { "tcb_matches_vek", FALSE, { VEK(reserved_spl[3], 1) } },
    { "chip_id_nonzero", FALSE, { REPORT(chip_id, 0) } },
    { "chip_id_nonzero", FALSE, { REPORT(key_info, 2) } },
    { "no_cspid", FALSE, { VEK(has_csp_id, TRUE) } },
    { "hwid_matches_chip_id", FALSE, { VEK(hwid, 7) } },
    { "hwid_matches_chip_id", FALSE, { VEK(has_hwid, FALSE) } },
    { "hwid_matches_chip_id", FALSE, { VEK(hwid_len, 0) } },
    { "has_cspid", FALSE, { VEK(has_csp_id, TRUE) } },
    { "has_cspid", FALSE, { VEK(has_hwid, FALSE) } },
    { "has_cspid", TRUE, { VEK(has_csp_id, TRUE), VEK(has_hwid, FALSE) } },
};

struct world {
    struct judge judge;
    struct policy *policy;
    struct verify_context context;
    struct verdict verdict;
    guint8 own_chip[64], report_data[64];
};

/* A report, a certificate and a policy that no row has anything against, but peer_named and
 * has_cspid. */
static void
world_open(struct world *w)
{
    struct vek_extensions vek = {
        .has_struct_version = TRUE, .has_product = TRUE, .has_hwid = TRUE, .product = "Genoa-B1",
        .has_bootloader = TRUE, .has_tee = TRUE, .has_snp = TRUE, .has_microcode = TRUE,
        .tcb = { 0, 10, 1, 23, 84 }, .hwid = { 0x1a }, .hwid_len = 64,
    };
    const struct snp_report report = {
        .version = 5, .guest_svn = 7, .policy = 0x30137, .signature_algo = 1, .platform_info = 3,
        .report_data = { 0x50 }, .measurement = { 0x90 }, .host_data = { 0xc0 },
        .family_id = { 0xf0 }, .image_id = { 0x20 }, .chip_id = { 0x1a },
        .current_tcb = TCB, .reported_tcb = TCB, .committed_tcb = TCB, .launch_tcb = TCB,
        .cpuid_family = 0x19, .cpuid_model = 0x11,
        .current_build = 8, .current_minor = 55, .current_major = 1,
        .committed_build = 8, .committed_minor = 55, .committed_major = 1,
        .launch_mit_vector = 3, .current_mit_vector = 3,
    };

    memset(w, 0, sizeof(*w));
    w->own_chip[0] = 0x1a;
    w->report_data[0] = 0x50;
    w->policy = policy_default();
    w->context = (struct verify_context){ .own_chip_id = w->own_chip, .judge_identity = TRUE,
                                          .report_data = w->report_data };
    w->verdict.report = report;
    w->verdict.product = SNP_PRODUCT_GENOA;
    w->judge = (struct judge){ .policy = w->policy, .context = &w->context,
                               .verdict = &w->verdict, .extensions = vek };
}

static void
world_close(struct world *w)
{
    g_free(w->judge.reason);
    policy_free(w->policy);
}

static void
put(guint8 *at, gsize size, guint64 value)
{
    const guint32 word = (guint32)value;
    const guint16 half = (guint16)value;

    switch (size) {
    case sizeof(value):
        memcpy(at, &value, size);
        break;
    case sizeof(word):
        memcpy(at, &word, size);
        break;
    case sizeof(half):
        memcpy(at, &half, size);
        break;
    default:
        at[0] = (guint8)value;
    }
}

/* Text of one letter, or bytes. */
static void
list(GPtrArray *items, gsize len, guint64 value)
{
    guint8 item[64] = { (guint8)value };

    g_ptr_array_add(items, len == 2 ? (gpointer)g_strdup((const char *)item)
                                    : (gpointer)g_bytes_new(item, len));
}

static void
apply(struct world *w, const struct setting *s)
{
    switch (s->where) {
    case NOTHING:
        break;
    case IN_REPORT:
        put((guint8 *)&w->verdict.report + s->at, s->size, s->value);
        break;
    case IN_PEER:
        put((guint8 *)&w->policy->peer + s->at, s->size, s->value);
        break;
    case IN_VEK:
        put((guint8 *)&w->judge.extensions + s->at, s->size, s->value);
        break;
    case IN_JUDGE:
        put((guint8 *)&w->judge + s->at, s->size, s->value);
        break;
    case NO_OWN_CHIP:
        w->context.own_chip_id = NULL;
        break;
    case IN_OWN_CHIP:
        w->own_chip[0] = (guint8)s->value;
        break;
    case IN_LIST:
        list(*(GPtrArray **)(void *)((guint8 *)&w->policy->peer + s->at), s->size, s->value);
        break;
    }
}

static const struct judge_row *const tables[] = {
    judge_structure_rows, judge_match_rows, judge_content_rows, judge_peer_rows,
    NULL,
};

START_TEST(each_point_alone_decides)
{
    const struct judge_row *row = row_find(tables, cases[_i].row);
    struct world w;

    world_open(&w);
    for (gsize i = 0; i < G_N_ELEMENTS(cases[_i].settings); i++)
        apply(&w, &cases[_i].settings[i]);
    /* A signed launch has the digest that the policies here name. */
    if (w.verdict.report.key_info & 1)
        w.verdict.report.author_key_digest[0] = 0xa0;
    ck_assert_msg(row->check(&w.judge, row->arg) == cases[_i].good, "case %d of %s: %s", _i,
                  row->name, w.judge.reason != NULL ? w.judge.reason : "accepted");
    world_close(&w);
}
END_TEST

/* So that what a case changes is all that its row is against. */
START_TEST(the_good_world_is_accepted)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct judge_row *row = row_find(tables, cases[i].row);
        const gboolean good = strcmp(row->name, "peer_named") != 0 &&
                              strcmp(row->name, "has_cspid") != 0;
        struct world w;

        world_open(&w);
        ck_assert_msg(row->check(&w.judge, row->arg) == good, "%s: %s", row->name,
                      w.judge.reason != NULL ? w.judge.reason : "accepted");
        world_close(&w);
    }
}
END_TEST

Suite *
judge_suite(void)
{
    Suite *s = suite_create("judge");
    TCase *t = tcase_create("judge");

    tcase_add_test(t, the_good_world_is_accepted);
    tcase_add_loop_test(t, each_point_alone_decides, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(s, t);
    return s;
}
