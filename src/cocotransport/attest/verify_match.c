/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_match - the checks of what report and certificate say of each other:
 * product, TCB and chip are those the key was made for, and the signature is
 * that key's over the bytes as they came.
 */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/judge.h"
#include "cocotransport/keys/crypto.h"

static gboolean
check_extensions(struct judge *j, G_GNUC_UNUSED int arg)
{
    struct vek_extensions *x = &j->extensions;
    const gboolean turin = j->verdict->product == SNP_PRODUCT_TURIN;
    GError *error = NULL;

    if (!vek_extensions_parse(j->der, j->vek, x, &error))
        return judge_fail_error(j, error);
    j->found |= NEED_EXTENSIONS;
    if (!x->has_struct_version || !x->has_bootloader || !x->has_tee || !x->has_snp ||
        !x->has_microcode || (turin && !x->has_fmc))
        return judge_fail(j, "the certificate lacks an extension that says which TCB it is for");
    if (!j->vlek && !x->has_hwid)
        return judge_fail(j, "the certificate lacks the chip's number");
    if (x->has_hwid && x->hwid_len != (turin ? 8 : 64))
        return judge_fail(j, "the chip's number has %zu bytes", x->hwid_len);
    return TRUE;
}

static gboolean
check_product_name(struct judge *j, G_GNUC_UNUSED int arg)
{
    return j->extensions.has_product || judge_fail(j, "the certificate names no product");
}

/* "Milan-B0": the stepping does not count. */
static gboolean
check_product_of_root(struct judge *j, G_GNUC_UNUSED int arg)
{
    const char *name = j->extensions.product;
    const enum snp_product product = snp_product_from_name(name, strcspn(name, "-"));

    return (product != SNP_PRODUCT_UNKNOWN && product == j->verdict->product) ||
           judge_fail(j, "the certificate is for \"%s\", its root for %s", name,
                      snp_product_name(j->verdict->product));
}

static gboolean
check_struct_version(struct judge *j, G_GNUC_UNUSED int arg)
{
    const unsigned wanted = j->verdict->product == SNP_PRODUCT_TURIN ? 1 : 0;

    return j->extensions.struct_version == wanted ||
           judge_fail(j, "structVersion is %u, not %u", j->extensions.struct_version, wanted);
}

static gboolean
check_cpuid(struct judge *j, G_GNUC_UNUSED int arg)
{
    const struct snp_report *r = &j->verdict->report;

    return r->version < 3 || snp_report_product(r) == j->verdict->product ||
           judge_fail(j, "family 0x%02x model 0x%02x is no %s", r->cpuid_family, r->cpuid_model,
                      snp_product_name(j->verdict->product));
}

static gboolean
check_tcb_reserved(struct judge *j, G_GNUC_UNUSED int arg)
{
    return snp_tcb_reserved_zero(j->verdict->report.reported_tcb, j->verdict->product) ||
           judge_fail(j, "reserved bytes of REPORTED_TCB are not zero");
}

static gboolean
check_tcb(struct judge *j, G_GNUC_UNUSED int arg)
{
    const enum snp_product product = j->verdict->product;
    const struct snp_tcb reported = snp_tcb_split(j->verdict->report.reported_tcb, product);
    const struct snp_tcb certified = j->extensions.tcb;
    g_autofree char *reported_text = snp_tcb_text(reported, product);
    g_autofree char *certified_text = snp_tcb_text(certified, product);
    guint8 reserved = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(j->extensions.reserved_spl); i++)
        reserved |= j->extensions.reserved_spl[i];
    return (snp_tcb_at_least(reported, certified) && snp_tcb_at_least(certified, reported) &&
            reserved == 0) ||
           judge_fail(j, "the certificate is for TCB %s, the report was made with %s",
                      certified_text, reported_text);
}

static gboolean
check_chip_given(struct judge *j, G_GNUC_UNUSED int arg)
{
    static const guint8 none[64];
    const struct snp_report *r = &j->verdict->report;

    if (snp_report_chip_key_masked(r))
        return judge_fail(j, "the chip's key is masked, so a VCEK cannot have signed");
    return memcmp(r->chip_id, none, sizeof(none)) != 0 || judge_fail(j, "CHIP_ID is all zero");
}

static gboolean
check_chip(struct judge *j, G_GNUC_UNUSED int arg)
{
    guint8 padded[64] = { 0 };

    memcpy(padded, j->extensions.hwid, j->extensions.hwid_len);
    return (j->extensions.has_hwid &&
            memcmp(padded, j->verdict->report.chip_id, sizeof(padded)) == 0) ||
           judge_fail(j, "the certificate is another chip's");
}

static gboolean
check_no_csp(struct judge *j, G_GNUC_UNUSED int arg)
{
    return !j->extensions.has_csp_id || judge_fail(j, "a VCEK certificate names a cloud");
}

static gboolean
check_csp(struct judge *j, G_GNUC_UNUSED int arg)
{
    return (j->extensions.has_csp_id && !j->extensions.has_hwid) ||
           judge_fail(j, "a VLEK certificate has to name a cloud, and no chip");
}

/* NIST P-384, the order of the group. */
static const guint8 p384_order[48] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};

#define SIGNATURE_SLOT 72

/* 0 < value < n over the whole slot of 72 bytes, little-endian; @ret is big-endian. */
static gboolean
scalar_of(const guint8 slot[static SIGNATURE_SLOT], guint8 ret[static 48])
{
    guint8 high = 0, any = 0;

    for (size_t i = 48; i < SIGNATURE_SLOT; i++)
        high |= slot[i];
    for (size_t i = 0; i < 48; i++) {
        ret[47 - i] = slot[i];
        any |= slot[i];
    }
    return high == 0 && any != 0 && memcmp(ret, p384_order, 48) < 0;
}

static gboolean
check_scalars(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint8 *signature = j->verdict->report.signature;
    guint8 r[48], s[48];

    return (scalar_of(signature, r) && scalar_of(signature + SIGNATURE_SLOT, s)) ||
           judge_fail(j, "r or s of the signature is out of range");
}

static gboolean
check_signature(struct judge *j, G_GNUC_UNUSED int arg)
{
    const guint8 *signature = j->verdict->report.signature;
    GError *error = NULL;
    guint8 r[48], s[48];

    if (!scalar_of(signature, r) || !scalar_of(signature + SIGNATURE_SLOT, s))
        return judge_fail(j, "r or s of the signature is out of range");
    return certificate_verify_p384(j->vek, j->raw, SNP_REPORT_SIZE - sizeof(j->verdict->report.signature),
                                   r, s, &error) ||
           judge_fail_error(j, error);
}

#define BOTH (NEED_REPORT | NEED_VEK)
#define CERTIFIED (BOTH | NEED_CHAIN | NEED_EXTENSIONS)

const struct judge_row judge_match_rows[] = {
    { "ext_parse", check_extensions, WHEN_ALWAYS, BOTH, 0 },
    { "ext_productName", check_product_name, WHEN_ALWAYS, CERTIFIED, 0 },
    { "productName_matches_ark", check_product_of_root, WHEN_ALWAYS, CERTIFIED, 0 },
    { "ext_structVersion", check_struct_version, WHEN_ALWAYS, CERTIFIED, 0 },
    { "cpuid_matches_product", check_cpuid, WHEN_ALWAYS, BOTH | NEED_CHAIN, 0 },
    { "reported_tcb_mbz", check_tcb_reserved, WHEN_ALWAYS, BOTH | NEED_CHAIN, 0 },
    { "tcb_matches_vek", check_tcb, WHEN_ALWAYS, CERTIFIED, 0 },
    { "chip_id_nonzero", check_chip_given, WHEN_VCEK, NEED_REPORT, 0 },
    { "no_cspid", check_no_csp, WHEN_VCEK, CERTIFIED, 0 },
    { "hwid_matches_chip_id", check_chip, WHEN_VCEK, CERTIFIED, 0 },
    { "has_cspid", check_csp, WHEN_VLEK, CERTIFIED, 0 },
    { "sig_rs_range", check_scalars, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "signature", check_signature, WHEN_ALWAYS, BOTH, 0 },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};
