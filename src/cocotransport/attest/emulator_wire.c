/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * emulator_wire - requests and answers of the guest device as bytes, writing
 * and reading side by side.
 */
#include "cocotransport/attest/emulator_wire.h"

#include "base/error.h"
#include "cocotransport/attest/certtable.h"

void
emulator_request_write(const struct snpdev_request *r, struct builder *out)
{
    builder_u8(out, (uint8_t)r->call);
    builder_u8(out, r->version);
    builder_bytes(out, r->data, sizeof(r->data));
    builder_be32(out, r->certs_len);
}

gboolean
emulator_request_parse(struct cursor *in, struct snpdev_request *ret, GError **error)
{
    struct snpdev_request r = { 0 };
    const uint8_t call = cursor_u8(in);

    r.version = cursor_u8(in);
    cursor_copy(in, r.data, sizeof(r.data));
    r.certs_len = cursor_be32(in);
    if (!cursor_done(in) || call >= SNPDEV_CALLS)
        return error_malformed(error, "a broken request to an emulated launch");
    r.call = (enum snpdev_call)call;
    *ret = r;
    return TRUE;
}

void
emulator_answer_write(const struct snpdev_answer *a, struct builder *out)
{
    const size_t certs = a->certs ? g_bytes_get_size(a->certs) : 0;

    builder_be32(out, (uint32_t)a->error);
    builder_be32(out, a->firmware_error);
    builder_be32(out, a->host_error);
    builder_be32(out, a->certs_len);
    builder_be32(out, a->data ? (uint32_t)secret_len(a->data) : 0);
    if (a->data != NULL)
        builder_bytes(out, secret_peek(a->data), secret_len(a->data));
    builder_be32(out, (uint32_t)certs);
    if (certs != 0)
        builder_bytes(out, g_bytes_get_data(a->certs, NULL), certs);
}

gboolean
emulator_answer_parse(struct cursor *in, struct snpdev_answer *ret, GError **error)
{
    struct snpdev_answer a = { 0 };
    const uint8_t *data = NULL, *certs = NULL;
    uint32_t data_len = 0, certs_len = 0;

    a.error = (int)cursor_be32(in);
    a.firmware_error = cursor_be32(in);
    a.host_error = cursor_be32(in);
    a.certs_len = cursor_be32(in);
    data_len = cursor_be32(in);
    data = cursor_bytes(in, data_len);
    certs_len = cursor_be32(in);
    certs = cursor_bytes(in, certs_len);
    if (!cursor_done(in) || data_len > SNPDEV_REPORT_ANSWER || certs_len > CERTTABLE_MAX
        || (a.error == 0 && data_len == 0))
        return error_malformed(error, "a broken answer from an emulated launch");
    if (data_len != 0)
        a.data = secret_copy(data, data_len);
    if (certs_len != 0)
        a.certs = g_bytes_new(certs, certs_len);
    *ret = a;
    return TRUE;
}
