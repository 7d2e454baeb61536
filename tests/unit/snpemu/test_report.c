/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_report - reports of the emulator pass the verifier under a policy that
 * names the emulator's root, and no other policy.
 */
#include "cocotransport/attest/verify.h"
#include "fixture.h"
#include "snpemu/report.h"

#include <string.h>
#include <time.h>

static const char peer_format[] =
    "[trust]\nroots = %s\n[cocotpm]\nmeasurement = %s\npolicy-digest = %s\n[link]\npsk = secret\n";

static policy_t *
policy_for(const char *root)
{
    g_autofree char *measurement = g_strnfill(96, '3');
    g_autofree char *digest = g_strnfill(64, '0');
    g_autofree char *text = g_strdup_printf(peer_format, root, measurement, digest);
    g_autoptr(GError) error = NULL;
    policy_t *p = policy_parse(text, strlen(text), POLICY_DRIVER, &error);

    ck_assert_msg(p != NULL, "%s", error ? error->message : "");
    return p;
}

static struct evidence
evidence_of(struct chip *chip, struct launch *l)
{
    const struct report_request request = { .report_data = { 1, 2, 3 } };
    uint8_t report[SNP_REPORT_SIZE];
    struct evidence e = { 0 };

    ck_assert_int_eq(report_make(chip, l, &request, report), FW_OK);
    e.parts[EVIDENCE_SNP_REPORT] = g_bytes_new(report, sizeof(report));
    e.parts[EVIDENCE_VEK_CERTIFICATE]
        = certificate_der(chip->vlek ? chip->vlek->certificate : chip->vcek->certificate, NULL);
    return e;
}

static gboolean
judge(struct chip *chip, const struct evidence *e, const char *root, char **ret_reason)
{
    static const guint8 report_data[64] = { 1, 2, 3 };
    g_autofree char *chain = fixture_chain(chip);
    g_autoptr(GBytes) chain_bytes = g_bytes_new(chain, strlen(chain));
    g_autoptr(policy_t) policy = policy_for(root);
    const struct verify_context context = {
        .now = time(NULL), .report_data = report_data, .own_chip_id = chip->chip_id,
        .chain = chain_bytes, .judge_identity = TRUE,
    };
    struct verdict v = { 0 };
    const gboolean ok = verify_evidence(e, policy, &context, &v);

    *ret_reason = g_strdup_printf("%s: %s", v.check ? v.check : "accepted", v.reason);
    verdict_clear(&v);
    return ok;
}

static const struct {
    const char *product;
    guint version;
} versions[] = {
    { "genoa", 2 }, { "genoa", 3 }, { "genoa", 5 }, { "milan", 3 }, { "turin", 5 }, { "turin", 3 },
};

START_TEST(reports_pass_the_verifier)
{
    g_autoptr(chip_t) chip = fixture_chip(versions[_i].product, versions[_i].version);
    g_autoptr(launch_t) l = fixture_launch(chip, 0x33);
    g_autofree char *pin = fixture_pin(chip);
    g_autofree char *root = g_strdup_printf("file:ark.pem sha256:%s", pin);
    g_autofree char *reason = NULL;
    struct evidence e = evidence_of(chip, l);

    ck_assert_msg(judge(chip, &e, root, &reason), "%s %u: %s", versions[_i].product,
                  versions[_i].version, reason);
    evidence_clear(&e);
}
END_TEST

START_TEST(other_policies_refuse_them)
{
    static const char *const roots[] = { "amd-genoa; amd-turin", "amd-genoa",
        "file:ark.pem sha256:0000000000000000000000000000000000000000000000000000000000000000" };
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = fixture_launch(chip, 0x33);
    struct evidence e = evidence_of(chip, l);

    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        g_autofree char *reason = NULL;

        ck_assert(!judge(chip, &e, roots[i], &reason));
        ck_assert_msg(g_str_has_prefix(reason, "ark_pinned"), "%s", reason);
    }
    evidence_clear(&e);
}
END_TEST

START_TEST(fields_are_where_the_specification_has_them)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 5);
    g_autoptr(launch_t) l = fixture_launch_with(chip, 0x33, 0x44, POLICY_DEFAULT | 1 << 19);
    struct evidence e = evidence_of(chip, l);
    struct snp_report r = { 0 };

    ck_assert(snp_report_parse(g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], NULL),
                               SNP_REPORT_SIZE, &r, NULL));
    ck_assert_uint_eq(r.version, 5);
    ck_assert_uint_eq(r.policy, 0xb0000);
    ck_assert_uint_eq(r.measurement[47], 0x33);
    ck_assert_uint_eq(r.host_data[31], 0x44);
    ck_assert_uint_eq(r.report_id_ma[31], 0xff);
    ck_assert(memcmp(r.report_id, l->report_id, 32) == 0);
    ck_assert(memcmp(r.chip_id, chip->chip_id, 64) == 0);
    ck_assert_uint_eq(r.reported_tcb, snp_tcb_join(chip->reported, chip->product));
    ck_assert_uint_eq(r.launch_tcb, snp_tcb_join(chip->current, chip->product));
    ck_assert_uint_eq(r.launch_mit_vector, 1);
    ck_assert_uint_eq(r.current_minor, 58);
    ck_assert_int_eq(snp_report_product(&r), SNP_PRODUCT_GENOA);
    evidence_clear(&e);
}
END_TEST

START_TEST(masks_show_in_the_report)
{
    g_autoptr(chip_t) chip = fixture_chip("genoa", 3);
    g_autoptr(launch_t) l = fixture_launch(chip, 0x33);
    const struct report_request vcek = { .key_selection = KEY_VCEK };
    const struct report_request vlek = { .key_selection = KEY_VLEK };
    uint8_t report[SNP_REPORT_SIZE];

    ck_assert_int_eq(report_make(chip, l, &vlek, report), FW_INVALID_KEY);
    ck_assert_int_eq(chip_configure(chip, chip->reported, TRUE, TRUE, NULL), FW_OK);
    ck_assert_int_eq(report_make(chip, l, &vcek, report), FW_OK);
    ck_assert_uint_eq(report[0x48], 2 | 7 << 2);
    ck_assert_uint_eq(report[0x1a0], 0);
    ck_assert_uint_eq(report[0x2a0], 0);         /* no signature */
    l->vcek_disabled = TRUE;
    ck_assert_int_eq(report_make(chip, l, &vcek, report), FW_INVALID_KEY);
}
END_TEST

Suite *report_suite(void);

Suite *
report_suite(void)
{
    Suite *s = suite_create("report");
    TCase *t = tcase_create("report");

    tcase_set_timeout(t, FIXTURE_TIMEOUT);
    tcase_add_unchecked_fixture(t, fixture_setup, NULL);
    tcase_add_loop_test(t, reports_pass_the_verifier, 0, G_N_ELEMENTS(versions));
    tcase_add_test(t, other_policies_refuse_them);
    tcase_add_test(t, fields_are_where_the_specification_has_them);
    tcase_add_test(t, masks_show_in_the_report);
    suite_add_tcase(s, t);
    return s;
}
