/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm_ioctl/device.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm/control/client.h"
#include "swtpm/control/layout.h"

union buffer {
    guint8 bytes[4 + sizeof(ptm_hdata)];
    guint32 result;
    guint64 capability;
};

static gboolean
call(int fd, const struct ptm_layout *layout, union buffer *buf, GError **error)
{
    if (ioctl(fd, layout->request, buf) < 0)
        return error_errno(error, errno, "Could not execute PTM_%s", ptm_row(layout->code)->name);
    return layout->code == CMD_GET_CAPABILITY || ptm_result_ok(layout->code, buf->result, error);
}

gboolean
device_capability(int fd, guint64 *ret, GError **error)
{
    union buffer buf = { .bytes = { 0 } };

    if (!call(fd, ptm_layout_of_code(CMD_GET_CAPABILITY), &buf, error))
        return FALSE;
    *ret = buf.capability;
    return TRUE;
}

gboolean
device_request(int fd, guint32 code, const guint8 *body, gsize body_len, guint8 *ret, gsize len,
               GError **error)
{
    const struct ptm_layout *layout = ptm_layout_of_code(code);
    union buffer buf = { .bytes = { 0 } };

    if (layout == NULL)
        return error_malformed(error, "no such request on a device");
    if (body_len > sizeof(ptm_hdata) || len + 4 > sizeof(buf.bytes))
        return error_malformed(error, "too long for a device");
    ptm_layout_turn(layout->in, body, body_len, buf.bytes);
    if (!call(fd, layout, &buf, error))
        return FALSE;
    ptm_layout_turn(layout->out, buf.bytes + 4, len, ret);
    return TRUE;
}

/* The structure takes the first bytes; the device is written the rest. */
gboolean
device_set_state(int fd, const guint8 *body, gsize len, GError **error)
{
    gsize first = MIN(len, 12 + PTM_STATE_BLOB_SIZE);

    return device_request(fd, CMD_SET_STATEBLOB, body, first, NULL, 0, error) &&
           (len == first || io_write_full(fd, body + first, len - first, error));
}

/* What is longer than the structure is read from the device after it. */
gboolean
device_read_state(int fd, const guint8 *first, guint8 *data, gsize total, GError **error)
{
    gsize have = MIN(total, PTM_STATE_BLOB_SIZE);

    memcpy(data, first, have);
    return have == total || io_read_full(fd, data + have, total - have, error);
}
