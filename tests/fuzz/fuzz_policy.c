/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy of either kind; what is read can be explained. */
#include "config.h"

#include "cocotransport/attest/verify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int kind = POLICY_INSTANCE; kind <= POLICY_DRIVER; kind++) {
        g_autoptr(policy_t) p = policy_parse((const char *)data, size, (enum policy_kind)kind, NULL);
        g_autoptr(GPtrArray) references = NULL;
        g_autofree char *text = NULL;

        if (p == NULL)
            continue;
        if (kind == POLICY_DRIVER && p->peer.policy_digests->len == 0)
            abort();
        references = references_of_policy(p, NULL);
        text = policy_explain(p);
    }
    return 0;
}
