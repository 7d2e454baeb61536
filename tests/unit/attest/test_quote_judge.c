/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_quote_judge - the rows of a TDX verdict one by one, past the signatures:
 * what the quote says of itself, of its TD and of its quoting enclave, and what
 * Intel publishes of them.
 */
#include "config.h"

#include "judge_rows.h"
#include "suites.h"

#include <stddef.h>
#include <string.h>

Suite *quote_judge_suite(void);

#define NOW 1000

struct world {
    struct judge judge;
    struct policy *policy;
    struct verify_context context;
    struct verdict verdict;
    struct tdx_collateral collateral;
    guint8 report_data[64], qe_report[TDX_QE_REPORT_SIZE];
};

/* What a case has otherwise than the good world; a long field by one of its bytes. */
struct setting {
    enum { NOTHING, IN_QUOTE, IN_TD, IN_QE, IN_PEER, IN_POLICY, IN_PCK, IN_INFO, IN_IDENTITY,
           IN_MODULE, IN_LEVEL, IN_QE_LEVEL, IN_VERDICT, NO_INFO, NO_IDENTITY, LISTED } where;
    gsize at, size;
    guint64 value;
};

#define FIELD(where, type, field, value) \
    { where, offsetof(struct type, field), sizeof(((struct type *)NULL)->field), value }
#define BYTE(where, type, field, n, value) { where, offsetof(struct type, field) + (n), 1, value }
#define QUOTE(field, value) FIELD(IN_QUOTE, tdx_quote, field, value)
#define TD(field, value) FIELD(IN_TD, td_report, field, value)
#define TD_BYTE(field, n, value) BYTE(IN_TD, td_report, field, n, value)
#define QE(at, value) { IN_QE, at, 1, value }
#define PEER(field, value) FIELD(IN_PEER, policy_peer, field, value)
#define PEER_BYTE(field, n, value) BYTE(IN_PEER, policy_peer, field, n, value)
#define LIST(field, len, value) { LISTED, offsetof(struct policy_peer, field), len, value }
#define SVN(n, value) TD_BYTE(tee_tcb_svn, n, value)

static const struct {
    const char *row;
    gboolean good;
    struct setting settings[3];
} cases[] = {
    { "quote_kind", FALSE, { QUOTE(tee_type, 0) } },
    { "quote_kind", FALSE, { QUOTE(key_type, 3) } },
    { "quote_kind", FALSE, { BYTE(IN_QUOTE, tdx_quote, qe_vendor, 15, 8) } },
    { "qe_no_debug", FALSE, { QE(48, 3) } },
    { "qe_no_debug", TRUE, { QE(48, 0x15) } },
    { "td_no_debug", FALSE, { TD(attributes, 1) } },
    { "td_no_debug", FALSE, { TD(attributes, 0x80) } },
    { "td_no_debug", TRUE, { TD(attributes, 0x100) } },
    { "td_no_debug", TRUE, { TD(attributes, 1), PEER(policy_forbid, SNP_POLICY_MIGRATE_MA) } },
    { "td_no_migration", FALSE, { TD(attributes, 1 << 29) } },
    { "td_no_migration", TRUE, { TD(attributes, 1 << 28) } },
    { "td_no_migration", TRUE, { TD(attributes, 1 << 29), PEER(policy_forbid, SNP_POLICY_DEBUG) } },
    { "module_signer", FALSE, { TD_BYTE(mr_signer_seam, 0, 1) } },
    { "module_signer", FALSE, { TD_BYTE(mr_signer_seam, 47, 1) } },
    { "module_signer", FALSE, { TD(seam_attributes, 1) } },
    { "same_chip", FALSE, { PEER(same_chip, TRUE) } },
    { "mrtd", FALSE, { TD_BYTE(mrtd, 47, 1) } },
    { "mrtd", FALSE, { TD_BYTE(mrtd, 0, 7), LIST(td_measurements, 49, 7) } },
    { "mrtd", TRUE, { TD_BYTE(mrtd, 0, 7), LIST(td_measurements, 48, 7) } },
    { "rtmr0", TRUE, { TD_BYTE(rtmr, 0, 7) } },
    { "rtmr0", FALSE, { LIST(td_rtmr[0], 48, 7) } },
    { "rtmr0", TRUE, { LIST(td_rtmr[0], 48, 7), TD_BYTE(rtmr, 0, 7) } },
    { "rtmr1", FALSE, { LIST(td_rtmr[1], 48, 7), TD_BYTE(rtmr, 0, 7) } },
    { "rtmr1", TRUE, { LIST(td_rtmr[1], 48, 7), TD_BYTE(rtmr, 48, 7) } },
    { "rtmr2", FALSE, { LIST(td_rtmr[2], 48, 7), TD_BYTE(rtmr, 48, 7) } },
    { "rtmr2", TRUE, { LIST(td_rtmr[2], 48, 7), TD_BYTE(rtmr, 96, 7) } },
    { "rtmr2", TRUE, { TD_BYTE(rtmr, 96, 7), FIELD(IN_POLICY, policy, kind, POLICY_INSTANCE) } },
    { "rtmr3", TRUE, { TD_BYTE(rtmr, 144, 7) } },
    { "rtmr3", TRUE, { FIELD(IN_POLICY, policy, kind, POLICY_INSTANCE) } },
    { "rtmr3", FALSE, { TD_BYTE(rtmr, 144, 7), FIELD(IN_POLICY, policy, kind, POLICY_INSTANCE) } },
    { "rtmr3", FALSE, { TD_BYTE(rtmr, 191, 7), FIELD(IN_POLICY, policy, kind, POLICY_INSTANCE) } },
    { "rtmr3", TRUE, { TD_BYTE(rtmr, 144, 7), FIELD(IN_POLICY, policy, kind, POLICY_INSTANCE),
                       LIST(td_rtmr[3], 48, 7) } },
    { "mrseam", TRUE, { TD_BYTE(mr_seam, 0, 7) } },
    { "mrseam", FALSE, { LIST(td_mr_seam, 48, 7) } },
    { "mrseam", TRUE, { LIST(td_mr_seam, 48, 7), TD_BYTE(mr_seam, 0, 7) } },
    { "td_owner", TRUE, { TD_BYTE(mr_config_id, 0, 7), TD_BYTE(mr_owner, 0, 7),
                          TD_BYTE(mr_owner_config, 0, 7) } },
    { "td_owner", FALSE, { PEER_BYTE(td_config_id, 47, 7), PEER(td_config_id_given, TRUE) } },
    { "td_owner", FALSE, { PEER_BYTE(td_owner, 47, 7), PEER(td_owner_given, TRUE) } },
    { "td_owner", FALSE, { PEER_BYTE(td_owner_config, 47, 7), PEER(td_owner_config_given, TRUE) } },
    { "td_owner", TRUE, { PEER(td_config_id_given, TRUE), PEER(td_owner_given, TRUE),
                          PEER(td_owner_config_given, TRUE) } },
    { "report_data", FALSE, { TD_BYTE(report_data, 0, 7) } },
    { "report_data", FALSE, { TD_BYTE(report_data, 63, 7) } },
    { "tcb_info_validity", FALSE, { FIELD(IN_INFO, tcb_info, part.issued, NOW + 1) } },
    { "tcb_info_validity", FALSE, { FIELD(IN_INFO, tcb_info, part.next_update, NOW - 1) } },
    { "tcb_info_validity", TRUE, { FIELD(IN_INFO, tcb_info, part.issued, NOW),
                                   FIELD(IN_INFO, tcb_info, part.next_update, NOW) } },
    { "tcb_info_validity", TRUE, { FIELD(IN_IDENTITY, qe_identity, part.next_update, 1) } },
    { "qe_identity_validity", FALSE, { FIELD(IN_IDENTITY, qe_identity, part.issued, NOW + 1) } },
    { "qe_identity_validity", FALSE, { FIELD(IN_IDENTITY, qe_identity, part.next_update, 1) } },
    { "tcb_info_platform", FALSE, { BYTE(IN_INFO, tcb_info, fmspc, 5, 7) } },
    { "tcb_info_platform", FALSE, { BYTE(IN_PCK, pck_extensions, pce_id, 1, 7) } },
    { "tdx_module", FALSE, { SVN(1, 4) } },
    { "tdx_module", FALSE, { TD_BYTE(mr_signer_seam, 47, 1) } },
    { "tdx_module", FALSE, { TD(seam_attributes, 1) } },
    { "tdx_module", FALSE, { TD(seam_attributes, G_GUINT64_CONSTANT(1) << 63) } },
    { "tdx_module", TRUE, { TD(seam_attributes, G_GUINT64_CONSTANT(1) << 63),
                            BYTE(IN_MODULE, tdx_module, mask, 7, 0) } },
    { "tdx_module", TRUE, { SVN(0, 5) } },
    { "tdx_module", FALSE, { SVN(0, 4) } },
    { "tdx_module", TRUE, { SVN(0, 0), SVN(1, 0), FIELD(IN_MODULE, tdx_module, version, 0) } },
    { "tcb_level", FALSE, { BYTE(IN_LEVEL, tcb_level, sgx, 15, 7) } },
    { "tcb_level", FALSE, { BYTE(IN_LEVEL, tcb_level, sgx, 0, 7) } },
    { "tcb_level", FALSE, { FIELD(IN_LEVEL, tcb_level, svn, 12) } },
    { "tcb_level", TRUE, { FIELD(IN_LEVEL, tcb_level, svn, 11) } },
    { "tcb_level", FALSE, { BYTE(IN_LEVEL, tcb_level, tdx, 15, 7) } },
    { "tcb_level", FALSE, { BYTE(IN_LEVEL, tcb_level, tdx, 2, 7) } },
    /* A module that says its version is judged by its own levels. */
    { "tcb_level", TRUE, { BYTE(IN_LEVEL, tcb_level, tdx, 0, 7),
                           BYTE(IN_LEVEL, tcb_level, tdx, 1, 7) } },
    { "tcb_level", FALSE, { BYTE(IN_LEVEL, tcb_level, tdx, 0, 7), SVN(1, 0) } },
    { "tcb_level", TRUE, { BYTE(IN_LEVEL, tcb_level, tdx, 0, 5), SVN(1, 0) } },
    { "qe_identity", FALSE, { QE(128 + 31, 7) } },
    { "qe_identity", FALSE, { QE(256, 3) } },
    { "qe_identity", FALSE, { QE(257, 1) } },
    { "qe_identity", FALSE, { QE(16 + 3, 1) } },
    { "qe_identity", FALSE, { QE(48 + 15, 1) } },
    { "qe_identity", TRUE, { QE(48 + 15, 1), BYTE(IN_IDENTITY, qe_identity, mask, 15, 0) } },
    { "qe_identity", TRUE, { QE(16 + 3, 1), BYTE(IN_IDENTITY, qe_identity, misc_mask, 3, 0) } },
    { "qe_identity", FALSE, { QE(258, 3) } },
    { "qe_identity", TRUE, { QE(258, 0), QE(259, 1) } },
    { "tcb_status", FALSE, { FIELD(IN_VERDICT, tcb_verdict, platform_judged, FALSE) } },
    { "tcb_status", TRUE, { FIELD(IN_VERDICT, tcb_verdict, platform_judged, FALSE),
                            { NO_INFO, 0, 0, 0 } } },
    { "tcb_status", FALSE, { FIELD(IN_VERDICT, tcb_verdict, qe_judged, FALSE) } },
    { "tcb_status", TRUE, { FIELD(IN_VERDICT, tcb_verdict, qe_judged, FALSE),
                            { NO_IDENTITY, 0, 0, 0 } } },
    { "tcb_status", FALSE, { FIELD(IN_VERDICT, tcb_verdict, platform, TCB_SW_HARDENING_NEEDED) } },
    { "tcb_status", FALSE, { FIELD(IN_VERDICT, tcb_verdict, module, TCB_OUT_OF_DATE) } },
    { "tcb_status", FALSE, { FIELD(IN_VERDICT, tcb_verdict, qe, TCB_REVOKED) } },
};

static void
add_level(GArray *levels, guint16 svn)
{
    const struct tcb_level level = { .svn = svn };

    g_array_append_val(levels, level);
}

static void
collateral_open(struct world *w)
{
    struct tdx_module module = { .version = 3, .levels = tcb_levels_new() };

    memset(module.mask, 0xff, sizeof(module.mask));
    add_level(module.levels, 5);
    w->collateral.tcb_info = tcb_info_new();
    w->collateral.tcb_info->part.next_update = 2 * NOW;
    g_array_append_val(w->collateral.tcb_info->modules, module);
    add_level(w->collateral.tcb_info->levels, 11);
    w->collateral.qe_identity = qe_identity_new();
    w->collateral.qe_identity->part.next_update = 2 * NOW;
    w->collateral.qe_identity->product = 2;
    memset(w->collateral.qe_identity->mask, 0xff, 16);
    memset(w->collateral.qe_identity->misc_mask, 0xff, 4);
    add_level(w->collateral.qe_identity->levels, 4);
}

/* What no row here has anything against. */
static void
world_open(struct world *w)
{
    static const guint8 vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
    const guint8 mrtd[48] = { 0 };

    memset(w, 0, sizeof(*w));
    collateral_open(w);
    w->policy = policy_default();
    w->policy->peer.same_chip = FALSE;
    g_ptr_array_add(w->policy->peer.td_measurements, g_bytes_new(mrtd, sizeof(mrtd)));
    w->context = (struct verify_context){ .now = NOW, .judge_identity = TRUE,
                                          .report_data = w->report_data,
                                          .collateral = &w->collateral };
    w->verdict.td.tee_tcb_svn[0] = 5;
    w->verdict.td.tee_tcb_svn[1] = 3;
    w->verdict.tcb.platform_judged = w->verdict.tcb.qe_judged = TRUE;
    w->qe_report[256] = 2;
    w->qe_report[258] = 4;
    w->judge = (struct judge){ .policy = w->policy, .context = &w->context,
                               .verdict = &w->verdict };
    w->judge.quote = (struct tdx_quote){ .tee_type = 0x81, .key_type = 2,
                                         .qe_report = w->qe_report };
    memcpy(w->judge.quote.qe_vendor, vendor, sizeof(vendor));
    w->judge.pck.pce_svn = 11;
}

static void
world_close(struct world *w)
{
    g_free(w->judge.reason);
    g_free(w->verdict.tcb.advisories);
    tcb_info_free(w->collateral.tcb_info);
    qe_identity_free(w->collateral.qe_identity);
    policy_free(w->policy);
}

static void
put(void *base, const struct setting *s)
{
    guint8 *at = (guint8 *)base + s->at;
    const guint32 word = (guint32)s->value;
    const guint16 half = (guint16)s->value;

    if (s->size == sizeof(s->value))
        memcpy(at, &s->value, s->size);
    else if (s->size == sizeof(word))
        memcpy(at, &word, s->size);
    else if (s->size == sizeof(half))
        memcpy(at, &half, s->size);
    else
        at[0] = (guint8)s->value;
}

static void
list(struct world *w, const struct setting *s)
{
    const guint8 item[64] = { (guint8)s->value };
    GPtrArray **items = (GPtrArray **)(void *)((guint8 *)&w->policy->peer + s->at);

    g_ptr_array_add(*items, g_bytes_new(item, s->size));
}

static void
apply(struct world *w, const struct setting *s)
{
    struct tcb_info *info = w->collateral.tcb_info;
    struct qe_identity *identity = w->collateral.qe_identity;
    void *const bases[] = {
        [IN_QUOTE] = &w->judge.quote, [IN_TD] = &w->verdict.td, [IN_QE] = w->qe_report,
        [IN_PEER] = &w->policy->peer, [IN_POLICY] = w->policy, [IN_PCK] = &w->judge.pck,
        [IN_INFO] = info, [IN_IDENTITY] = identity, [IN_VERDICT] = &w->verdict.tcb,
        [IN_MODULE] = info != NULL ? info->modules->data : NULL,
        [IN_LEVEL] = info != NULL ? info->levels->data : NULL,
        [IN_QE_LEVEL] = identity != NULL ? identity->levels->data : NULL,
    };

    if (s->where == LISTED)
        list(w, s);
    else if (s->where == NO_INFO)
        g_clear_pointer(&w->collateral.tcb_info, tcb_info_free);
    else if (s->where == NO_IDENTITY)
        g_clear_pointer(&w->collateral.qe_identity, qe_identity_free);
    else if (s->where != NOTHING)
        put(bases[s->where], s);
}

static const struct judge_row *const tables[] = {
    judge_tdx_rows, judge_td_rows, judge_collateral_rows,
    NULL,
};

START_TEST(each_point_alone_decides)
{
    const struct judge_row *row = row_find(tables, cases[_i].row);
    struct world w;

    world_open(&w);
    for (gsize i = 0; i < G_N_ELEMENTS(cases[_i].settings); i++)
        apply(&w, &cases[_i].settings[i]);
    ck_assert_msg(row->check(&w.judge, row->arg) == cases[_i].good, "case %d of %s: %s", _i,
                  row->name, w.judge.reason != NULL ? w.judge.reason : "accepted");
    ck_assert_msg((w.judge.reason != NULL) == !cases[_i].good, "case %d of %s", _i, row->name);
    world_close(&w);
}
END_TEST

/* So that what a case changes is all that its row is against. */
START_TEST(the_good_world_is_accepted)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct judge_row *row = row_find(tables, cases[i].row);
        struct world w;

        world_open(&w);
        ck_assert_msg(row->check(&w.judge, row->arg), "%s: %s", row->name, w.judge.reason);
        world_close(&w);
    }
}
END_TEST

/* What of the statuses is good enough is the caller's to say, one by one. */
START_TEST(a_status_is_accepted_by_its_name)
{
    const struct judge_row *row = row_find(tables, "tcb_status");

    for (unsigned status = 0; status <= TCB_REVOKED; status++)
        for (unsigned accepted = 0; accepted <= TCB_REVOKED; accepted++) {
            struct world w;

            world_open(&w);
            w.verdict.tcb.platform = (enum tcb_status)status;
            w.collateral.accept = 1u << accepted;
            ck_assert(row->check(&w.judge, row->arg) ==
                      (status == TCB_UP_TO_DATE || status == accepted));
            ck_assert_uint_eq(w.verdict.tcb.joined, status);
            world_close(&w);
        }
}
END_TEST

Suite *
quote_judge_suite(void)
{
    Suite *s = suite_create("quote_judge");
    TCase *t = tcase_create("quote_judge");

    tcase_add_test(t, the_good_world_is_accepted);
    tcase_add_loop_test(t, each_point_alone_decides, 0, G_N_ELEMENTS(cases));
    tcase_add_test(t, a_status_is_accepted_by_its_name);
    suite_add_tcase(s, t);
    return s;
}
