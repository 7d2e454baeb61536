/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bundle - what a relying party gets of a CoCoTPM in one file: a JSON object
 * of base64 strings (cocotpm-bundle(5)), and the walk from a TPM quote to the
 * maker's root. A birth statement is a bundle without a quote.
 */
#pragma once

#include "cocotransport/attest/verify.h"
#include "cocotransport/wire/statement.h"

#define BUNDLE_MAX (256 * 1024)

typedef struct bundle bundle_t;

struct bundle {
    GBytes *statement;               /* as it was received: the report vouches for these bytes */
    GBytes *report;                  /* SNP report */
    GBytes *certificate;             /* of the key that signed it, DER */
    GBytes *quote;                   /* TPMS_ATTEST; NULL in a birth statement, as the two below */
    GBytes *signature;               /* TPMT_SIGNATURE */
    GBytes *eventlog;                /* TCG event log; NULL: none */
};

gboolean bundle_parse(const char *text, gsize len, struct bundle *ret, GError **error);
char    *bundle_write(const struct bundle *b);
void     bundle_clear(struct bundle *b);

struct bundle_context {
    const struct verify_context *verify;     /* its report_data is not asked */
    const struct policy *policy;             /* POLICY_DRIVER */
    const guint8 *nonce;
    gsize nonce_len;                         /* not asked of an endorsement */
    gboolean trust_owner;                    /* recoverable instances are accepted */
    /* An endorsement, which is as old as its TPM, is wanted in place of quote or birth statement. */
    gboolean endorsement;
};

struct bundle_verdict {
    struct verdict verdict;                  /* the links in order, then the report's checks */
    struct statement statement;              /* valid when given is not 0 */
};

/* @ret has to be zeroed; bundle_verdict_clear() frees it. Returns whether every link holds. */
gboolean bundle_judge(const struct bundle *b, const struct bundle_context *context,
                      struct bundle_verdict *ret);
void bundle_verdict_clear(struct bundle_verdict *v);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(bundle_t, bundle_clear)
