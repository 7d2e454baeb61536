/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the sealed state is read from: the first byte chooses header, body,
 * provisioning, or an answer of the witness. What parses is written as it was.
 */
#include "config.h"

#include "cocotransport/seal/body.h"
#include "cocotransport/seal/envelope.h"
#include "cocotransport/seal/etcd_json.h"
#include "cocotransport/seal/inspect.h"
#include "cocotransport/seal/provision.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
header(const uint8_t *data, size_t size)
{
    struct cursor in = cursor_from(data, size);
    uint8_t wire[SEALED_HEADER_FIXED + SEALED_SLOTS_MAX * SEALED_SLOT_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));
    g_autofree char *text = inspect_text(data, size, FALSE, NULL);
    g_autofree char *json = inspect_json(data, size, TRUE, NULL);
    struct sealed_header h;

    if (!sealed_header_parse(&in, &h, NULL)) {
        if (text != NULL || json != NULL)
            abort();
        return;
    }
    sealed_header_write_fixed(&h, &out);
    for (guint i = 0; i < h.slot_count; i++)
        sealed_slot_write(&h.slots[i], &out);
    if (out.failed || builder_len(&out) != h.size || memcmp(wire, data, h.size) != 0)
        abort();
}

static void
body(const uint8_t *data, size_t size)
{
    g_autoptr(Secret) plain = secret_copy(data, size);
    g_autoptr(Secret) again = NULL;
    g_auto(sealed_body_t) b = { 0 };

    if (!body_parse(plain, &b, NULL))
        return;
    again = body_write(&b, NULL, NULL);
    if (again == NULL || !secret_equal(plain, again))
        abort();
}

static void
provisioning(const uint8_t *data, size_t size)
{
    g_autoptr(Secret) wire = secret_copy(data, size);
    g_autoptr(Secret) again = NULL;
    g_auto(provision_t) p = { 0 };

    if (!provision_parse(wire, &p, NULL))
        return;
    again = provision_write(&p, NULL);
    if (again == NULL)
        abort();
}

static void
range_answer(const uint8_t *data, size_t size)
{
    struct etcd_value held;

    (void)etcd_range_answer((const char *)data, size, &held, NULL);
}

static void
swap_answer(const uint8_t *data, size_t size)
{
    struct etcd_value held;
    gboolean done;

    (void)etcd_swap_answer((const char *)data, size, &done, &held, NULL);
}

static void (*const readers[])(const uint8_t *data, size_t size) = {
    header, body, provisioning, range_answer, swap_answer,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2 && size <= SEALED_FILE_MAX)
        readers[data[0] % G_N_ELEMENTS(readers)](data + 1, size - 1);
    return 0;
}
