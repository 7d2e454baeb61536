/* SPDX-License-Identifier: BSD-3-Clause */
/* A saved session (--resume FILE, the TCTI module's): what was loaded is saved as the same bytes. */
#include "config.h"

#include "cocotransport/session/client_private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct saved {
    guint8 bytes[CLIENT_SAVED_MAX];
    gsize len;
};

static void
save(const Client *c, struct saved *ret)
{
    struct builder out = builder_on(ret->bytes, sizeof(ret->bytes));

    client_save(c, &out);
    if (out.failed)
        abort();
    ret->len = builder_len(&out);
}

static gboolean
equal(const struct saved *a, const guint8 *bytes, gsize len)
{
    return a->len == len && memcmp(a->bytes, bytes, len) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree struct saved *again = g_new(struct saved, 1);
    g_autofree struct saved *twice = g_new(struct saved, 1);
    g_autoptr(Client) back = NULL;
    g_autoptr(Client) c = client_load(data, size, NULL);

    if (!c)
        return 0;
    /* Keys without a number are not kept, so the first time may differ from what was read. */
    save(c, again);
    back = client_load(again->bytes, again->len, NULL);
    if (!back)
        abort();
    save(back, twice);
    if (!equal(twice, again->bytes, again->len))
        abort();
    if (c->keys[0].number != 0 && c->keys[1].number != 0 && !equal(again, data, size))
        abort();
    return 0;
}
