/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * collateral - what Intel publishes to judge a TDX platform's firmware by: TCB
 * info and QE identity (Intel Provisioning Certification Service API, version
 * 4), read from JSON by who was given it. The signed bytes stay as received.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <time.h>

#define TCB_COMPONENTS 16

/* Intel's names, best first. */
enum tcb_status {
    TCB_UP_TO_DATE,
    TCB_SW_HARDENING_NEEDED,
    TCB_CONFIGURATION_NEEDED,
    TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TCB_OUT_OF_DATE,
    TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    TCB_REVOKED,
};

const char *tcb_status_name(enum tcb_status status);
gboolean tcb_status_parse(const char *text, enum tcb_status *ret, GError **error);
/* Of a platform whose module or quoting enclave has a status of its own. */
enum tcb_status tcb_status_join(enum tcb_status platform, enum tcb_status part);

struct tcb_level {
    uint8_t sgx[TCB_COMPONENTS], tdx[TCB_COMPONENTS];    /* of a platform only */
    uint16_t svn;                    /* PCESVN of a platform, ISVSVN of a module or enclave */
    enum tcb_status status;
    char date[32];
    char *advisories;                /* "INTEL-SA-00001, …"; NULL for none */
};

/* Of struct tcb_level, cleared with the array. */
GArray *tcb_levels_new(void);

/* A TDX module: of one version, or (0) the platform's first. */
struct tdx_module {
    unsigned version;
    uint8_t signer[48];
    uint8_t attributes[8], mask[8];
    GArray *levels;                  /* none in that of version 0 */
};

struct signed_part {
    GBytes *body;                    /* what was signed */
    uint8_t signature[64];
    time_t issued, next_update;
};

struct tcb_info {
    struct signed_part part;
    uint8_t fmspc[6];
    uint8_t pce_id[2];
    GArray *modules;                 /* of struct tdx_module */
    GArray *levels;
};

struct qe_identity {
    struct signed_part part;
    uint8_t misc[4], misc_mask[4];
    uint8_t attributes[16], mask[16];
    uint8_t signer[32];
    uint16_t product;
    GArray *levels;
};

typedef struct tcb_info tcb_info_t;
typedef struct qe_identity qe_identity_t;

struct tcb_info *tcb_info_new(void);
void tcb_info_free(struct tcb_info *info);
struct qe_identity *qe_identity_new(void);
void qe_identity_free(struct qe_identity *identity);

/* All of it; what was not given is NULL. */
typedef struct tdx_collateral tdx_collateral_t;

struct tdx_collateral {
    struct tcb_info *tcb_info;
    struct qe_identity *qe_identity;
    GBytes *chain;                   /* the key that signed both, and the root; PEM or DER */
    GBytes *pck_crl;                 /* of the authority that signed the platform's key */
    unsigned accept;                 /* 1 << status: good enough beside TCB_UP_TO_DATE */
};

/* What was found, for the verdict. */
struct tcb_verdict {
    gboolean platform_judged, qe_judged;
    enum tcb_status platform, module, qe, joined;
    char date[32];                   /* of the platform's level */
    char *advisories;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(tcb_info_t, tcb_info_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(qe_identity_t, qe_identity_free)
