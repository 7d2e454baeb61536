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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(tcb_info_t) info = tcb_info_read((const char *)data, size, NULL);
    g_autoptr(qe_identity_t) qe = qe_identity_read((const char *)data, size, NULL);

    if (info != NULL)
        check_part(&info->part, data, size);
    if (qe != NULL)
        check_part(&qe->part, data, size);
    return 0;
}
