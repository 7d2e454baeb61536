/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chip - one emulated processor: what it is, what firmware it runs, the secret
 * in its fuses and the keys that follow from it. Kept in a folder, so that a
 * restart is the same chip.
 */
#pragma once

#include "cocotransport/attest/report.h"
#include "cocotransport/keys/secret.h"
#include "snpemu/pki.h"
#include "snpemu/status.h"

#define CHIP_ID_SIZE 64
#define ROOT_KEY_SIZE 32
#define CSP_ID_MAX 64

typedef struct chip chip_t;

struct firmware_version {
    uint8_t major, minor, build;
};

struct chip {
    enum snp_product product;
    guint report_version;            /* 2, 3 or 5 */
    guint key_version;               /* highest MSG_KEY_REQ version: 1, or 2 from 1.58 on */
    uint8_t chip_id[CHIP_ID_SIZE];
    uint64_t platform_info;
    uint64_t mit_vector;
    struct snp_tcb current, committed, reported;
    struct firmware_version current_version, committed_version;
    gboolean mask_chip_id, mask_chip_key;
    gboolean expired;                /* VEK certificates are made as if eight years ago */
    char *csp_id;                    /* a VLEK of this provider is loaded; NULL: none */
    Secret *seed;                    /* the fuses */
    Secret *csp_seed;                /* of the loaded VLEK */
    struct vek *vcek;                /* for REPORTED_TCB */
    struct vek *vlek;                /* NULL while none is loaded */
    struct pki *pki;
    char *folder;                    /* NULL: this chip is in memory only */
};

/* What a new chip is made with; NULL or 0 for the usual. */
struct chip_config {
    char *folder;                    /* state; NULL keeps nothing */
    char *pki_folder;                /* ARK, ASK and ASVK; NULL: inside @folder */
    char *product;                   /* "milan", "genoa", "turin" */
    guint report_version;
    guint key_version;
    char *tcb;                       /* FMC:BOOTLOADER:TEE:SNP:MICROCODE of all four TCBs */
};

/* Opens the chip in the folder, or makes one there. */
struct chip *chip_open(const struct chip_config *config, GError **error);
void chip_free(struct chip *c);

/* Writes what commands changed, and the certificates as files beside it. */
gboolean chip_save(struct chip *c, GError **error);

/* SNP_CONFIG: REPORTED_TCB (not above COMMITTED) and the masks. */
enum fw_status chip_configure(struct chip *c, struct snp_tcb reported, gboolean mask_chip_id,
                              gboolean mask_chip_key, GError **error);
/* SNP_COMMIT: what runs now can no longer be rolled back. */
enum fw_status chip_commit(struct chip *c, GError **error);
/* DOWNLOAD_FIRMWARE_EX: another firmware, not below COMMITTED. */
enum fw_status chip_firmware(struct chip *c, struct snp_tcb tcb, struct firmware_version version,
                             GError **error);
/* SNP_VLEK_LOAD; a NULL @csp_id unloads (as a reset of the platform does). */
enum fw_status chip_vlek_load(struct chip *c, const char *csp_id, struct snp_tcb tcb,
                              GError **error);

/*
 * The secret that follows from the fuses for @tcb. Each component is a hash
 * chain from its highest value down: firmware knows the secrets of itself and
 * of what is older, never of what is newer.
 */
Secret *chip_root(const struct chip *c, struct snp_tcb tcb, GError **error);
/* The same of the loaded VLEK, which has one TCB only. */
Secret *chip_vlek_root(const struct chip *c, GError **error);

/* The certificate table of the extended report: VEK, ASK or ASVK, ARK. */
GBytes *chip_certificate_table(const struct chip *c, GError **error);

gboolean tcb_parse(const char *text, struct snp_tcb *ret, GError **error);
char    *tcb_text(struct snp_tcb tcb);
gboolean version_parse(const char *text, struct firmware_version *ret, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(chip_t, chip_free)
