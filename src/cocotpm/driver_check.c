/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_check - one question at the socket of driver_ask.h.
 */
#include "config.h"

#include "cocotpm/driver_check.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/receipt_file.h"
#include "cocotransport/link/link.h"
#include "cocotransport/wire/message.h"

#include <stdio.h>

static gboolean
read_status(int fd, gint64 deadline, guint32 *ret, GError **error)
{
    guint8 head[8];              /* the words behind it say no more than the status */
    struct cursor in = cursor_from(head, sizeof(head));

    if (!io_read_until(fd, head, sizeof(head), deadline, error)) {
        g_prefix_error(error, "the running driver: ");
        return FALSE;
    }
    *ret = cursor_be32(&in);
    return TRUE;
}

static gboolean
ask(const char *socket, const struct receipt *r, gint64 deadline, guint32 *ret, GError **error)
{
    g_autofree char *path = g_strdup(socket);
    const struct link_address address = { .kind = LINK_UNIX, .path = path };
    guint8 request[2 + RECEIPT_SIZE];
    struct builder out = builder_on(request, sizeof(request));
    g_auto(AutoFd) fd = link_connect(&address, deadline, error);

    builder_be16(&out, RECEIPT_SIZE);
    receipt_write(r, &out);
    return fd >= 0 && io_write_until(fd, request, sizeof(request), deadline, error) &&
           read_status(fd, deadline, ret, error);
}

gboolean
driver_check_run(const char *file, const char *socket, const guint8 uuid[static 16],
                 gint64 deadline, GError **error)
{
    struct receipt r;
    gboolean found;
    guint32 status;

    if (!receipt_file_find(file, uuid, &r, &found, error))
        return FALSE;
    if (!found)
        return error_denied(error, "%s: no receipt of this instance", file);
    if (!ask(socket, &r, deadline, &status, error))
        return FALSE;
    if (status != COCO_OK)
        return error_denied(error, "%s: %s", file, coco_status_text(status));
    printf("%s: the receipt holds: epoch %" G_GUINT64_FORMAT ", generation %" G_GUINT64_FORMAT "\n",
           file, r.epoch, r.generation);
    return TRUE;
}
