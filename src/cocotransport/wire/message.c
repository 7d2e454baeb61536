/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * message - headers to fields and back (protocol, section 6), and the one
 * table of what the codes are called.
 */
#include "cocotransport/wire/message.h"

#include "base/error.h"

#include <string.h>

#define REASON_MAX 512

static const char *const command_names[] = {
    [COCO_HELLO] = "HELLO",
    [COCO_ATTACH] = "ATTACH",
    [COCO_DETACH] = "DETACH",
    [COCO_SET_LOCALITY] = "SET_LOCALITY",
    [COCO_CANCEL] = "CANCEL",
    [COCO_EVIDENCE] = "EVIDENCE",
    [COCO_INFO] = "INFO",
    [COCO_RECEIPT] = "RECEIPT",
    [COCO_RESUME] = "RESUME",
    [COCO_CHECK_RECEIPT] = "CHECK_RECEIPT",
    [COCO_OP_STATUS] = "OP_STATUS",
    [COCO_OP_RESET] = "OP_RESET",
    [COCO_OP_STOP] = "OP_STOP",
};

static const char *const status_texts[] = {
    [COCO_OK] = "ok",
    [COCO_MALFORMED] = "malformed",
    [COCO_DENIED] = "denied by policy",
    [COCO_WRONG_STATE] = "wrong state",
    [COCO_EVIDENCE_INVALID] = "evidence invalid",
    [COCO_STALE] = "stale or forked state",
    [COCO_LAUNCH_USED] = "launch already used",
    [COCO_BUSY] = "busy",
    [COCO_UNSUPPORTED] = "unsupported",
    [COCO_INTERNAL] = "internal error",
};

gboolean
message_header_parse(struct cursor *in, guint32 max, struct message_header *ret, GError **error)
{
    struct message_header h = { 0 };

    h.tag = cursor_be16(in);
    h.size = cursor_be32(in);
    h.code = cursor_be32(in);
    if (in->failed)
        return error_malformed(error, "a message shorter than its header");
    if (h.size < MESSAGE_HEADER || h.size > max)
        return error_malformed(error, "a message that gives its size as %u bytes", h.size);
    *ret = h;

    return TRUE;
}

void
message_header_write(struct builder *out, guint16 tag, guint32 size, guint32 code)
{
    builder_be16(out, tag);
    builder_be32(out, size);
    builder_be32(out, code);
}

void
message_refusal_write(struct builder *out, enum coco_status status, const char *reason)
{
    const size_t len = MIN(strlen(reason), REASON_MAX);

    message_header_write(out, TAG_COCO_ANSWER, (guint32)(MESSAGE_HEADER + 2 + len), status);
    builder_be16(out, (guint16)len);
    builder_bytes(out, reason, len);
}

const char *
coco_command_name(guint32 code)
{
    if (code >= G_N_ELEMENTS(command_names) || command_names[code] == NULL)
        return "unknown";
    return command_names[code];
}

const char *
coco_status_text(guint32 status)
{
    if (status >= G_N_ELEMENTS(status_texts))
        return "unknown status";
    return status_texts[status];
}
