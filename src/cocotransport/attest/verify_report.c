/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_report - the checks that look at the report alone: its structure
 * first, and what it says once its signature is known to be good.
 */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/judge.h"

static gboolean
check_size(struct judge *j, G_GNUC_UNUSED int arg)
{
    if (j->raw_len != SNP_REPORT_SIZE)
        return judge_fail(j, "an SNP report has %d bytes, this has %zu", SNP_REPORT_SIZE,
                          j->raw_len);
    snp_report_decode(j->raw, &j->verdict->report);
    j->vlek = snp_report_signing_key(&j->verdict->report) == SNP_SIGNED_BY_VLEK;
    j->found |= NEED_REPORT;
    return TRUE;
}

static gboolean
check_version(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint32 version = j->verdict->report.version;

    if (!snp_report_version_known(version))
        return judge_fail(j, "report version %u is not known", version);
    if (version == 4 && !j->policy->peer.allow_version_4)
        return judge_fail(j, "report version 4 is accepted only where the policy says "
                          "report-version-4 = yes");
    return TRUE;
}

static gboolean
check_algorithm(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint32 algorithm = j->verdict->report.signature_algo;

    return algorithm == 1 || judge_fail(j, "signature algorithm %u is not ECDSA P-384 with "
                                        "SHA-384 (1)", algorithm);
}

static gboolean
check_signing_key(struct judge *j, G_GNUC_UNUSED int arg)
{
    const unsigned key = snp_report_signing_key(&j->verdict->report);

    if (key == SNP_SIGNED_BY_NONE)
        return judge_fail(j, "the report is not signed at all (SIGNING_KEY is none)");
    return key <= SNP_SIGNED_BY_VLEK || judge_fail(j, "SIGNING_KEY %u is reserved", key);
}

static gboolean
check_key_info(struct judge *j, G_GNUC_UNUSED int arg)
{
    return j->verdict->report.key_info >> 5 == 0 ||
           judge_fail(j, "reserved bits of the key information are set (0x%x)",
                      j->verdict->report.key_info);
}

const struct judge_row judge_structure_rows[] = {
    { "size", check_size, WHEN_ALWAYS, 0, 0 },
    { "version_known", check_version, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "sig_algo", check_algorithm, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "signing_key_valid", check_signing_key, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "key_info_mbz", check_key_info, WHEN_ALWAYS, NEED_REPORT, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};

static gboolean
check_reserved(struct judge *j, int which)
{
    return snp_report_reserved_zero(j->raw, j->verdict->report.version, (enum snp_reserved)which) ||
           judge_fail(j, "reserved bytes of the report are not zero");
}

static gboolean
check_author_key(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct snp_report *r = &j->verdict->report;

    return snp_report_has_author_key(r) ||
           judge_zero(r->author_key_digest, sizeof(r->author_key_digest)) ||
           judge_fail(j, "there is an author key digest, but AUTHOR_KEY_EN is clear");
}

static gboolean
check_vmpl_range(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint32 vmpl = j->verdict->report.vmpl;

    return vmpl <= 3 || vmpl == SNP_VMPL_HOST || judge_fail(j, "there is no VMPL %u", vmpl);
}

static gboolean
check_policy_one(struct judge *j, G_GNUC_UNUSED int arg)
{
    return (j->verdict->report.policy & SNP_POLICY_ALWAYS_ONE) != 0 ||
           judge_fail(j, "bit 17 of the guest policy is clear");
}

static gboolean
check_policy_reserved(struct judge *j, G_GNUC_UNUSED int arg)
{
    return (j->verdict->report.policy & ~SNP_POLICY_KNOWN) == 0 ||
           judge_fail(j, "reserved bits of the guest policy are set (0x%" G_GINT64_MODIFIER "x)",
                      j->verdict->report.policy);
}

/* The bit is a fault only where the policy forbids it, as all do by default. */
static gboolean
check_policy_bit(struct judge *j, int bit)
{
    const guint64 mask = UINT64_C(1) << bit;

    if ((j->policy->peer.policy_forbid & j->verdict->report.policy & mask) == 0)
        return TRUE;
    return judge_fail(j, mask == SNP_POLICY_DEBUG
                      ? "the guest policy lets the host debug the VM: it can read all of it"
                      : "the guest policy lets a migration agent take the VM elsewhere");
}

/* LAUNCH_START refuses a policy that asks for more than the firmware has. */
static gboolean
check_policy_abi(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct snp_report *r = &j->verdict->report;
    const unsigned asked = (unsigned)(r->policy & 0xffff);
    const unsigned has = (unsigned)r->current_major << 8 | r->current_minor;

    return asked <= has || judge_fail(j, "the guest policy asks for ABI %u.%u, the firmware has "
                                      "%u.%u", asked >> 8, asked & 0xff, has >> 8, has & 0xff);
}

enum which_tcb { TCB_CURRENT, TCB_COMMITTED, TCB_LAUNCH };

static gboolean
check_tcb_order(struct judge *j, int which)
{
    const struct snp_report *r = &j->verdict->report;
    const enum snp_product product = j->verdict->product;
    const guint64 raw = which == TCB_CURRENT ? r->current_tcb
                        : which == TCB_COMMITTED ? r->committed_tcb : r->launch_tcb;
    const struct snp_tcb reported = snp_tcb_split(r->reported_tcb, product);
    const struct snp_tcb other = snp_tcb_split(raw, product);
    g_autofree char *reported_text = snp_tcb_text(reported, product);
    g_autofree char *other_text = snp_tcb_text(other, product);

    return snp_tcb_at_least(other, reported) ||
           judge_fail(j, "REPORTED_TCB (%s) is above the one beside it (%s)", reported_text,
                      other_text);
}

static gboolean
check_committed(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct snp_report *r = &j->verdict->report;
    const unsigned committed = (unsigned)r->committed_major << 16 |
                               (unsigned)r->committed_minor << 8 | r->committed_build;
    const unsigned current = (unsigned)r->current_major << 16 |
                             (unsigned)r->current_minor << 8 | r->current_build;

    return committed <= current || judge_fail(j, "the committed firmware is newer than the one "
                                              "that runs");
}

const struct judge_row judge_content_rows[] = {
    { "mbz_RSVD_4C", check_reserved, WHEN_ALWAYS, NEED_REPORT, SNP_RESERVED_4C },
    { "mbz_RSVD_188", check_reserved, WHEN_ALWAYS, NEED_REPORT, SNP_RESERVED_188 },
    { "mbz_RSVD_1EB", check_reserved, WHEN_ALWAYS, NEED_REPORT, SNP_RESERVED_1EB },
    { "mbz_RSVD_1EF", check_reserved, WHEN_ALWAYS, NEED_REPORT, SNP_RESERVED_1EF },
    { "mbz_RSVD_TAIL", check_reserved, WHEN_ALWAYS, NEED_REPORT, SNP_RESERVED_TAIL },
    { "mbz_SIG_RSVD", check_reserved, WHEN_ALWAYS, NEED_REPORT, SNP_RESERVED_SIGNATURE },
    { "author_key_consistent", check_author_key, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "vmpl_range", check_vmpl_range, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "policy_bit17_mb1", check_policy_one, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "policy_mbz", check_policy_reserved, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "policy_no_debug", check_policy_bit, WHEN_ALWAYS, NEED_REPORT, 19 },
    { "policy_no_migrate_ma", check_policy_bit, WHEN_ALWAYS, NEED_REPORT, 18 },
    { "policy_abi", check_policy_abi, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "le_reported_CURRENT_TCB", check_tcb_order, WHEN_ALWAYS, NEED_REPORT, TCB_CURRENT },
    { "le_reported_COMMITTED_TCB", check_tcb_order, WHEN_ALWAYS, NEED_REPORT, TCB_COMMITTED },
    { "le_reported_LAUNCH_TCB", check_tcb_order, WHEN_ALWAYS, NEED_REPORT, TCB_LAUNCH },
    { "fw_committed_le_current", check_committed, WHEN_ALWAYS, NEED_REPORT, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};
