/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * operator_client - one question over TLS with the operator's key.
 */
#include "config.h"

#include "cocotransport/session/operator_client.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"

#include <string.h>

/* Both references are zero: the operator shows no evidence and is shown none. */
static Tls *
open_session(const guint8 *uuid, const Secret *psk, attach_connect connect, gpointer data,
             gint64 deadline, GError **error)
{
    const guint8 nothing[REFERENCE_SIZE] = { 0 };
    struct psk_identity id = { .role = ROLE_OPERATOR };

    memcpy(id.uuid, uuid, sizeof(id.uuid));
    if (!schedule_context(ROLE_OPERATOR, uuid, nothing, nothing, id.context, error))
        return NULL;
    return client_open_channel(&id, psk, connect, data, deadline, error);
}

static gboolean
ask(Tls *tls, enum coco_command code, guint8 *buffer, gsize *ret_len, gint64 deadline,
    GError **error)
{
    guint8 message[MESSAGE_HEADER];
    struct builder out = builder_on(message, sizeof(message));
    enum tls_result result;

    message_header_write(&out, TAG_COCO_COMMAND, sizeof(message), code);
    result = tls_send(tls, message, sizeof(message), error);
    if (result == TLS_DONE)
        result = tls_flush_until(tls, deadline, error);
    if (result == TLS_DONE)
        result = tls_receive_until(tls, buffer, COCO_MESSAGE_MAX, ret_len, deadline, error);
    if (result == TLS_FAILED)
        return FALSE;
    return result == TLS_DONE || error_system(error, "%s: the CoCoTPM does not answer",
                                              coco_command_name(code));
}

gboolean
operator_client_run(const guint8 uuid[static 16], const Secret *psk, enum coco_command code,
                    attach_connect connect, gpointer data, gint64 deadline, GBytes **ret,
                    GError **error)
{
    g_autoptr(Tls) tls = open_session(uuid, psk, connect, data, deadline, error);
    g_autofree guint8 *buffer = g_malloc(COCO_MESSAGE_MAX);
    g_autofree char *reason = NULL;
    enum coco_status status = COCO_INTERNAL;
    gsize len = 0;

    if (!tls || !ask(tls, code, buffer, &len, deadline, error)
        || !client_read_answer(buffer, len, &status, ret, &reason, error))
        return FALSE;
    if (status != COCO_OK)
        return error_denied(error, "%s: the CoCoTPM refused: %s (%s)", coco_command_name(code),
                            coco_status_text(status), reason);
    return TRUE;
}

gboolean
operator_status_parse(GBytes *body, struct operator_status *ret, GError **error)
{
    struct cursor in = cursor_from(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    struct operator_status s = { 0 };
    const guint8 *words;
    guint16 len;

    s.version = cursor_be16(&in);
    cursor_be32(&in);                /* largest message, and largest of the TPM's */
    cursor_be32(&in);
    s.epoch = cursor_be64(&in);
    s.generation = cursor_be64(&in);
    s.attached = cursor_u8(&in) != 0;
    s.waiting = cursor_u8(&in) != 0;
    len = cursor_be16(&in);
    words = cursor_bytes(&in, len);
    if (!cursor_done(&in))
        return error_malformed(error, "OP_STATUS: the answer is malformed");
    s.why = g_strndup(words ? (const char *)words : "", len);
    for (char *c = s.why; *c; c++)
        *c = g_ascii_isprint(*c) ? *c : '?';
    *ret = s;
    return TRUE;
}
