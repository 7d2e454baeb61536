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
};

/* When a row is asked at all. */
enum judge_when {
    WHEN_ALWAYS,
    WHEN_VCEK,                       /* the report says it was signed by a VCEK */
    WHEN_VLEK,
    WHEN_CRL,                        /* a CRL was given */
    WHEN_IDENTITY,                   /* the caller has a policy of who the peer may be */
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

/* In the order they are asked; { NULL } ends each. */
extern const struct judge_row judge_structure_rows[];
extern const struct judge_row judge_chain_rows[];
extern const struct judge_row judge_match_rows[];
extern const struct judge_row judge_content_rows[];
extern const struct judge_row judge_peer_rows[];
extern const struct judge_row judge_tdx_rows[];
