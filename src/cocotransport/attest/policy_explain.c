/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_explain - a policy in words. Lines that begin with "! " say what the
 * policy leaves open.
 */
#include "config.h"

#include "base/keyfile.h"
#include "cocotransport/attest/policy.h"

static void
say(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(GString *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(out, format, args);
    va_end(args);
    g_string_append_c(out, '\n');
}

static void
say_list(GString *out, GPtrArray *list, const char *what)
{
    for (guint i = 0; i < list->len; i++) {
        GBytes *item = g_ptr_array_index(list, i);
        g_autofree char *hex = hex_encode(g_bytes_get_data(item, NULL), g_bytes_get_size(item));

        say(out, "%s: %s", what, hex);
    }
}

static void
say_bits(GString *out, guint64 bits, const struct snp_bit *table, const char *what)
{
    for (const struct snp_bit *bit = table; bit->name != NULL; bit++) {
        if (bits >> bit->bit & 1)
            say(out, "%s: %s (%s)", what, bit->name, bit->words);
    }
}

static void
explain_roots(const struct policy *p, GString *out)
{
    for (guint i = 0; i < p->roots->len; i++) {
        const struct policy_root *root = g_ptr_array_index(p->roots, i);
        g_autofree char *pin = hex_encode(root->spki_sha256, sizeof(root->spki_sha256));

        say(out, "trusts what is signed under the root %s (its key has SHA-256 %s)", root->name,
            pin);
        if (root->product == SNP_PRODUCT_MILAN)
            say(out, "! amd-milan: the seed of Milan's keys is reported to be extractable, so its "
                "evidence can be forged");
        if (root->kind == POLICY_ROOT_FILE)
            say(out, "! %s: not a maker's root; whoever has its key can make any evidence",
                root->name);
    }
}

static void
explain_identity(const struct policy_peer *peer, GString *out)
{
    say_list(out, peer->measurements, "accepts a VM launched with the measurement");
    say_list(out, peer->author_key_digests, "accepts a VM whose launch was signed by the author key");
    say_list(out, peer->td_measurements, "accepts a TDX domain with MRTD");
    if (peer->measurements->len > 0 && peer->author_key_digests->len > 0)
        say(out, "both have to hold: one of the measurements, and one of the authors");
    if (peer->measurements->len + peer->author_key_digests->len + peer->td_measurements->len == 0)
        say(out, "! no measurement, author or MRTD is named: nobody is accepted");
    if (peer->author_key_digests->len > 0 && peer->measurements->len == 0) {
        say(out, "! any image that the author signed with SVN %u or higher is accepted",
            peer->min_svn);
        if (!peer->family_id_given || !peer->image_id_given)
            say(out, "! family-id or image-id is open: any image of the author's, for whatever "
                "purpose it was made");
    }
    if (peer->host_data_given)
        say(out, "HOST_DATA is fixed");
    else
        say(out, "! HOST_DATA is open: what the host put there is not looked at");
    say(out, "a measurement covers what runs before the TPM is attached (firmware, kernel, command "
        "line, initrd); PCRs 1 to 15 are as honest as that code");
}

static void
explain_chip(const struct policy_peer *peer, GString *out)
{
    if (peer->same_chip)
        say(out, "both VMs have to run on one chip: a broken chip elsewhere is no help");
    else if (peer->chip_ids->len == 0)
        say(out, "! any chip of the maker's is good: one broken chip anywhere is enough to forge "
            "evidence");
    say_list(out, peer->chip_ids, "the chip has to be one of");
    say_list(out, peer->denied_chip_ids, "the chip must not be");
    for (guint i = 0; i < peer->csp_ids->len; i++)
        say(out, "a VLEK of the cloud %s is good", (const char *)g_ptr_array_index(peer->csp_ids, i));
}

static void
explain_firmware(const struct policy *p, GString *out)
{
    const struct policy_peer *peer = &p->peer;

    for (guint i = 0; i < p->roots->len; i++) {
        const struct policy_root *root = g_ptr_array_index(p->roots, i);
        g_autofree char *tcb = snp_tcb_text(peer->min_tcb[root->product], root->product);

        if (root->product == SNP_PRODUCT_UNKNOWN)
            continue;
        if (peer->min_tcb_given[root->product])
            say(out, "on %s the firmware is at least %s", snp_product_name(root->product), tcb);
        else
            say(out, "! on %s any firmware is good, also with known holes (min-tcb)",
                snp_product_name(root->product));
    }
    if (!peer->committed_firmware)
        say(out, "! provisional firmware is accepted: the host can go back to what is committed");
    say_bits(out, peer->platform_require, snp_platform_bits, "the platform needs");
    say_bits(out, peer->platform_forbid, snp_platform_bits, "the platform must not have");
    if (!(peer->platform_require & 1u << 5))
        say(out, "! alias-check is not required: memory may not have been checked (BadRAM)");
}

static void
explain_guest(const struct policy_peer *peer, GString *out)
{
    say(out, "the report has to come from VMPL %u", peer->vmpl);
    say_bits(out, peer->policy_forbid, snp_policy_bits, "the guest policy must not say");
    say_bits(out, peer->policy_require, snp_policy_bits, "the guest policy has to say");
    if (!(peer->policy_forbid & SNP_POLICY_DEBUG))
        say(out, "! debug is allowed: the host can read and change all of the VM");
    if (!(peer->policy_forbid & SNP_POLICY_MIGRATE_MA))
        say(out, "! a migration agent is allowed: whoever runs it can read the VM");
    if (peer->allow_version_4)
        say(out, "! reports of version 4 are accepted, whose layout is not settled");
}

static void
explain_link(const struct policy *p, GString *out)
{
    if (p->psk == POLICY_PSK_SECRET)
        say(out, "the link needs a secret that only owner, CoCoVM and CoCoTPM have");
    else
        say(out, "! psk = bootstrap: the link's key is public; evidence alone keeps others out");
    say(out, "the link's key is bound to the peer's %s",
        p->psk_pin == POLICY_PIN_SIGNER ? "signer" : "measurement");
}

static void
explain_instance(const struct policy *p, GString *out)
{
    const struct policy_peer *peer = &p->peer;

    say(out, "localities that the CoCoVM may use: bits 0x%x", peer->localities);
    if (peer->takeover)
        say(out, "! takeover: a new launch of the image ends a session that is attached");
    if (peer->burns_evidence)
        say(out, "the image gives up its evidence before it attaches: one attach a launch");
    else
        say(out, "! burns-evidence = no: a host that rolls back the state can attach a launch "
            "again (the attach log and a witness stand against it)");
    say(out, "the state opens for %s", p->bind == POLICY_BIND_SIGNER
        ? "images of the same signer, with no lower SVN" : "exactly the image that sealed it");
    if (p->owner_secret)
        say(out, "opening the state also needs the owner's secret");
    if (p->recovery_key_given)
        say(out, "! recoverable: who has the recovery secret can open the state, and forge quotes");
}

static void
explain_freshness(const struct policy *p, GString *out)
{
    if (p->freshness == POLICY_FRESHNESS_WITNESS)
        say(out, "rollback and clones are prevented by the witness %s", p->witness);
    else if (p->freshness == POLICY_FRESHNESS_RECEIPT)
        say(out, "! rollback is seen by a CoCoVM that kept its receipt; disk and state rolled back "
            "together are not, and PIN tries are not limited against the host");
    else
        say(out, "! freshness = none: rollback and clones are not seen");
}

char *
policy_explain(const struct policy *p)
{
    g_autoptr(GString) out = g_string_new(NULL);

    explain_roots(p, out);
    explain_identity(&p->peer, out);
    explain_chip(&p->peer, out);
    explain_firmware(p, out);
    explain_guest(&p->peer, out);
    explain_link(p, out);
    if (p->kind == POLICY_INSTANCE) {
        explain_instance(p, out);
        explain_freshness(p, out);
    } else {
        say_list(out, p->peer.policy_digests, "the instance's policy has to have the digest");
        say_list(out, p->peer.ek_names, "the TPM's EK has to be");
        if (p->peer.ek_names->len == 0)
            say(out, "! ek-name is open: any instance under that policy will do");
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
