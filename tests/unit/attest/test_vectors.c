/* SPDX-License-Identifier: BSD-3-Clause */
/* test_vectors - every report of the vectors gets the verdict that its manifest expects. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "suites.h"
#include "vectors.h"

Suite *vectors_suite(void);

static time_t
time_of(JsonObject *entry)
{
    const char *at = NULL;
    g_autofree char *full = NULL;
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) when = NULL;

    if (json_object_has_member(entry, "at") &&
        !json_object_get_null_member(entry, "at"))
        at = json_object_get_string_member(entry, "at");
    if (at == NULL)
        return time(NULL);
    full = strchr(at, 'T') != NULL ? g_strdup(at) : g_strconcat(at, "T12:00:00Z", NULL);
    when = g_date_time_new_from_iso8601(full, utc);
    ck_assert_msg(when != NULL, "%s", at);
    return (time_t)g_date_time_to_unix(when);
}

static void
judge_entry(JsonObject *entry)
{
    const char *name = json_object_get_string_member(entry, "name");
    const gboolean synthetic = json_object_has_member(entry, "pins");
    JsonArray *wanted = json_object_get_array_member(entry, "expect_fail");
    const gboolean good = json_array_get_length(wanted) == 0;
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = vector_policy(synthetic);
    g_autoptr(GBytes) chain = vector_load(json_object_get_string_member(entry, "ca"));
    struct verify_context context = { .now = time_of(entry), .chain = chain };
    struct verdict first = { 0 }, all = { 0 };

    ck_assert(vector_evidence(json_object_get_string_member(entry, "report"),
                              json_object_get_string_member(entry, "vek"), &evidence));
    ck_assert_msg(verify_evidence(&evidence, policy, &context, &first) == good, "%s: %s, %s", name,
                  first.check, first.reason);
    context.all_checks = TRUE;
    ck_assert_msg(verify_evidence(&evidence, policy, &context, &all) == good, "%s", name);
    ck_assert_str_eq(good ? "" : first.check, good ? "" : all.check);
    for (guint i = 0; i < json_array_get_length(wanted); i++) {
        const char *check = json_array_get_string_element(wanted, i);

        ck_assert_msg(vector_result(&all, check) == CHECK_FAILED, "%s: %s did not fail (%s did)",
                      name, check, all.check);
    }
    verdict_clear(&first);
    verdict_clear(&all);
}

static void
judge_manifest(const char *file, guint at_least)
{
    g_autofree char *path = test_vector_path(file);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *entries;

    if (path == NULL)
        return;
    ck_assert(json_parser_load_from_file(parser, path, NULL));
    entries = json_node_get_array(json_parser_get_root(parser));
    ck_assert_uint_ge(json_array_get_length(entries), at_least);
    for (guint i = 0; i < json_array_get_length(entries); i++)
        judge_entry(json_array_get_object_element(entries, i));
}

START_TEST(real_reports_verify)
{
    judge_manifest("manifest.json", 13);
}
END_TEST

START_TEST(broken_reports_are_refused)
{
    judge_manifest("neg.json", 181);
}
END_TEST

START_TEST(signed_faults_are_refused)
{
    judge_manifest("synthetic.json", 44);
}
END_TEST

/* A root that was read before stands in for one in the chain, never beside one. */
START_TEST(a_root_may_be_read_before)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = vector_policy(FALSE);
    g_autoptr(GBytes) ask = vector_load("ca/genoa_ask.der");
    g_autoptr(GBytes) ark = vector_load("ca/genoa_ark.der");
    g_autoptr(GBytes) other = vector_load("ca/milan_ark.der");
    g_autoptr(GBytes) both = vector_load("ca/ask_ark_genoa.pem");
    const struct {
        GBytes *chain, *root;
        gboolean good;
    } cases[] = {
        { ask, ark, TRUE }, { ask, NULL, FALSE }, { ask, other, FALSE }, { ark, ark, FALSE },
        { both, other, TRUE }, { ask, ask, FALSE },
    };

    if (ask == NULL ||
        !vector_evidence("snp/oak_genoa_oc.report.bin", "snp/oak_genoa_oc.vcek.der", &evidence))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(certificate_t) root = cases[i].root ? certificate_parse(cases[i].root, NULL) : NULL;
        const struct verify_context context = { .now = time(NULL), .chain = cases[i].chain,
                                                .root = root };
        struct verdict v = { 0 };

        ck_assert_msg(verify_evidence(&evidence, policy, &context, &v) == cases[i].good, "%zu", i);
        verdict_clear(&v);
    }
}
END_TEST

START_TEST(no_flipped_byte_is_accepted)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = vector_policy(FALSE);
    const struct verify_context context = { .now = time(NULL) };
    g_autofree guint8 *raw = NULL;
    gsize len;

    if (!vector_evidence("snp/oak_genoa_oc.report.bin", "snp/oak_genoa_oc.vcek.der", &evidence))
        return;
    raw = g_memdup2(g_bytes_get_data(evidence.parts[EVIDENCE_SNP_REPORT], &len), SNP_REPORT_SIZE);
    for (gsize i = 0; i < len; i++) {
        struct verdict v = { 0 };

        g_clear_pointer(&evidence.parts[EVIDENCE_SNP_REPORT], g_bytes_unref);
        raw[i] ^= (guint8)(1u << (i % 8));
        evidence.parts[EVIDENCE_SNP_REPORT] = g_bytes_new(raw, len);
        ck_assert_msg(!verify_evidence(&evidence, policy, &context, &v), "byte %zu", i);
        raw[i] ^= (guint8)(1u << (i % 8));
        verdict_clear(&v);
    }
}
END_TEST

/* Up to the PEM text, in which blanks may change without a meaning. */
START_TEST(no_flipped_byte_of_a_quote_is_accepted)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = policy_default();
    const struct verify_context context = { .now = time(NULL) };
    g_autoptr(GBytes) quote = vector_load("tdx/trustee_tdx_quote_5.dat");
    g_autofree guint8 *raw = NULL;
    struct tdx_quote parsed;
    struct verdict good = { 0 };
    gsize len, end;

    if (quote == NULL)
        return;
    g_ptr_array_add(policy->roots, policy_root_parse("intel-tdx", NULL));
    raw = g_memdup2(g_bytes_get_data(quote, &len), g_bytes_get_size(quote));
    ck_assert(tdx_quote_parse(raw, len, &parsed, NULL));
    end = (gsize)(parsed.chain - raw);
    evidence.parts[EVIDENCE_TDX_QUOTE] = g_bytes_ref(quote);
    ck_assert(verify_evidence(&evidence, policy, &context, &good));
    verdict_clear(&good);
    for (gsize i = 0; i < end; i++) {
        struct verdict v = { 0 };

        g_clear_pointer(&evidence.parts[EVIDENCE_TDX_QUOTE], g_bytes_unref);
        raw[i] ^= (guint8)(1u << (i % 8));
        evidence.parts[EVIDENCE_TDX_QUOTE] = g_bytes_new(raw, len);
        ck_assert_msg(!verify_evidence(&evidence, policy, &context, &v), "byte %zu", i);
        raw[i] ^= (guint8)(1u << (i % 8));
        verdict_clear(&v);
    }
}
END_TEST

/* Its report is signed by any platform's key: what makes it Intel's is its signer and product. */
START_TEST(another_enclave_is_not_intels)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = policy_default();
    const struct verify_context context = { .now = time(NULL), .all_checks = TRUE };
    g_autoptr(GBytes) quote = vector_load("tdx/trustee_tdx_quote_6.dat");
    static const gsize offsets[] = { 128, 159, 256, 257 };
    g_autofree guint8 *raw = NULL;
    struct tdx_quote parsed;
    gsize len;

    if (quote == NULL)
        return;
    g_ptr_array_add(policy->roots, policy_root_parse("intel-tdx", NULL));
    raw = g_memdup2(g_bytes_get_data(quote, &len), g_bytes_get_size(quote));
    ck_assert(tdx_quote_parse(raw, len, &parsed, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        const gsize at = (gsize)(parsed.qe_report - raw) + offsets[i];
        struct verdict v = { 0 };

        g_clear_pointer(&evidence.parts[EVIDENCE_TDX_QUOTE], g_bytes_unref);
        raw[at] ^= 1;
        evidence.parts[EVIDENCE_TDX_QUOTE] = g_bytes_new(raw, len);
        ck_assert(!verify_evidence(&evidence, policy, &context, &v));
        ck_assert_int_eq(vector_result(&v, "qe_signer"), CHECK_FAILED);
        raw[at] ^= 1;
        verdict_clear(&v);
    }
}
END_TEST

START_TEST(default_policy_refuses_milan_and_test_roots)
{
    static const char *const reports[][3] = {
        { "snp/milan_virtee.report.bin", "snp/milan_virtee.vcek.der", "ca/ask_ark_milan.pem" },
        { "synthetic/good_genoa_v3.report.bin", "synthetic/vcek_genoa.der",
          "synthetic/ask_ark_genoa.pem" },
    };
    g_autoptr(policy_t) policy = policy_default();

    for (size_t i = 0; i < G_N_ELEMENTS(reports); i++) {
        g_auto(evidence_t) evidence = { { NULL } };
        g_autoptr(GBytes) chain = NULL;
        struct verify_context context = { .now = time(NULL) };
        struct verdict v = { 0 };

        if (!vector_evidence(reports[i][0], reports[i][1], &evidence))
            return;
        context.chain = chain = vector_load(reports[i][2]);
        ck_assert(!verify_evidence(&evidence, policy, &context, &v));
        ck_assert_str_eq(v.check, "ark_pinned");
        verdict_clear(&v);
    }
}
END_TEST

static const struct {
    const char *crl;
    gboolean vlek;
    const char *check;               /* NULL: accepted */
} crl_cases[] = {
    { "synthetic/crl_empty_good.crl.der", FALSE, NULL },
    { "synthetic/crl_empty_good.crl.der", TRUE, NULL },
    { "synthetic/crl_revokes_ask.crl.der", FALSE, "ask_not_revoked" },
    { "synthetic/crl_revokes_ask.crl.der", TRUE, NULL },
    { "synthetic/crl_revokes_asvk.crl.der", FALSE, NULL },
    { "synthetic/crl_revokes_asvk.crl.der", TRUE, "ask_not_revoked" },
    { "synthetic/crl_expired.crl.der", FALSE, "crl_validity" },
    { "synthetic/crl_signed_by_ask.crl.der", FALSE, "crl_signed_by_ark" },
    { "synthetic/vcek_milan.der", FALSE, "crl_parse" },
};

START_TEST(revocation_lists_are_judged)
{
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(policy_t) policy = vector_policy(TRUE);
    g_autoptr(GBytes) chain = NULL;
    g_autoptr(GBytes) crl = NULL;
    struct verify_context context = { .now = time(NULL) };
    struct verdict v = { 0 };
    const gboolean vlek = crl_cases[_i].vlek;

    if (!vector_evidence(vlek ? "synthetic/good_vlek.report.bin"
                              : "synthetic/good_milan_v3.report.bin",
                         vlek ? "synthetic/vlek_milan.der" : "synthetic/vcek_milan.der", &evidence))
        return;
    context.chain = chain = vector_load(vlek ? "synthetic/asvk_ark_milan.pem"
                                             : "synthetic/ask_ark_milan.pem");
    context.crl = crl = vector_load(crl_cases[_i].crl);
    verify_evidence(&evidence, policy, &context, &v);
    ck_assert_msg(v.accepted == (crl_cases[_i].check == NULL), "%s: %s", crl_cases[_i].crl,
                  v.reason);
    if (!v.accepted)
        ck_assert_str_eq(v.check, crl_cases[_i].check);
    verdict_clear(&v);
}
END_TEST

Suite *
vectors_suite(void)
{
    Suite *s = suite_create("vectors");
    TCase *c = tcase_create("vectors");

    tcase_set_timeout(c, 300);
    tcase_add_test(c, real_reports_verify);
    tcase_add_test(c, broken_reports_are_refused);
    tcase_add_test(c, signed_faults_are_refused);
    tcase_add_test(c, a_root_may_be_read_before);
    tcase_add_test(c, no_flipped_byte_is_accepted);
    tcase_add_test(c, no_flipped_byte_of_a_quote_is_accepted);
    tcase_add_test(c, another_enclave_is_not_intels);
    tcase_add_test(c, default_policy_refuses_milan_and_test_roots);
    tcase_add_loop_test(c, revocation_lists_are_judged, 0, (int)G_N_ELEMENTS(crl_cases));
    suite_add_tcase(s, c);
    return s;
}
