/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_peer - the checks of who the peer is, by the policy: nothing here is
 * asked where there is none.
 */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/judge.h"
#include "cocotransport/keys/crypto.h"

static gboolean
check_vmpl(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint32 vmpl = j->verdict->report.vmpl;

    if (vmpl == j->policy->peer.vmpl)
        return TRUE;
    if (vmpl == SNP_VMPL_HOST)
        return judge_fail(j, "the host asked for this report, not the VM");
    return judge_fail(j, "VMPL is %u, not %u", vmpl, j->policy->peer.vmpl);
}

static gboolean
check_forbidden(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint64 bad = j->verdict->report.policy & j->policy->peer.policy_forbid;

    return bad == 0 || judge_fail(j, "the guest policy has bits that are forbidden (0x%"
                                  G_GINT64_MODIFIER "x)", bad);
}

static gboolean
check_required(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint64 lacks = ~j->verdict->report.policy & j->policy->peer.policy_require;

    return lacks == 0 || judge_fail(j, "the guest policy lacks bits that are required (0x%"
                                    G_GINT64_MODIFIER "x)", lacks);
}

static gboolean
check_min_abi(struct judge *j, G_GNUC_UNUSED int arg)
{
    const unsigned asked = (unsigned)(j->verdict->report.policy & 0xffff);

    return !j->policy->peer.min_abi_given || asked >= j->policy->peer.min_abi ||
           judge_fail(j, "the guest policy asks for ABI %u.%u only", asked >> 8, asked & 0xff);
}

enum which_floor { FLOOR_REPORTED, FLOOR_COMMITTED, FLOOR_LAUNCH };

static gboolean
check_floor(struct judge *j, int which)
{
    const struct snp_report *r = &j->verdict->report;
    const enum snp_product product = j->verdict->product;
    const struct snp_tcb floor = j->policy->peer.min_tcb[product];
    const guint64 raw = which == FLOOR_REPORTED ? r->reported_tcb
                        : which == FLOOR_COMMITTED ? r->committed_tcb : r->launch_tcb;
    const struct snp_tcb tcb = snp_tcb_split(raw, product);
    g_autofree char *has = snp_tcb_text(tcb, product);
    g_autofree char *wanted = snp_tcb_text(floor, product);

    return !j->policy->peer.min_tcb_given[product] || snp_tcb_at_least(tcb, floor) ||
           judge_fail(j, "the TCB (%s) is below the policy's (%s)", has, wanted);
}

static gboolean
check_firmware_committed(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct snp_report *r = &j->verdict->report;

    if (!j->policy->peer.committed_firmware)
        return TRUE;
    return (r->committed_tcb == r->current_tcb && r->committed_major == r->current_major &&
            r->committed_minor == r->current_minor && r->committed_build == r->current_build) ||
           judge_fail(j, "the firmware that runs is provisional: it can be taken back");
}

static gboolean
check_platform(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint64 lacks = ~j->verdict->report.platform_info & j->policy->peer.platform_require;
    const guint64 bad = j->verdict->report.platform_info & j->policy->peer.platform_forbid;

    if (lacks != 0)
        return judge_fail(j, "PLATFORM_INFO lacks bits that are required (0x%" G_GINT64_MODIFIER
                          "x)", lacks);
    return bad == 0 || judge_fail(j, "PLATFORM_INFO has bits that are forbidden (0x%"
                                  G_GINT64_MODIFIER "x)", bad);
}

/* A masked CHIP_ID and a VLEK name no chip, so they are equal to none. */
static gboolean
check_same_chip(struct judge *j, G_GNUC_UNUSED int arg)
{
    static const guint8 none[64];
    const guint8 *own = j->context->own_chip_id, *peer = j->verdict->report.chip_id;

    if (!j->policy->peer.same_chip)
        return TRUE;
    if (j->vlek || memcmp(peer, none, sizeof(none)) == 0)
        return judge_fail(j, "same-chip = yes, and the report names no chip");
    if (own == NULL || memcmp(own, none, sizeof(none)) == 0)
        return judge_fail(j, "same-chip = yes, and the own chip is not known");
    return memcmp(own, peer, sizeof(none)) == 0 ||
           judge_fail(j, "same-chip = yes, and the peer runs on another chip");
}

static gboolean
check_chip_listed(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;

    return peer->chip_ids->len == 0 ||
           (!j->vlek && policy_list_has(peer->chip_ids, j->verdict->report.chip_id, 64)) ||
           judge_fail(j, "the chip is not one of those in chip-id");
}

static gboolean
check_chip_denied(struct judge *j, G_GNUC_UNUSED int arg)
{
    return !policy_list_has(j->policy->peer.denied_chip_ids, j->verdict->report.chip_id, 64) ||
           judge_fail(j, "the chip is in chip-deny");
}

static gboolean
check_csp_listed(struct judge *j, G_GNUC_UNUSED int arg)
{
    GPtrArray *list = j->policy->peer.csp_ids;

    if (!j->vlek)
        return TRUE;
    for (guint i = 0; i < list->len; i++) {
        if (strcmp(g_ptr_array_index(list, i), j->extensions.csp_id) == 0)
            return TRUE;
    }
    return judge_fail(j, "a VLEK of \"%s\", which csp-id does not name", j->extensions.csp_id);
}

/* Measured or signed as the policy says; where it says both, both have to hold; neither: nobody. */
static gboolean
check_named(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;

    return peer->measurements->len > 0 || peer->author_key_digests->len > 0 ||
           judge_fail(j, "the policy names no SNP launch at all");
}

static gboolean
check_measurement(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;

    return peer->measurements->len == 0 ||
           policy_list_has(peer->measurements, j->verdict->report.measurement, 48) ||
           judge_fail(j, "the launch measurement is not one that the policy names");
}

static gboolean
check_author(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;
    const struct snp_report *r = &j->verdict->report;

    if (peer->author_key_digests->len == 0)
        return TRUE;
    if (!snp_report_has_author_key(r))
        return judge_fail(j, "the launch was not signed by an author");
    return policy_list_has(peer->author_key_digests, r->author_key_digest, 48) ||
           judge_fail(j, "the launch was signed by an author that the policy does not name");
}

static gboolean
check_family(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;

    return !peer->family_id_given || memcmp(peer->family_id, j->verdict->report.family_id, 16) == 0 ||
           judge_fail(j, "the family id is not the policy's");
}

static gboolean
check_image(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;

    return !peer->image_id_given || memcmp(peer->image_id, j->verdict->report.image_id, 16) == 0 ||
           judge_fail(j, "the image id is not the policy's");
}

static gboolean
check_svn(struct judge *j, G_GNUC_UNUSED int arg)
{
    return j->verdict->report.guest_svn >= j->policy->peer.min_svn ||
           judge_fail(j, "the image's version (SVN %u) is below the policy's (%u)",
                      j->verdict->report.guest_svn, j->policy->peer.min_svn);
}

static gboolean
check_host_data(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;

    return !peer->host_data_given || memcmp(peer->host_data, j->verdict->report.host_data, 32) == 0 ||
           judge_fail(j, "HOST_DATA is not the policy's");
}

static gboolean
check_report_data(struct judge *j, G_GNUC_UNUSED int arg)
{
    return crypto_equal(j->context->report_data, j->verdict->report.report_data, 64) ||
           judge_fail(j, "REPORT_DATA is not what was asked for: another channel's, or an old one's");
}

static gboolean
check_mitigations(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct snp_report *r = &j->verdict->report;
    const guint64 wanted = j->policy->peer.mitigations_require;

    return (r->launch_mit_vector & r->current_mit_vector & wanted) == wanted ||
           judge_fail(j, "a mitigation that the policy requires is not in both vectors");
}

#define WHO NEED_REPORT

const struct judge_row judge_peer_rows[] = {
    { "vmpl_expected", check_vmpl, WHEN_IDENTITY, WHO, 0 },
    { "policy_forbidden", check_forbidden, WHEN_IDENTITY, WHO, 0 },
    { "policy_required", check_required, WHEN_IDENTITY, WHO, 0 },
    { "policy_min_abi", check_min_abi, WHEN_IDENTITY, WHO, 0 },
    { "tcb_floor_reported", check_floor, WHEN_IDENTITY, WHO, FLOOR_REPORTED },
    { "tcb_floor_committed", check_floor, WHEN_IDENTITY, WHO, FLOOR_COMMITTED },
    { "firmware_committed", check_firmware_committed, WHEN_IDENTITY, WHO, 0 },
    { "platform_info", check_platform, WHEN_IDENTITY, WHO, 0 },
    { "same_chip", check_same_chip, WHEN_IDENTITY, WHO, 0 },
    { "chip_allowed", check_chip_listed, WHEN_IDENTITY, WHO, 0 },
    { "chip_not_denied", check_chip_denied, WHEN_IDENTITY, WHO, 0 },
    { "csp_allowed", check_csp_listed, WHEN_IDENTITY, WHO, 0 },
    { "peer_named", check_named, WHEN_IDENTITY, WHO, 0 },
    { "measurement", check_measurement, WHEN_IDENTITY, WHO, 0 },
    { "author_key", check_author, WHEN_IDENTITY, WHO, 0 },
    { "family_id", check_family, WHEN_IDENTITY, WHO, 0 },
    { "image_id", check_image, WHEN_IDENTITY, WHO, 0 },
    { "guest_svn", check_svn, WHEN_IDENTITY, WHO, 0 },
    { "host_data", check_host_data, WHEN_IDENTITY, WHO, 0 },
    { "report_data", check_report_data, WHEN_REPORT_DATA, WHO, 0 },
    { "tcb_floor_launch", check_floor, WHEN_IDENTITY, WHO, FLOOR_LAUNCH },
    { "mitigations", check_mitigations, WHEN_IDENTITY, WHO, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};
