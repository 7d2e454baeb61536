/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy - see policy.h. What a key means stands in cocotpm-policy(5); what is
 * refused as a whole stands in policy_check().
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotransport/attest/policy.h"
#include "cocotransport/attest/policy_values.h"
#include "cocotransport/attest/roots.h"
#include "cocotransport/keys/crypto.h"

#define ROW(group, key, read, member, help) \
    { group, key, read, offsetof(struct policy, member), 0, help }
#define ROW_GIVEN(group, key, read, member, given, help) \
    { group, key, read, offsetof(struct policy, member), offsetof(struct policy, given), help }

#define TRUST_ROWS \
    ROW("trust", "roots", policy_read_roots, roots, "whose signature proves a platform")

#define LINK_ROWS \
    ROW("link", "psk", policy_read_psk, psk, "secret or bootstrap"), \
    ROW("link", "psk-pin", policy_read_pin, psk_pin, "measurement or signer")

/* What both kinds of file say about the peer. */
#define PEER_ROWS(group) \
    ROW(group, "measurement", policy_read_digests48, peer.measurements, "launch digests"), \
    ROW(group, "author-key-digest", policy_read_digests48, peer.author_key_digests, \
        "who signed the launch"), \
    ROW_GIVEN(group, "family-id", policy_read_hex16, peer.family_id, peer.family_id_given, \
              "of a signed launch"), \
    ROW_GIVEN(group, "image-id", policy_read_hex16, peer.image_id, peer.image_id_given, \
              "of a signed launch"), \
    ROW(group, "min-svn", keyfile_read_uint, peer.min_svn, "lowest version of a signed launch"), \
    ROW_GIVEN(group, "host-data", policy_read_hex32, peer.host_data, peer.host_data_given, \
              "HOST_DATA"), \
    ROW_GIVEN(group, "vmpl", policy_read_vmpl, peer.vmpl, peer.vmpl_given, "privilege level"), \
    ROW(group, "same-chip", keyfile_read_bool, peer.same_chip, "both VMs on one processor"), \
    ROW(group, "chip-id", policy_read_chip_ids, peer.chip_ids, "processors that are good"), \
    ROW(group, "chip-deny", policy_read_chip_ids, peer.denied_chip_ids, "processors that are not"), \
    ROW(group, "csp-id", policy_read_strings, peer.csp_ids, "clouds whose VLEK is good"), \
    ROW_GIVEN(group, "min-tcb-milan", policy_read_tcb, peer.min_tcb[SNP_PRODUCT_MILAN], \
              peer.min_tcb_given[SNP_PRODUCT_MILAN], "lowest firmware"), \
    ROW_GIVEN(group, "min-tcb-genoa", policy_read_tcb, peer.min_tcb[SNP_PRODUCT_GENOA], \
              peer.min_tcb_given[SNP_PRODUCT_GENOA], "lowest firmware"), \
    ROW_GIVEN(group, "min-tcb-turin", policy_read_tcb_turin, peer.min_tcb[SNP_PRODUCT_TURIN], \
              peer.min_tcb_given[SNP_PRODUCT_TURIN], "lowest firmware"), \
    ROW(group, "committed-firmware", keyfile_read_bool, peer.committed_firmware, \
        "no firmware that can be taken back"), \
    ROW(group, "platform-require", policy_read_platform_bits, peer.platform_require, \
        "bits of PLATFORM_INFO"), \
    ROW(group, "platform-forbid", policy_read_platform_bits, peer.platform_forbid, \
        "bits of PLATFORM_INFO"), \
    ROW(group, "policy-forbid", policy_read_policy_bits, peer.policy_forbid, \
        "bits of the guest policy"), \
    ROW(group, "policy-require", policy_read_policy_bits, peer.policy_require, \
        "bits of the guest policy"), \
    ROW_GIVEN(group, "min-abi", policy_read_abi, peer.min_abi, peer.min_abi_given, \
              "ABI that the guest policy asks for"), \
    ROW(group, "mitigation-require", keyfile_read_uint64, peer.mitigations_require, \
        "bits of the mitigation vectors"), \
    ROW(group, "report-version-4", keyfile_read_bool, peer.allow_version_4, \
        "accept reports of version 4"), \
    ROW(group, "mrtd", policy_read_digests48, peer.td_measurements, "TDX: launch digests"), \
    ROW(group, "rtmr0", policy_read_digests48, peer.td_rtmr[0], "TDX"), \
    ROW(group, "rtmr1", policy_read_digests48, peer.td_rtmr[1], "TDX"), \
    ROW(group, "rtmr2", policy_read_digests48, peer.td_rtmr[2], "TDX"), \
    ROW(group, "rtmr3", policy_read_digests48, peer.td_rtmr[3], "TDX"), \
    ROW(group, "mrseam", policy_read_digests48, peer.td_mr_seam, "TDX: modules that are good"), \
    ROW_GIVEN(group, "mrconfigid", policy_read_hex48, peer.td_config_id, peer.td_config_id_given, \
              "TDX"), \
    ROW_GIVEN(group, "mrowner", policy_read_hex48, peer.td_owner, peer.td_owner_given, "TDX"), \
    ROW_GIVEN(group, "mrownerconfig", policy_read_hex48, peer.td_owner_config, \
              peer.td_owner_config_given, "TDX")

static const struct keyfile_row instance_rows[] = {
    TRUST_ROWS,
    PEER_ROWS("cocovm"),
    ROW("cocovm", "localities", policy_read_localities, peer.localities, "that the CoCoVM may use"),
    ROW("cocovm", "takeover", keyfile_read_bool, peer.takeover,
        "a new launch ends an attached session"),
    ROW("cocovm", "burns-evidence", keyfile_read_bool, peer.burns_evidence,
        "the image gives up its evidence before it attaches"),
    ROW("cocovm", "keep-evidence", keyfile_read_bool, peer.keep_evidence,
        "the driver may keep its evidence"),
    LINK_ROWS,
    ROW("seal", "bind", policy_read_bind, bind, "measurement or signer"),
    ROW("seal", "owner-secret", policy_read_required, owner_secret, "none or required"),
    ROW_GIVEN("seal", "recovery-key", policy_read_fingerprint, recovery_key, recovery_key_given,
              "SHA-256 of the owner's public key"),
    ROW_GIVEN("seal", "tcb-floor-milan", policy_read_tcb, tcb_floor[SNP_PRODUCT_MILAN],
              tcb_floor_given[SNP_PRODUCT_MILAN], "lowest firmware of the TPM VM"),
    ROW_GIVEN("seal", "tcb-floor-genoa", policy_read_tcb, tcb_floor[SNP_PRODUCT_GENOA],
              tcb_floor_given[SNP_PRODUCT_GENOA], "lowest firmware of the TPM VM"),
    ROW_GIVEN("seal", "tcb-floor-turin", policy_read_tcb_turin, tcb_floor[SNP_PRODUCT_TURIN],
              tcb_floor_given[SNP_PRODUCT_TURIN], "lowest firmware of the TPM VM"),
    ROW("seal", "svn-floor", keyfile_read_uint, svn_floor, "lowest version of the TPM VM"),
    ROW("freshness", "kind", policy_read_freshness, freshness, "receipt, witness or none"),
    ROW("freshness", "witness", keyfile_read_string, witness, "where the witness is"),
    ROW("freshness", "witness-key", keyfile_read_string, witness_key, "the witness's key"),
    { 0 },
};

static const struct keyfile_row driver_rows[] = {
    TRUST_ROWS,
    PEER_ROWS("cocotpm"),
    ROW("cocotpm", "policy-digest", policy_read_digests32, peer.policy_digests,
        "SHA-256 of the instance's policy"),
    ROW("cocotpm", "ek-name", policy_read_tpm_names, peer.ek_names, "names of the TPM's EKs"),
    LINK_ROWS,
    { 0 },
};

struct policy_root *
policy_root_from_pin(const char *name, const guint8 spki_sha256[static 32])
{
    struct policy_root *root = g_new0(struct policy_root, 1);

    root->name = g_strdup(name);
    root->kind = POLICY_ROOT_FILE;
    memcpy(root->spki_sha256, spki_sha256, sizeof(root->spki_sha256));
    return root;
}

static struct policy_root *
root_built_in(const struct root_pin *pin)
{
    struct policy_root *root = policy_root_from_pin(pin->name, pin->spki_sha256);

    root->product = pin->product;
    root->kind = pin->product == SNP_PRODUCT_UNKNOWN ? POLICY_ROOT_INTEL : POLICY_ROOT_AMD;
    return root;
}

/* "file:PATH sha256:HEX": the path is for people, the digest is what counts. */
static struct policy_root *
root_by_file(const char *text, GError **error)
{
    const char *pin = strstr(text, " sha256:");
    g_autofree char *path = NULL;
    guint8 digest[32];

    if (pin == NULL) {
        error_malformed(error, "\"%s\" needs the digest of the root's key: file:PATH sha256:HEX",
                        text);
        return NULL;
    }
    path = g_strstrip(g_strndup(text + strlen("file:"), (gsize)(pin - text) - strlen("file:")));
    if (*path == '\0') {
        error_malformed(error, "\"%s\" names no file", text);
        return NULL;
    }
    if (!hex_decode(pin + strlen(" sha256:"), digest, sizeof(digest), error))
        return NULL;
    return policy_root_from_pin(path, digest);
}

struct policy_root *
policy_root_parse(const char *text, GError **error)
{
    if (g_str_has_prefix(text, "file:"))
        return root_by_file(text, error);
    for (const struct root_pin *pin = root_pins; pin->name != NULL; pin++) {
        if (strcmp(pin->name, text) == 0)
            return root_built_in(pin);
    }
    error_malformed(error, "no root is called \"%s\" (amd-genoa, amd-turin, amd-milan, intel-tdx, "
                    "or file:PATH sha256:HEX)", text);
    return NULL;
}

void
policy_root_free(struct policy_root *root)
{
    if (root == NULL)
        return;
    g_free(root->name);
    g_free(root);
}

static GPtrArray *
bytes_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static struct policy *
policy_new(enum policy_kind kind)
{
    struct policy *p = g_new0(struct policy, 1);
    struct policy_peer *peer = &p->peer;

    p->kind = kind;
    p->roots = g_ptr_array_new_with_free_func((GDestroyNotify)policy_root_free);
    p->psk_pin = POLICY_PIN_MEASUREMENT;
    peer->measurements = bytes_list();
    peer->author_key_digests = bytes_list();
    peer->chip_ids = bytes_list();
    peer->denied_chip_ids = bytes_list();
    peer->policy_digests = bytes_list();
    peer->ek_names = bytes_list();
    peer->csp_ids = g_ptr_array_new_with_free_func(g_free);
    peer->td_measurements = bytes_list();
    for (size_t i = 0; i < G_N_ELEMENTS(peer->td_rtmr); i++)
        peer->td_rtmr[i] = bytes_list();
    peer->td_mr_seam = bytes_list();
    peer->same_chip = TRUE;
    peer->policy_forbid = SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA;
    peer->localities = 1;
    return p;
}

void
policy_free(struct policy *p)
{
    struct policy_peer *peer;

    if (p == NULL)
        return;
    peer = &p->peer;
    g_ptr_array_unref(p->roots);
    g_ptr_array_unref(peer->measurements);
    g_ptr_array_unref(peer->author_key_digests);
    g_ptr_array_unref(peer->chip_ids);
    g_ptr_array_unref(peer->denied_chip_ids);
    g_ptr_array_unref(peer->policy_digests);
    g_ptr_array_unref(peer->ek_names);
    g_ptr_array_unref(peer->csp_ids);
    g_ptr_array_unref(peer->td_measurements);
    for (size_t i = 0; i < G_N_ELEMENTS(peer->td_rtmr); i++)
        g_ptr_array_unref(peer->td_rtmr[i]);
    g_ptr_array_unref(peer->td_mr_seam);
    g_free(p->witness);
    g_free(p->witness_key);
    g_free(p);
}

static void
policy_add_default_roots(struct policy *p)
{
    for (const struct root_pin *pin = root_pins; pin->name != NULL; pin++) {
        if (pin->by_default)
            g_ptr_array_add(p->roots, root_built_in(pin));
    }
}

/* A signed launch is known by all three: anybody may sign an ID block with a key of his own. */
static gboolean
check_signer(const struct policy *p, GError **error)
{
    const struct policy_peer *peer = &p->peer;
    const gboolean named = peer->author_key_digests->len > 0;

    if (!named && (peer->family_id_given || peer->image_id_given || peer->min_svn > 0))
        return error_malformed(error, "family-id, image-id and min-svn mean nothing without "
                               "author-key-digest");
    if (p->psk_pin == POLICY_PIN_SIGNER &&
        !(named && peer->family_id_given && peer->image_id_given))
        return error_malformed(error, "psk-pin = signer needs author-key-digest, family-id and "
                               "image-id");
    return TRUE;
}

static gboolean
policy_check(const struct policy *p, GError **error)
{
    const gboolean witness = p->freshness == POLICY_FRESHNESS_WITNESS;

    if (p->kind == POLICY_DRIVER && p->peer.policy_digests->len == 0)
        return error_malformed(error, "[cocotpm] policy-digest is missing: without it any policy "
                               "of the host's would do");
    if (witness && p->witness == NULL)
        return error_malformed(error, "kind = witness needs witness");
    if (!witness && (p->witness != NULL || p->witness_key != NULL))
        return error_malformed(error, "witness and witness-key need kind = witness");
    if (p->peer.localities == 0)
        return error_malformed(error, "localities names none");
    if (p->peer.burns_evidence && p->peer.keep_evidence)
        return error_malformed(error, "burns-evidence and keep-evidence contradict each other");
    if (p->peer.policy_forbid & p->peer.policy_require)
        return error_malformed(error, "policy-forbid and policy-require contradict each other");
    if (p->peer.platform_forbid & p->peer.platform_require)
        return error_malformed(error, "platform-forbid and platform-require contradict each other");
    return check_signer(p, error);
}

struct policy *
policy_parse(const char *text, gsize len, enum policy_kind kind, GError **error)
{
    g_autoptr(policy_t) p = policy_new(kind);
    const struct crypto_piece piece = { text, len };

    if (!keyfile_parse(text, len, kind == POLICY_INSTANCE ? instance_rows : driver_rows, p, error))
        return NULL;
    if (p->roots->len == 0)
        policy_add_default_roots(p);
    if (!policy_check(p, error) || !crypto_sha256(&piece, 1, p->digest, error))
        return NULL;
    return g_steal_pointer(&p);
}

struct policy *
policy_default(void)
{
    struct policy *p = policy_new(POLICY_DRIVER);

    policy_add_default_roots(p);
    return p;
}
