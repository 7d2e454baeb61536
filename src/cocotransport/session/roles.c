/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * roles - the rows. A session that was resumed is the CoCoVM's again, so role
 * resume may do what role cocovm may, once it is attached.
 */
#include "cocotransport/session/roles.h"

#include "base/error.h"
#include "cocotransport/session/protocol.h"
#include "cocotransport/wire/claims.h"

#define TENANT (ROLE_BIT(ROLE_COCOVM) | ROLE_BIT(ROLE_RESUME))
#define EVERYBODY (TENANT | ROLE_BIT(ROLE_OPERATOR))
#define TPM_BODY (TPM_MESSAGE_MAX - MESSAGE_HEADER)

static const struct role_row rows[] = {
    { 0, TENANT, PEER_ATTACHED, 0, TPM_BODY, TRUE },
    { COCO_HELLO, ROLE_BIT(ROLE_COCOVM), PEER_OPEN, 1, CLAIMS_MAX, FALSE },
    { COCO_ATTACH, ROLE_BIT(ROLE_COCOVM), PEER_GREETED, 0, EVIDENCE_MAX, FALSE },
    { COCO_DETACH, TENANT, PEER_ATTACHED, 0, 0, TRUE },
    { COCO_SET_LOCALITY, TENANT, PEER_ATTACHED, 1, 1, TRUE },
    { COCO_CANCEL, TENANT, PEER_ATTACHED, 0, 0, FALSE },
    { COCO_EVIDENCE, TENANT, PEER_ATTACHED, 32 + 4, 64 + 4, TRUE },
    { COCO_INFO, TENANT, PEER_ATTACHED, 0, 0, TRUE },
    { COCO_INFO, EVERYBODY, PEER_OPEN | PEER_GREETED, 0, 0, FALSE },
    { COCO_RESUME, ROLE_BIT(ROLE_RESUME), PEER_OPEN, RESUME_SIZE, RESUME_SIZE + EVIDENCE_MAX,
      FALSE },
    { COCO_CHECK_RECEIPT, TENANT, PEER_ATTACHED, RECEIPT_SIZE, RECEIPT_SIZE, TRUE },
    { COCO_OP_STATUS, ROLE_BIT(ROLE_OPERATOR), PEER_OPEN, 0, 0, FALSE },
    { COCO_OP_RESET, ROLE_BIT(ROLE_OPERATOR), PEER_OPEN, 0, 0, FALSE },
    { COCO_OP_STOP, ROLE_BIT(ROLE_OPERATOR), PEER_OPEN, 0, 0, FALSE },
};

const struct role_row *
roles_find(guint8 role, enum peer_state state, const guint8 *message, gsize len,
           struct message_header *ret_header, GError **error)
{
    struct cursor in = cursor_from(message, len);
    struct message_header h;
    const gsize body = len - MIN(len, MESSAGE_HEADER);

    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, error))
        return NULL;
    if (h.size != len) {
        error_malformed(error, "a message of %u bytes in a record of %zu", h.size, len);
        return NULL;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct role_row *row = &rows[i];
        const gboolean fits = row->code == 0
                                  ? h.tag == TAG_TPM_NO_SESSIONS || h.tag == TAG_TPM_SESSIONS
                                  : h.tag == TAG_COCO_COMMAND && h.code == row->code;

        if (!fits || !(row->roles & ROLE_BIT(role)) || !(row->states & state))
            continue;
        if (body < row->min || body > row->max) {
            error_malformed(error, "%s with a body of %zu bytes",
                            row->code == 0 ? "a TPM command" : coco_command_name(h.code), body);
            return NULL;
        }
        *ret_header = h;
        return row;
    }
    error_denied(error, "message %s (tag 0x%04x) has no place here",
                 h.tag == TAG_COCO_COMMAND ? coco_command_name(h.code) : "of the TPM", h.tag);
    return NULL;
}
