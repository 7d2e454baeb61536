/* SPDX-License-Identifier: BSD-3-Clause */
/* A saved session (--resume FILE, the TCTI module's): what was loaded is saved as the same bytes. */
#include "config.h"

#include "cocotransport/session/client_private.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Secret) saved = NULL;
    g_autoptr(Secret) again = NULL;
    g_autoptr(Secret) twice = NULL;
    g_autoptr(Client) c = NULL;
    g_autoptr(Client) back = NULL;

    if (size == 0 || size > CLIENT_SAVED_MAX)
        return 0;
    saved = secret_copy(data, size);
    c = client_load(saved, NULL);
    if (!c)
        return 0;
    /* Keys without a number are not kept, so the first time may differ from what was read. */
    again = client_save(c, NULL);
    back = again ? client_load(again, NULL) : NULL;
    twice = back ? client_save(back, NULL) : NULL;
    if (!twice || !secret_equal(again, twice))
        abort();
    if (c->keys[0].number != 0 && c->keys[1].number != 0 && !secret_equal(saved, again))
        abort();
    return 0;
}
