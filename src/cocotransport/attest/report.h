/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report - an SEV-SNP ATTESTATION_REPORT (SEV-SNP ABI 1.58, table 24): bytes
 * to fields. Nothing is judged here but the structure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define SNP_REPORT_SIZE 1184

enum snp_product {
    SNP_PRODUCT_UNKNOWN,
    SNP_PRODUCT_MILAN,
    SNP_PRODUCT_GENOA,       /* Genoa, Bergamo, Siena */
    SNP_PRODUCT_TURIN,
    SNP_PRODUCTS             /* one more than the last */
};

/* A TCB_VERSION in parts; its layout depends on the product (snp.md). fmc is 0 but on Turin. */
struct snp_tcb {
    uint8_t fmc;
    uint8_t bootloader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
};

struct snp_report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t  family_id[16];
    uint8_t  image_id[16];
    uint32_t vmpl;
    uint32_t signature_algo;
    uint64_t current_tcb;            /* raw; snp_tcb_split() takes them apart */
    uint64_t platform_info;
    uint32_t key_info;               /* AUTHOR_KEY_EN bit 0, MASK_CHIP_KEY bit 1, SIGNING_KEY bits 4:2 */
    uint8_t  report_data[64];
    uint8_t  measurement[48];
    uint8_t  host_data[32];
    uint8_t  id_key_digest[48];
    uint8_t  author_key_digest[48];
    uint8_t  report_id[32];
    uint8_t  report_id_ma[32];
    uint64_t reported_tcb;
    uint8_t  cpuid_family;           /* version 3 and later; 0 before, as model and stepping */
    uint8_t  cpuid_model;
    uint8_t  cpuid_stepping;
    uint8_t  chip_id[64];
    uint64_t committed_tcb;
    uint8_t  current_build, current_minor, current_major;
    uint8_t  committed_build, committed_minor, committed_major;
    uint64_t launch_tcb;
    uint64_t launch_mit_vector;      /* version 5 and later */
    uint64_t current_mit_vector;
    uint8_t  signature[512];         /* r and s, 72 bytes each, little-endian, then zeroes */
};

/* One bit of PLATFORM_INFO or of a guest policy: as policies name it, and in words. */
struct snp_bit {
    unsigned bit;
    const char *name;                /* NULL ends a table */
    const char *words;
};

extern const struct snp_bit snp_platform_bits[];
extern const struct snp_bit snp_policy_bits[];

#define SNP_POLICY_SMT (UINT64_C(1) << 16)
#define SNP_POLICY_ALWAYS_ONE (UINT64_C(1) << 17)
#define SNP_POLICY_MIGRATE_MA (UINT64_C(1) << 18)
#define SNP_POLICY_DEBUG (UINT64_C(1) << 19)
#define SNP_POLICY_KNOWN UINT64_C(0x3ffffff)     /* 63:26 must be zero */

#define SNP_VMPL_HOST 0xffffffffu                /* the host asked for this report */

enum snp_signing_key { SNP_SIGNED_BY_VCEK = 0, SNP_SIGNED_BY_VLEK = 1, SNP_SIGNED_BY_NONE = 7 };

/* Reserved ranges, by the names of the checks ("mbz_RSVD_4C"). */
enum snp_reserved {
    SNP_RESERVED_4C, SNP_RESERVED_188, SNP_RESERVED_1EB, SNP_RESERVED_1EF, SNP_RESERVED_TAIL,
    SNP_RESERVED_SIGNATURE,
    SNP_RESERVED_RANGES              /* one more than the last */
};

/* The fields of exactly SNP_REPORT_SIZE bytes; nothing is judged. */
void snp_report_decode(const uint8_t raw[static SNP_REPORT_SIZE], struct snp_report *ret);
gboolean snp_report_version_known(uint32_t version);
gboolean snp_report_reserved_zero(const uint8_t raw[static SNP_REPORT_SIZE], uint32_t version,
                                  enum snp_reserved which);
const char *snp_reserved_name(enum snp_reserved which);

/* AUTHOR_KEY_EN, MASK_CHIP_KEY and SIGNING_KEY of key_info. */
gboolean snp_report_has_author_key(const struct snp_report *r);
gboolean snp_report_chip_key_masked(const struct snp_report *r);
unsigned snp_report_signing_key(const struct snp_report *r);

/* Fails on a wrong length, an unknown version or reserved bytes the version wants zero. */
gboolean snp_report_parse(const void *data, size_t len, struct snp_report *ret, GError **error);

/* By CPUID from version 3 on; UNKNOWN before (the certificate says it then). */
enum snp_product snp_report_product(const struct snp_report *r);
const char      *snp_product_name(enum snp_product product);

enum snp_product snp_product_from_name(const char *name, size_t len);     /* "Milan", … */

struct snp_tcb snp_tcb_split(uint64_t raw, enum snp_product product);
uint64_t       snp_tcb_join(struct snp_tcb tcb, enum snp_product product);
/* Every component of @a at least that of @b. */
gboolean       snp_tcb_at_least(struct snp_tcb a, struct snp_tcb b);
/* The bytes of a TCB_VERSION that the product does not use are zero. */
gboolean       snp_tcb_reserved_zero(uint64_t raw, enum snp_product product);
/* "bootloader:9 tee:0 snp:22 microcode:81", to be freed. */
char          *snp_tcb_text(struct snp_tcb tcb, enum snp_product product);
