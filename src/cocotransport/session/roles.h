/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * roles - the table of what is allowed (protocol, section 6): who may send
 * which message when, and how long it may be. One place asks it; a message
 * without a row closes the session, so nothing is allowed by omission.
 *
 *   handshake ──► open ──HELLO──► proving ──► greeted ──ATTACH──► attaching ──► attached
 *                  │                                                               ▲
 *                  └──RESUME (role resume)──► attaching ────────────────────────────┘
 *   Role operator stays in open.
 */
#pragma once

#include "cocotransport/keys/schedule.h"
#include "cocotransport/wire/message.h"

enum peer_state {
    PEER_HANDSHAKE = 1 << 0,
    PEER_OPEN = 1 << 1,
    PEER_PROVING = 1 << 2,           /* a report of ours is being made; the peer has to wait */
    PEER_GREETED = 1 << 3,
    PEER_ATTACHING = 1 << 4,         /* the TPM thread is at it; the peer has to wait */
    PEER_ATTACHED = 1 << 5,
};

struct role_row {
    guint32 code;                    /* of TAG_COCO_COMMAND; 0: any TPM command */
    guint8 roles;                    /* bit per enum schedule_role */
    guint8 states;                   /* of enum peer_state */
    guint32 min, max;                /* of the body */
    gboolean counted;                /* has an answer, and a number for RESUME */
};

#define ROLE_BIT(role) ((guint8)(1u << (role)))

/*
 * The row that allows @message, @len bytes as one record brought them, or NULL
 * with the reason. @ret_header is set when there is one.
 */
const struct role_row *roles_find(guint8 role, enum peer_state state, const guint8 *message,
                                  gsize len, struct message_header *ret_header, GError **error);
