/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm_ioctl/device.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "swtpm/control/client.h"

/* Sizes in bytes of the fields of request and answer, in their order; 0 ends them. */
static const struct {
    guint32 code;
    unsigned long request;
    guint8 in[4];
    guint8 out[4];           /* after the result */
} calls[] = {
    { CMD_GET_CAPABILITY, PTM_GET_CAPABILITY, { 0 }, { 4 } },
    { CMD_INIT, PTM_INIT, { 4 }, { 0 } },
    { CMD_SHUTDOWN, PTM_SHUTDOWN, { 0 }, { 0 } },
    { CMD_GET_TPMESTABLISHED, PTM_GET_TPMESTABLISHED, { 0 }, { 1, 1, 1, 1 } },
    { CMD_SET_LOCALITY, PTM_SET_LOCALITY, { 1 }, { 0 } },
    { CMD_HASH_START, PTM_HASH_START, { 0 }, { 0 } },
    { CMD_HASH_DATA, PTM_HASH_DATA, { 4 }, { 0 } },
    { CMD_HASH_END, PTM_HASH_END, { 0 }, { 0 } },
    { CMD_CANCEL_TPM_CMD, PTM_CANCEL_TPM_CMD, { 0 }, { 0 } },
    { CMD_STORE_VOLATILE, PTM_STORE_VOLATILE, { 0 }, { 0 } },
    { CMD_RESET_TPMESTABLISHED, PTM_RESET_TPMESTABLISHED, { 1 }, { 0 } },
    { CMD_GET_STATEBLOB, PTM_GET_STATEBLOB, { 4, 4, 4 }, { 4, 4, 4 } },
    { CMD_SET_STATEBLOB, PTM_SET_STATEBLOB, { 4, 4, 4 }, { 0 } },
    { CMD_STOP, PTM_STOP, { 0 }, { 0 } },
    { CMD_GET_CONFIG, PTM_GET_CONFIG, { 0 }, { 4 } },
    { CMD_SET_BUFFERSIZE, PTM_SET_BUFFERSIZE, { 4 }, { 4, 4, 4 } },
    { CMD_GET_INFO, PTM_GET_INFO, { 8, 4, 4 }, { 4, 4 } },
    { CMD_LOCK_STORAGE, PTM_LOCK_STORAGE, { 4 }, { 0 } },
};

/* Turns the bytes of each field about where the machine is little-endian; the rest is copied. */
static void
turn(const guint8 fields[4], const guint8 *from, gsize len, guint8 *to)
{
    gsize at = 0;

    for (gsize f = 0; f < 4 && fields[f] != 0 && at + fields[f] <= len; f++) {
        for (gsize i = 0; i < fields[f]; i++)
            to[at + i] = G_BYTE_ORDER == G_LITTLE_ENDIAN ? from[at + fields[f] - 1 - i]
                                                         : from[at + i];
        at += fields[f];
    }
    memcpy(to + at, from + at, len - at);
}

gboolean
device_request(int fd, guint32 code, const guint8 *body, gsize body_len, guint8 *ret, gsize len,
               GError **error)
{
    union {
        guint8 bytes[sizeof(ptm_hdata) + sizeof(ptm_getstate)];
        guint32 result;
    } buf = { .bytes = { 0 } };

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].code != code)
            continue;
        if (body_len > sizeof(ptm_hdata) || len + 4 > sizeof(buf.bytes))
            return error_malformed(error, "too long for a device");
        turn(calls[i].in, body, body_len, buf.bytes);
        if (ioctl(fd, calls[i].request, &buf) < 0)
            return error_errno(error, errno, "Could not execute PTM_%s", ptm_row(code)->name);
        if (code != CMD_GET_CAPABILITY && !ptm_result_ok(code, buf.result, error))
            return FALSE;
        /* A capability is one number of 64 bits, of which the low half is wanted. */
        turn(calls[i].out, buf.bytes + (code == CMD_GET_CAPABILITY ? 0 : 4), len, ret);
        return TRUE;
    }
    return error_malformed(error, "no such request on a device");
}
