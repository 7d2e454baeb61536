/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_tdx - the checks of a TDX quote: the chain of the platform's key to
 * Intel's pinned root, the quoting enclave that it vouches for, the quote that
 * the enclave's key signed, and what the TD report says.
 */
#include "config.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/judge.h"
#include "cocotransport/attest/roots.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/keys/pubkey.h"

#define TEE_TDX 0x81
#define KEY_ECDSA_P256 2
#define TD_UNTRUSTED UINT64_C(0xff)  /* ATTRIBUTES 7:0, TUD: any bit set and the TD is open */
#define QE_ATTRIBUTES 48             /* offsets in the QE's report (SGX REPORT_BODY) */
#define QE_REPORT_DATA 320
#define QE_DEBUG 0x02
#define QE_SIGNER 128
#define QE_PRODUCT 256
#define TD_MIGRATABLE (UINT64_C(1) << 29)      /* ATTRIBUTES, Intel TDX module ABI, 3.4.1 */

static const guint8 intel_qe_vendor[16] = {
    0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
};

/* MRSIGNER and ISVPRODID of Intel's TDX quoting enclave, in every QE identity of it so far. */
static const guint8 intel_qe_signer[32] = {
    0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
    0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5,
};
static const guint8 intel_qe_product[2] = { 2, 0 };

static gboolean
check_format(struct judge *j, G_GNUC_UNUSED int arg)
{
    GError *error = NULL;

    if (!tdx_quote_parse(j->raw, j->raw_len, &j->quote, &error))
        return judge_fail_error(j, error);
    j->verdict->td = j->quote.td;
    j->found |= NEED_REPORT;
    return TRUE;
}

static gboolean
check_kind(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct tdx_quote *q = &j->quote;

    if (q->tee_type != TEE_TDX)
        return judge_fail(j, "the quote is of TEE type 0x%x, not TDX (0x81)", q->tee_type);
    if (q->key_type != KEY_ECDSA_P256)
        return judge_fail(j, "the attestation key is of type %u, not ECDSA P-256", q->key_type);
    return memcmp(q->qe_vendor, intel_qe_vendor, sizeof(intel_qe_vendor)) == 0 ||
           judge_fail(j, "the quoting enclave is not Intel's");
}

/* Leaf, platform or processor CA, root: in this order, as Intel's quoting library writes it. */
static gboolean
check_chain_shape(struct judge *j, G_GNUC_UNUSED int arg)
{
    g_autoptr(GBytes) bytes = g_bytes_new(j->quote.chain, j->quote.chain_len);
    GError *error = NULL;
    const struct certificate *last;

    j->der = der_new(&error);
    if (j->der != NULL)
        j->chain = certificates_parse(bytes, &error);
    if (j->chain == NULL)
        return judge_fail_error(j, error);
    if (j->chain->len != 3)
        return judge_fail(j, "the quote's chain has %u certificates, not three", j->chain->len);
    last = g_ptr_array_index(j->chain, 2);
    if (!last->self_issued)
        return judge_fail(j, "the quote's chain does not end in a root");
    j->root = last;
    j->signer = g_ptr_array_index(j->chain, 1);
    j->found |= NEED_CHAIN;
    return TRUE;
}

gboolean
judge_trusts_root(struct judge *j, const struct certificate *root)
{
    GError *error = NULL;
    guint8 key[32];

    if (!certificate_spki_sha256(root, key, &error))
        return judge_fail_error(j, error);
    for (guint i = 0; i < j->policy->roots->len; i++) {
        const struct policy_root *pin = g_ptr_array_index(j->policy->roots, i);

        if (pin->kind != POLICY_ROOT_AMD &&
            memcmp(pin->spki_sha256, key, sizeof(pin->spki_sha256)) == 0)
            return TRUE;
    }
    return judge_fail(j, "%s is not one of the roots that are trusted", root->subject);
}

static gboolean
check_root_pinned(struct judge *j, G_GNUC_UNUSED int arg)
{
    return judge_trusts_root(j, j->root);
}

gboolean
judge_signed_by(const struct certificate *c, const struct certificate *issuer)
{
    unsigned status = 0;

    return gnutls_x509_crt_verify(c->crt, &issuer->crt, 1,
                                  GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
                                  GNUTLS_VERIFY_ALLOW_ANY_X509_V1_CA_CRT, &status) >= 0 &&
           status == 0;
}

static gboolean
check_links(struct judge *j, int which)
{
    const struct certificate *c = g_ptr_array_index(j->chain, which);
    const struct certificate *issuer = g_ptr_array_index(j->chain, MIN(which + 1, 2));

    if (!judge_signed_by(c, issuer))
        return judge_fail(j, "%s is not signed by %s", c->subject, issuer->subject);
    if (which > 0 && !certificate_is_ca(c))
        return judge_fail(j, "%s is no certificate authority", c->subject);
    return which > 0 || !certificate_is_ca(c) || judge_fail(j, "the platform's key is an authority's");
}

static gboolean
check_dates(struct judge *j, int which)
{
    const struct certificate *c = g_ptr_array_index(j->chain, which);

    return certificate_in_date(c, j->context->now) ||
           judge_fail(j, "the certificate of %s is not yet or no longer good", c->subject);
}

gboolean
judge_p256_verify(gnutls_pubkey_t key, const void *data, size_t len,
                  const guint8 signature[static 64])
{
    const gnutls_datum_t r = { (void *)signature, 32 }, s = { (void *)(signature + 32), 32 };
    const gnutls_datum_t body = { (void *)data, (unsigned)len };
    gnutls_datum_t der = { NULL, 0 };
    int rc;

    if (gnutls_encode_rs_value(&der, &r, &s) < 0)
        return FALSE;
    rc = gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &body, &der);
    gnutls_free(der.data);
    return rc >= 0;
}

static gboolean
check_qe_signature(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct certificate *leaf = g_ptr_array_index(j->chain, 0);

    return judge_p256_verify(leaf->key, j->quote.qe_report, TDX_QE_REPORT_SIZE, j->quote.qe_signature) ||
           judge_fail(j, "the quoting enclave's report is not signed by the platform's key");
}

static gboolean
check_qe_debug(struct judge *j, G_GNUC_UNUSED int arg)
{
    return (j->quote.qe_report[QE_ATTRIBUTES] & QE_DEBUG) == 0 ||
           judge_fail(j, "the quoting enclave can be debugged");
}

/*
 * The platform's key signs for any enclave that its owner lets use the
 * provisioning key, and the owner is the host: an enclave of another signer
 * could sign what it likes. Without QE identity, too, it has to be Intel's.
 * A root that is not Intel's has enclaves of its own, which QE identity names.
 */
static gboolean
check_qe_signer(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint8 *report = j->quote.qe_report;
    struct policy_root *intel = policy_root_parse("intel-tdx", NULL);
    guint8 key[32];
    const gboolean foreign = intel == NULL || !certificate_spki_sha256(j->root, key, NULL) ||
                             memcmp(key, intel->spki_sha256, sizeof(key)) != 0;

    policy_root_free(intel);
    return foreign ||
           (memcmp(report + QE_SIGNER, intel_qe_signer, sizeof(intel_qe_signer)) == 0 &&
            memcmp(report + QE_PRODUCT, intel_qe_product, sizeof(intel_qe_product)) == 0) ||
           judge_fail(j, "the enclave that signed the quote is not Intel's quoting enclave");
}

/* The enclave's report vouches for the attestation key. */
static gboolean
check_qe_binding(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct tdx_quote *q = &j->quote;
    const struct crypto_piece pieces[] = { { q->key, 64 }, { q->qe_auth, q->qe_auth_len } };
    guint8 wanted[64] = { 0 };
    GError *error = NULL;

    if (!crypto_sha256(pieces, G_N_ELEMENTS(pieces), wanted, &error))
        return judge_fail_error(j, error);
    return memcmp(q->qe_report + QE_REPORT_DATA, wanted, sizeof(wanted)) == 0 ||
           judge_fail(j, "the attestation key is not the one that the quoting enclave vouches for");
}

static gboolean
check_signature(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct tdx_quote *q = &j->quote;
    const gnutls_datum_t x = { (void *)q->key, 32 }, y = { (void *)(q->key + 32), 32 };
    g_autoptr(pubkey_t) key = NULL;

    if (gnutls_pubkey_init(&key) < 0 ||
        gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) < 0)
        return judge_fail(j, "the attestation key is no point of P-256");
    return judge_p256_verify(key, q->signed_bytes, q->signed_len, q->signature) ||
           judge_fail(j, "the quote's signature does not verify");
}

static gboolean
check_debug(struct judge *j, G_GNUC_UNUSED int arg)
{
    return (j->verdict->td.attributes & TD_UNTRUSTED) == 0 ||
           (j->policy->peer.policy_forbid & SNP_POLICY_DEBUG) == 0 ||
           judge_fail(j, "the TD can be debugged: the host can read all of it");
}

/* MRSIGNERSEAM is zero for Intel's module, and SEAMATTRIBUTES has no bit that it may set. */
static gboolean
check_module_signer(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct td_report *td = &j->verdict->td;

    return (judge_zero(td->mr_signer_seam, sizeof(td->mr_signer_seam)) && td->seam_attributes == 0) ||
           judge_fail(j, "the TDX module is not Intel's");
}

/* As with a migration agent of SNP; a service TD without this bit cannot take it anywhere. */
static gboolean
check_migration(struct judge *j, G_GNUC_UNUSED int arg)
{
    return (j->policy->peer.policy_forbid & SNP_POLICY_MIGRATE_MA) == 0 ||
           (j->verdict->td.attributes & TD_MIGRATABLE) == 0 ||
           judge_fail(j, "the TD can be migrated to another machine");
}

static gboolean
check_same_chip(struct judge *j, G_GNUC_UNUSED int arg)
{
    return !j->policy->peer.same_chip ||
           judge_fail(j, "same-chip = yes, and a TDX quote names no chip");
}

static gboolean
check_mrtd(struct judge *j, G_GNUC_UNUSED int arg)
{
    return policy_list_has(j->policy->peer.td_measurements, j->verdict->td.mrtd, 48) ||
           judge_fail(j, "MRTD is not one that the policy names");
}

/* The driver extends RTMR[3] to burn its evidence; a peer whose is not zero did so before. */
static gboolean
check_rtmr(struct judge *j, int which)
{
    GPtrArray *list = j->policy->peer.td_rtmr[which];
    const guint8 *value = j->verdict->td.rtmr[which];

    if (list->len > 0)
        return policy_list_has(list, value, 48) ||
               judge_fail(j, "RTMR%d is not one that the policy names", which);
    if (which == 3 && j->policy->kind == POLICY_INSTANCE)
        return judge_zero(value, 48) ||
               judge_fail(j, "RTMR3 is not zero: this launch gave up its evidence before");
    return TRUE;
}

static gboolean
check_seam(struct judge *j, G_GNUC_UNUSED int arg)
{
    GPtrArray *list = j->policy->peer.td_mr_seam;

    return list->len == 0 || policy_list_has(list, j->verdict->td.mr_seam, 48) ||
           judge_fail(j, "MRSEAM is not one that the policy names");
}

static gboolean
check_owner(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct policy_peer *peer = &j->policy->peer;
    const struct td_report *td = &j->verdict->td;

    if (peer->td_config_id_given && memcmp(peer->td_config_id, td->mr_config_id, 48) != 0)
        return judge_fail(j, "MRCONFIGID is not the policy's");
    if (peer->td_owner_given && memcmp(peer->td_owner, td->mr_owner, 48) != 0)
        return judge_fail(j, "MROWNER is not the policy's");
    return !peer->td_owner_config_given ||
           memcmp(peer->td_owner_config, td->mr_owner_config, 48) == 0 ||
           judge_fail(j, "MROWNERCONFIG is not the policy's");
}

static gboolean
check_report_data(struct judge *j, G_GNUC_UNUSED int arg)
{
    return crypto_equal(j->context->report_data, j->verdict->td.report_data, 64) ||
           judge_fail(j, "REPORTDATA is not what was asked for: another channel's, or an old one's");
}

#define QUOTE NEED_REPORT
#define CHAINED (NEED_REPORT | NEED_CHAIN)

const struct judge_row judge_tdx_rows[] = {
    { "quote_format", check_format, WHEN_ALWAYS, 0, 0 },
    { "quote_kind", check_kind, WHEN_ALWAYS, QUOTE, 0 },
    { "pck_chain_shape", check_chain_shape, WHEN_ALWAYS, QUOTE, 0 },
    { "intel_root_pinned", check_root_pinned, WHEN_ALWAYS, CHAINED, 0 },
    { "root_selfsigned", check_links, WHEN_ALWAYS, CHAINED, 2 },
    { "root_validity", check_dates, WHEN_ALWAYS, CHAINED, 2 },
    { "pck_ca_signed_by_root", check_links, WHEN_ALWAYS, CHAINED, 1 },
    { "pck_ca_validity", check_dates, WHEN_ALWAYS, CHAINED, 1 },
    { "pck_signed_by_ca", check_links, WHEN_ALWAYS, CHAINED, 0 },
    { "pck_validity", check_dates, WHEN_ALWAYS, CHAINED, 0 },
    { "qe_signed_by_pck", check_qe_signature, WHEN_ALWAYS, CHAINED, 0 },
    { "qe_no_debug", check_qe_debug, WHEN_ALWAYS, QUOTE, 0 },
    { "qe_signer", check_qe_signer, WHEN_ALWAYS, CHAINED, 0 },
    { "key_bound_to_qe", check_qe_binding, WHEN_ALWAYS, QUOTE, 0 },
    { "quote_signature", check_signature, WHEN_ALWAYS, QUOTE, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};

const struct judge_row judge_td_rows[] = {
    { "td_no_debug", check_debug, WHEN_ALWAYS, QUOTE, 0 },
    { "td_no_migration", check_migration, WHEN_ALWAYS, QUOTE, 0 },
    { "module_signer", check_module_signer, WHEN_ALWAYS, QUOTE, 0 },
    { "same_chip", check_same_chip, WHEN_IDENTITY, QUOTE, 0 },
    { "mrtd", check_mrtd, WHEN_IDENTITY, QUOTE, 0 },
    { "rtmr0", check_rtmr, WHEN_IDENTITY, QUOTE, 0 },
    { "rtmr1", check_rtmr, WHEN_IDENTITY, QUOTE, 1 },
    { "rtmr2", check_rtmr, WHEN_IDENTITY, QUOTE, 2 },
    { "rtmr3", check_rtmr, WHEN_IDENTITY, QUOTE, 3 },
    { "mrseam", check_seam, WHEN_IDENTITY, QUOTE, 0 },
    { "td_owner", check_owner, WHEN_IDENTITY, QUOTE, 0 },
    { "report_data", check_report_data, WHEN_REPORT_DATA, QUOTE, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};
