/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report - see report.h. The layout is that of SEV-SNP ABI 1.58, table 24;
 * numbers are little-endian.
 */
#include "config.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "cocotransport/attest/report.h"

const struct snp_bit snp_platform_bits[] = {
    { 0, "smt", "simultaneous multithreading is on" },
    { 1, "tsme", "all memory is encrypted" },
    { 2, "ecc", "memory corrects errors" },
    { 3, "rapl-disabled", "power readings are off" },
    { 4, "ciphertext-hiding", "the host cannot read ciphertext" },
    { 5, "alias-check", "memory was checked for aliases (BadRAM)" },
    { 6, "iommu-write-safe", "writes by devices are safe" },
    { 7, "tio", "trusted I/O is on" },
    { 0, NULL, NULL },
};

const struct snp_bit snp_policy_bits[] = {
    { 16, "smt", "simultaneous multithreading is allowed" },
    { 18, "migrate-ma", "a migration agent may move the VM" },
    { 19, "debug", "the host may debug the VM" },
    { 20, "single-socket", "only one socket" },
    { 21, "cxl", "CXL devices are allowed" },
    { 22, "aes-256-xts", "memory needs AES-256-XTS" },
    { 23, "rapl-disabled", "power readings have to be off" },
    { 24, "ciphertext-hiding", "the host must not read ciphertext" },
    { 25, "page-swap-disabled", "the host cannot swap or move pages" },
    { 0, NULL, NULL },
};

/* A range that has to be zero in the versions first to last. */
static const struct reserved_range {
    enum snp_reserved which;
    uint32_t first, last;
    size_t start, end;               /* end: one past */
} reserved_ranges[] = {
    { SNP_RESERVED_4C, 0, UINT32_MAX, 0x4c, 0x50 },
    { SNP_RESERVED_188, 0, 2, 0x188, 0x1a0 },
    { SNP_RESERVED_188, 3, UINT32_MAX, 0x18b, 0x1a0 },
    { SNP_RESERVED_1EB, 0, UINT32_MAX, 0x1eb, 0x1ec },
    { SNP_RESERVED_1EF, 0, UINT32_MAX, 0x1ef, 0x1f0 },
    { SNP_RESERVED_TAIL, 0, 4, 0x1f8, 0x2a0 },
    { SNP_RESERVED_TAIL, 5, UINT32_MAX, 0x208, 0x2a0 },
    { SNP_RESERVED_SIGNATURE, 0, UINT32_MAX, 0x330, SNP_REPORT_SIZE },
};

static const char *const reserved_names[SNP_RESERVED_RANGES] = {
    [SNP_RESERVED_4C] = "mbz_RSVD_4C",
    [SNP_RESERVED_188] = "mbz_RSVD_188",
    [SNP_RESERVED_1EB] = "mbz_RSVD_1EB",
    [SNP_RESERVED_1EF] = "mbz_RSVD_1EF",
    [SNP_RESERVED_TAIL] = "mbz_RSVD_TAIL",
    [SNP_RESERVED_SIGNATURE] = "mbz_SIG_RSVD",
};

static const char *const product_names[SNP_PRODUCTS] = {
    [SNP_PRODUCT_UNKNOWN] = "unknown",
    [SNP_PRODUCT_MILAN] = "Milan",
    [SNP_PRODUCT_GENOA] = "Genoa",
    [SNP_PRODUCT_TURIN] = "Turin",
};

/* Where the parts of a TCB_VERSION are: the byte, or -1. */
static const struct tcb_layout {
    int fmc, bootloader, tee, snp, microcode;
} tcb_layouts[SNP_PRODUCTS] = {
    [SNP_PRODUCT_UNKNOWN] = { -1, 0, 1, 6, 7 },
    [SNP_PRODUCT_MILAN] = { -1, 0, 1, 6, 7 },
    [SNP_PRODUCT_GENOA] = { -1, 0, 1, 6, 7 },
    [SNP_PRODUCT_TURIN] = { 0, 1, 2, 3, 7 },
};

const char *
snp_reserved_name(enum snp_reserved which)
{
    return reserved_names[which];
}

gboolean
snp_report_version_known(uint32_t version)
{
    return version >= 2 && version <= 5;
}

gboolean
snp_report_reserved_zero(const uint8_t raw[static SNP_REPORT_SIZE], uint32_t version,
                         enum snp_reserved which)
{
    uint8_t seen = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(reserved_ranges); i++) {
        const struct reserved_range *range = &reserved_ranges[i];

        if (range->which != which || version < range->first || version > range->last)
            continue;
        for (size_t at = range->start; at < range->end; at++)
            seen |= raw[at];
    }
    return seen == 0;
}

/* Up to the TCB that the signing key is for; offsets 0x000 to 0x187. */
static void
decode_guest(struct cursor *in, struct snp_report *r)
{
    r->version = cursor_le32(in);
    r->guest_svn = cursor_le32(in);
    r->policy = cursor_le64(in);
    cursor_copy(in, r->family_id, sizeof(r->family_id));
    cursor_copy(in, r->image_id, sizeof(r->image_id));
    r->vmpl = cursor_le32(in);
    r->signature_algo = cursor_le32(in);
    r->current_tcb = cursor_le64(in);
    r->platform_info = cursor_le64(in);
    r->key_info = cursor_le32(in);
    cursor_bytes(in, 4);
    cursor_copy(in, r->report_data, sizeof(r->report_data));
    cursor_copy(in, r->measurement, sizeof(r->measurement));
    cursor_copy(in, r->host_data, sizeof(r->host_data));
    cursor_copy(in, r->id_key_digest, sizeof(r->id_key_digest));
    cursor_copy(in, r->author_key_digest, sizeof(r->author_key_digest));
    cursor_copy(in, r->report_id, sizeof(r->report_id));
    cursor_copy(in, r->report_id_ma, sizeof(r->report_id_ma));
    r->reported_tcb = cursor_le64(in);
}

/* The machine and its firmware; offsets 0x188 to the end. */
static void
decode_platform(struct cursor *in, struct snp_report *r)
{
    const gboolean has_cpuid = r->version >= 3, has_vectors = r->version >= 5;
    const uint8_t *cpuid = cursor_bytes(in, 24);

    r->cpuid_family = has_cpuid ? cpuid[0] : 0;
    r->cpuid_model = has_cpuid ? cpuid[1] : 0;
    r->cpuid_stepping = has_cpuid ? cpuid[2] : 0;
    cursor_copy(in, r->chip_id, sizeof(r->chip_id));
    r->committed_tcb = cursor_le64(in);
    r->current_build = cursor_u8(in);
    r->current_minor = cursor_u8(in);
    r->current_major = cursor_u8(in);
    cursor_u8(in);
    r->committed_build = cursor_u8(in);
    r->committed_minor = cursor_u8(in);
    r->committed_major = cursor_u8(in);
    cursor_u8(in);
    r->launch_tcb = cursor_le64(in);
    r->launch_mit_vector = cursor_le64(in);
    r->current_mit_vector = cursor_le64(in);
    if (!has_vectors)
        r->launch_mit_vector = r->current_mit_vector = 0;
    cursor_bytes(in, 0x2a0 - 0x208);
    cursor_copy(in, r->signature, sizeof(r->signature));
}

void
snp_report_decode(const uint8_t raw[static SNP_REPORT_SIZE], struct snp_report *ret)
{
    struct cursor in = cursor_from(raw, SNP_REPORT_SIZE);

    decode_guest(&in, ret);
    decode_platform(&in, ret);
}

gboolean
snp_report_parse(const void *data, size_t len, struct snp_report *ret, GError **error)
{
    struct snp_report r = { 0 };

    if (len != SNP_REPORT_SIZE)
        return error_malformed(error, "an SNP report has %d bytes, this has %zu", SNP_REPORT_SIZE,
                               len);
    snp_report_decode(data, &r);
    if (!snp_report_version_known(r.version))
        return error_malformed(error, "SNP report of unknown version %u", r.version);
    for (int i = 0; i < SNP_RESERVED_RANGES; i++) {
        if (!snp_report_reserved_zero(data, r.version, (enum snp_reserved)i))
            return error_malformed(error, "reserved bytes of the SNP report are not zero (%s)",
                                   reserved_names[i]);
    }
    *ret = r;
    return TRUE;
}

gboolean
snp_report_has_author_key(const struct snp_report *r)
{
    return (r->key_info & 1) != 0;
}

gboolean
snp_report_chip_key_masked(const struct snp_report *r)
{
    return (r->key_info & 2) != 0;
}

unsigned
snp_report_signing_key(const struct snp_report *r)
{
    return (r->key_info >> 2) & 7;
}

/* Family and model with the extended parts added (AMD, processor programming references). */
static const struct {
    uint8_t family, first_model, last_model;
    enum snp_product product;
} cpuid_products[] = {
    { 0x19, 0x00, 0x0f, SNP_PRODUCT_MILAN },
    { 0x19, 0x10, 0x1f, SNP_PRODUCT_GENOA },
    { 0x19, 0xa0, 0xaf, SNP_PRODUCT_GENOA },
    { 0x1a, 0x00, 0x1f, SNP_PRODUCT_TURIN },
};

enum snp_product
snp_report_product(const struct snp_report *r)
{
    if (r->version < 3)
        return SNP_PRODUCT_UNKNOWN;
    for (size_t i = 0; i < G_N_ELEMENTS(cpuid_products); i++) {
        if (r->cpuid_family == cpuid_products[i].family &&
            r->cpuid_model >= cpuid_products[i].first_model &&
            r->cpuid_model <= cpuid_products[i].last_model)
            return cpuid_products[i].product;
    }
    return SNP_PRODUCT_UNKNOWN;
}

const char *
snp_product_name(enum snp_product product)
{
    return product < SNP_PRODUCTS ? product_names[product] : product_names[0];
}

enum snp_product
snp_product_from_name(const char *name, size_t len)
{
    for (int i = SNP_PRODUCT_UNKNOWN + 1; i < SNP_PRODUCTS; i++) {
        if (strlen(product_names[i]) == len && memcmp(product_names[i], name, len) == 0)
            return (enum snp_product)i;
    }
    return SNP_PRODUCT_UNKNOWN;
}

static uint8_t
tcb_byte(uint64_t raw, int at)
{
    return at < 0 ? 0 : (uint8_t)(raw >> (8 * at));
}

static uint64_t
tcb_place(uint8_t value, int at)
{
    return at < 0 ? 0 : (uint64_t)value << (8 * at);
}

struct snp_tcb
snp_tcb_split(uint64_t raw, enum snp_product product)
{
    const struct tcb_layout *at = &tcb_layouts[product];

    return (struct snp_tcb) {
        .fmc = tcb_byte(raw, at->fmc),
        .bootloader = tcb_byte(raw, at->bootloader),
        .tee = tcb_byte(raw, at->tee),
        .snp = tcb_byte(raw, at->snp),
        .microcode = tcb_byte(raw, at->microcode),
    };
}

uint64_t
snp_tcb_join(struct snp_tcb tcb, enum snp_product product)
{
    const struct tcb_layout *at = &tcb_layouts[product];

    return tcb_place(tcb.fmc, at->fmc) | tcb_place(tcb.bootloader, at->bootloader) |
           tcb_place(tcb.tee, at->tee) | tcb_place(tcb.snp, at->snp) |
           tcb_place(tcb.microcode, at->microcode);
}

gboolean
snp_tcb_at_least(struct snp_tcb a, struct snp_tcb b)
{
    return a.fmc >= b.fmc && a.bootloader >= b.bootloader && a.tee >= b.tee && a.snp >= b.snp &&
           a.microcode >= b.microcode;
}

gboolean
snp_tcb_reserved_zero(uint64_t raw, enum snp_product product)
{
    return snp_tcb_join(snp_tcb_split(raw, product), product) == raw;
}

char *
snp_tcb_text(struct snp_tcb tcb, enum snp_product product)
{
    g_autofree char *fmc = product == SNP_PRODUCT_TURIN ? g_strdup_printf("fmc:%u ", tcb.fmc)
                                                        : g_strdup("");

    return g_strdup_printf("%sbootloader:%u tee:%u snp:%u microcode:%u", fmc, tcb.bootloader,
                           tcb.tee, tcb.snp, tcb.microcode);
}
