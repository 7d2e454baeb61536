/* SPDX-License-Identifier: BSD-3-Clause */
/* An SNP report: its TCBs join to what they were split from; none is accepted without a key. */
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
    struct snp_report r;

    if (snp_report_parse(data, size, &r, NULL)) {
        const enum snp_product product = snp_report_product(&r);

        if (product != snp_product_from_name(snp_product_name(product),
                                             strlen(snp_product_name(product))))
            abort();
        if (snp_tcb_reserved_zero(r.reported_tcb, product) &&
            snp_tcb_join(snp_tcb_split(r.reported_tcb, product), product) != r.reported_tcb)
            abort();
    }
    evidence.parts[EVIDENCE_SNP_REPORT] = g_bytes_new(data, size);
    if (verify_evidence(&evidence, policy, &context, &v))
        abort();
    verdict_clear(&v);
    return 0;
}
