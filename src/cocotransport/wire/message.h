/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * message - the ten bytes every message begins with (protocol, section 6), the
 * codes of CoCoTPM commands, and their status.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define MESSAGE_HEADER 10
#define TPM_MESSAGE_MAX 4096             /* libtpms' TPM_BUFFER_MAX */
#define COCO_MESSAGE_MAX 16384           /* one TLS record */

#define TAG_TPM_NO_SESSIONS 0x8001
#define TAG_TPM_SESSIONS 0x8002
#define TAG_COCO_COMMAND 0xc0c0
/* Answers, apart from what is sent unasked, so that an answer of status 8 is
 * never taken for RECEIPT, which carries TAG_COCO_COMMAND and code 8. */
#define TAG_COCO_ANSWER 0xc0c1

enum coco_command {
    COCO_HELLO = 1, COCO_ATTACH, COCO_DETACH, COCO_SET_LOCALITY, COCO_CANCEL, COCO_EVIDENCE,
    COCO_INFO, COCO_RECEIPT, COCO_RESUME, COCO_CHECK_RECEIPT,
    COCO_OP_STATUS = 16, COCO_OP_RESET, COCO_OP_STOP,
};

enum coco_status {
    COCO_OK, COCO_MALFORMED, COCO_DENIED, COCO_WRONG_STATE, COCO_EVIDENCE_INVALID, COCO_STALE,
    COCO_LAUNCH_USED, COCO_BUSY, COCO_UNSUPPORTED, COCO_INTERNAL,
};

struct message_header {
    guint16 tag;
    guint32 size;                        /* of the whole message */
    guint32 code;
};

/* @max: the largest size this reader takes. */
gboolean message_header_parse(struct cursor *in, guint32 max, struct message_header *ret,
                              GError **error);
void message_header_write(struct builder *out, guint16 tag, guint32 size, guint32 code);

/* An answer of failure: status, u16 length, reason (cut at 512 bytes). */
void message_refusal_write(struct builder *out, enum coco_status status, const char *reason);

const char *coco_command_name(guint32 code);     /* "HELLO"; "unknown" */
const char *coco_status_text(guint32 status);    /* "launch already used" */
