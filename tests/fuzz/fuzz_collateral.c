/* SPDX-License-Identifier: BSD-3-Clause */
/* TCB info and QE identity: what is signed lies inside what was read, and is read alone. */
#include "config.h"

#include "cocotpm/collateral_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_part(const struct signed_part *part, const uint8_t *data, size_t size)
{
    gsize len;
    const char *body = g_bytes_get_data(part->body, &len);

    if (len < 2 || len > size || body[0] != '{' || body[len - 1] != '}' ||
        memmem(data, size, body, len) == NULL)
        abort();
}

/* A part of a lower status never makes the whole better. */
static void
check_levels(GArray *levels)
{
    for (guint i = 1; i < levels->len; i++) {
        const enum tcb_status a = g_array_index(levels, struct tcb_level, i - 1).status;
        const enum tcb_status b = g_array_index(levels, struct tcb_level, i).status;
        const enum tcb_status joined = tcb_status_join(a, b);

        if (joined < a || (joined < b && joined != a) || tcb_status_name(joined) == NULL)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) json = g_bytes_new(data, size);
    g_autoptr(tcb_info_t) info = tcb_info_read(json, NULL);
    g_autoptr(qe_identity_t) qe = qe_identity_read(json, NULL);

    if (info != NULL) {
        check_part(&info->part, data, size);
        check_levels(info->levels);
    }
    if (qe != NULL)
        check_part(&qe->part, data, size);
    return 0;
}
