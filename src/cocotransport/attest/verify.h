/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify - bytes, policy and time in, verdict out. No I/O, no clock, no state.
 * The checks are a table, run in order; the first that fails is the verdict.
 */
#pragma once

#include "cocotransport/attest/certificate.h"
#include "cocotransport/attest/collateral.h"
#include "cocotransport/attest/policy.h"
#include "cocotransport/attest/tdx.h"
#include "cocotransport/wire/evidence.h"

#include <time.h>

enum check_result { CHECK_PASSED, CHECK_FAILED, CHECK_SKIPPED };

struct check {
    const char *name;                /* the names of the vectors' README, and ours */
    enum check_result result;
};

struct verdict {
    gboolean accepted;
    const char *check;               /* the first that failed; NULL when accepted */
    char *reason;                    /* in words; also what was not checked, when accepted */
    GArray *checks;                  /* of struct check, in order, up to the first that failed */
    enum evidence_kind kind;
    struct snp_report report;        /* valid when kind is SNP and the structure was good */
    enum snp_product product;
    struct td_report td;             /* the same for a TDX quote */
    struct tcb_verdict tcb;          /* of its platform, where collateral was given */
};

/* What the verifier knows besides the evidence. */
struct verify_context {
    time_t now;
    const guint8 *report_data;       /* 64 bytes, compared in constant time; NULL: not judged */
    const guint8 *own_chip_id;       /* 64 bytes, for same-chip; NULL: a policy with same-chip refuses */
    GBytes *chain;                   /* ASK/ASVK and ARK, PEM or DER one after the other; NULL: built in */
    const struct certificate *root;  /* the chain's root where @chain has none: who judges often
                                        reads it once; NULL: it has to be in there */
    GBytes *crl;                     /* NULL: none */
    const struct tdx_collateral *collateral;      /* TDX; NULL: none */
    gboolean judge_identity;         /* FALSE only for cocotpm-verify without --policy */
    gboolean all_checks;             /* go on after the first failure, to show the others too */
};

/* @ret has to be zeroed; verdict_clear() frees it. Returns ret->accepted. */
gboolean verify_evidence(const struct evidence *e, const struct policy *policy,
                         const struct verify_context *context, struct verdict *ret);
void verdict_clear(struct verdict *v);

/*
 * References of protocol section 4: SHA-256(kind, how, value). From a report
 * (own or peer's, already parsed), or what a policy expects of a peer: every
 * value it accepts, newest first, at most 8.
 */
gboolean reference_of_report(const struct snp_report *report, enum policy_reference how,
                             guint8 ret[static 32], GError **error);
GPtrArray *references_of_policy(const struct policy *policy, GError **error);  /* GBytes of 32 */
