/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * operator_client - the operator's session (protocol, section 6.4): a key of
 * its own, no evidence, one question. Nothing in it helps against the tenant.
 */
#pragma once

#include "cocotransport/session/attach_client.h"

#define OPERATOR_PSK_MAX 64

/* What OP_STATUS says: how things are, no secrets. */
struct operator_status {
    guint16 version;
    guint64 epoch, generation;
    gboolean attached;
    gboolean waiting;                /* a store waits for its witness */
    char *why;                       /* in words, printable; owned */
};

/* One of the OP_ codes. @ret is the answer's body. DENIED: no shared key, or refused. */
gboolean operator_client_run(const guint8 uuid[static 16], const Secret *psk,
                             enum coco_command code, attach_connect connect, gpointer data,
                             gint64 deadline, GBytes **ret, GError **error);

gboolean operator_status_parse(GBytes *body, struct operator_status *ret, GError **error);
