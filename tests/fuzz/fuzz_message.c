/* SPDX-License-Identifier: BSD-3-Clause */
/* Message header and the table of roles: what parses, written back, is the same. */
#include "config.h"

#include "cocotransport/session/roles.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_from(data, size);
    struct message_header h;
    uint8_t again[MESSAGE_HEADER];
    struct builder b = builder_on(again, sizeof(again));

    for (guint8 role = 0; role < 5; role++)
        for (guint state = 1; state <= PEER_ATTACHED; state <<= 1)
            if (roles_find(role, state, data, size, &h, NULL) != NULL && h.size != size)
                abort();
    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL))
        return 0;
    message_header_write(&b, h.tag, h.size, h.code);
    if (memcmp(again, data, sizeof(again)) != 0)
        abort();
    return 0;
}
