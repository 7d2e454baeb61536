/* SPDX-License-Identifier: BSD-3-Clause */
/* RESUME, and the answers to HELLO and ATTACH. */
#include "config.h"

#include "cocotransport/session/protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_from(data, size);
    struct resume r;
    struct attachment a = { 0 };
    struct hello_answer h;
    uint8_t again[RESUME_SIZE];
    struct builder b = builder_on(again, sizeof(again));

    if (resume_parse(&in, &r, NULL)) {
        resume_write(&r, &b);
        if (memcmp(again, data, sizeof(again)) != 0)
            abort();
    }
    in = cursor_from(data, size);
    if (attachment_parse(&in, &a, NULL))
        g_bytes_unref(a.event);
    in = cursor_from(data, size);
    if (hello_answer_parse(&in, &h, NULL) && h.claims_len > CLAIMS_MAX)
        abort();
    return 0;
}
