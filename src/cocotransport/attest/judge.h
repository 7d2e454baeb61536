/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * judge - the inside of verify: what the checks share, and the tables of rows
 * that they are. A check looks at one thing, says in words why it fails, and
 * changes nothing but what later rows are documented to use.
 */
#pragma once

#include "cocotransport/attest/certificate.h"
#include "cocotransport/attest/tdx.h"
#include "cocotransport/attest/verify.h"

/* What a row needs to have been found by those before it; without it the row is skipped. */
enum judge_need {
    NEED_REPORT = 1 << 0,            /* 1184 bytes of report */
    NEED_VEK = 1 << 1,               /* a certificate that can be read */
    NEED_CHAIN = 1 << 2,             /* root and signer */
    NEED_EXTENSIONS = 1 << 3,        /* the VEK's */
    NEED_CRL = 1 << 4,
    NEED_PCK_CRL = 1 << 5,           /* the rest: TDX only */
    NEED_COLLATERAL = 1 << 6,        /* the key that signed TCB info */
    NEED_PCK = 1 << 7,               /* the platform certificate's extension */
};

/* When a row is asked at all. */
enum judge_when {
    WHEN_ALWAYS,
    WHEN_VCEK,                       /* the report says it was signed by a VCEK */
    WHEN_VLEK,
    WHEN_CRL,                        /* a CRL was given */
    WHEN_IDENTITY,                   /* the caller has a policy of who the peer may be */
    WHEN_COLLATERAL,                 /* TCB info or QE identity was given */
    WHEN_TCB_INFO,
    WHEN_QE_IDENTITY,
    WHEN_PCK_CRL,
    WHEN_REPORT_DATA,                /* the caller says what REPORT_DATA has to be */
};

struct judge {
    const struct evidence *evidence;
    const struct policy *policy;
    const struct verify_context *context;
    struct verdict *verdict;
    unsigned found;                  /* of enum judge_need */
    Der *der;
    const guint8 *raw;               /* the report as received */
    size_t raw_len;
    gboolean vlek;
    GPtrArray *chain;
    const struct certificate *root, *signer;      /* inside chain */
    struct certificate *vek;
    struct vek_extensions extensions;
    struct crl *crl;
    struct tdx_quote quote;          /* inside raw; TDX only */
    GPtrArray *collateral_chain;
    const struct certificate *collateral_signer;  /* inside it */
    struct crl *pck_crl;
    struct pck_extensions pck;
    char *reason;                    /* of the check that fails now */
};

typedef gboolean judge_check(struct judge *j, int arg);

struct judge_row {
    const char *name;
    judge_check *check;
    enum judge_when when;
    unsigned needs;
    int arg;
};

/* Runs the rows until one fails (or all: all_checks); TRUE when none did. */
gboolean judge_run(struct judge *j, const struct judge_row *const *tables, size_t count);

/* Sets the reason; always FALSE, for `return judge_fail(…)`. */
gboolean judge_fail(struct judge *j, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same from a GError, which is freed. */
gboolean judge_fail_error(struct judge *j, GError *error);
gboolean judge_zero(const guint8 *data, size_t len);           /* all of it */

/* What the rows of TDX share. The first sets the reason. */
gboolean judge_trusts_root(struct judge *j, const struct certificate *root);
gboolean judge_signed_by(const struct certificate *c, const struct certificate *issuer);
/* ECDSA P-256 with SHA-256; r and s as 32 bytes each, big-endian. */
gboolean judge_p256_verify(gnutls_pubkey_t key, const void *data, size_t len,
                           const guint8 signature[static 64]);

/* In the order they are asked; { NULL } ends each. */
extern const struct judge_row judge_structure_rows[];
extern const struct judge_row judge_chain_rows[];
extern const struct judge_row judge_match_rows[];
extern const struct judge_row judge_content_rows[];
extern const struct judge_row judge_peer_rows[];
extern const struct judge_row judge_tdx_rows[];
extern const struct judge_row judge_collateral_rows[];
extern const struct judge_row judge_td_rows[];
