/* SPDX-License-Identifier: BSD-3-Clause */
/* A TDX quote or TDREPORT; no quote is accepted without the maker's signatures. */
#include "config.h"

#include "cocotransport/attest/verify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(policy_t) policy = policy_default();
    g_auto(evidence_t) evidence = { { NULL } };
    const struct verify_context context = { .now = 1800000000, .all_checks = TRUE };
    struct verdict v = { 0 };
    struct tdx_quote q;
    struct td_report td;

    (void)tdreport_parse(data, size, &td, NULL);
    if (tdx_quote_parse(data, size, &q, NULL) &&
        (q.chain < data || q.chain_len > size || q.signed_len > size))
        abort();
    evidence.parts[EVIDENCE_TDX_QUOTE] = g_bytes_new(data, size);
    if (verify_evidence(&evidence, policy, &context, &v))
        abort();
    verdict_clear(&v);
    return 0;
}
