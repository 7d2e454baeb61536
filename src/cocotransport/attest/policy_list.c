/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_list - whether a peer's value is one of those that a policy names.
 */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/policy.h"

gboolean
policy_list_has(const GPtrArray *list, const void *value, gsize len)
{
    for (guint i = 0; list != NULL && i < list->len; i++) {
        gsize n;
        const void *item = g_bytes_get_data(list->pdata[i], &n);

        if (n == len && memcmp(item, value, len) == 0)
            return TRUE;
    }
    return FALSE;
}
