/* SPDX-License-Identifier: BSD-3-Clause */
/* driver_request - one of three kinds, told apart by who is called back. */
#include "config.h"

#include "cocotpm/driver_request.h"

#include "base/builder.h"
#include "base/cursor.h"

#define TPM_RC_FAILURE 0x101

struct DriverRequest {
    guint8 *message;
    gsize len;
    driver_answer answer;            /* a TPM command; the others are NULL then */
    driver_result result;            /* SET_LOCALITY, DETACH */
    driver_status status;
    gpointer data;
    gboolean detach;
};

void
driver_request_free(gpointer data)
{
    DriverRequest *r = data;

    gnutls_memset(r->message, 0, r->len);
    g_free(r->message);
    g_free(r);
}

/* ---- what is asked ---- */

DriverRequest *
driver_request_command(const guint8 *command, gsize len, driver_answer done, gpointer data)
{
    DriverRequest *r = g_new0(DriverRequest, 1);

    r->message = g_memdup2(command, len);
    r->len = len;
    r->answer = done;
    r->data = data;
    return r;
}

static DriverRequest *
request_coco(enum coco_command code, const guint8 *body, gsize len, gpointer data)
{
    DriverRequest *r = g_new0(DriverRequest, 1);
    struct builder out;

    r->len = MESSAGE_HEADER + len;
    r->message = g_malloc0(r->len);
    r->data = data;
    out = builder_on(r->message, r->len);
    message_header_write(&out, TAG_COCO_COMMAND, (guint32)r->len, code);
    builder_bytes(&out, body, len);
    return r;
}

DriverRequest *
driver_request_locality(guint8 locality, driver_result done, gpointer data)
{
    DriverRequest *r = request_coco(COCO_SET_LOCALITY, &locality, 1, data);

    r->result = done;
    return r;
}

DriverRequest *
driver_request_detach(driver_result done, gpointer data)
{
    DriverRequest *r = request_coco(COCO_DETACH, NULL, 0, data);

    r->result = done;
    r->detach = TRUE;
    return r;
}

DriverRequest *
driver_request_status(enum coco_command code, const guint8 *body, gsize len, driver_status done,
                      gpointer data)
{
    DriverRequest *r = request_coco(code, body, len, data);

    r->status = done;
    return r;
}

gboolean
driver_request_detaches(const DriverRequest *r)
{
    return r->detach;
}

enum tls_result
driver_request_send(const DriverRequest *r, Client *client, GError **error)
{
    return client_send(client, r->message, r->len, error);
}

/* ---- what comes back ---- */

void
driver_request_fail(DriverRequest *r)
{
    guint8 memory[MESSAGE_HEADER];
    struct builder out = builder_on(memory, sizeof(memory));

    message_header_write(&out, TAG_TPM_NO_SESSIONS, MESSAGE_HEADER, TPM_RC_FAILURE);
    if (r->answer)
        r->answer(memory, sizeof(memory), r->data);
    else if (r->result)
        r->result(r->detach ? DRIVER_RESULT_OK : DRIVER_RESULT_FAIL, r->data);
    else
        r->status(COCO_INTERNAL, NULL, 0, r->data);
}

/* An answer to a CoCoTPM command. */
static void
answer_status(DriverRequest *r, guint32 status, struct cursor *body)
{
    if (r->status)
        r->status(status, body->pos, cursor_left(body), r->data);
    else if (status == COCO_OK)
        r->result(DRIVER_RESULT_OK, r->data);
    else
        r->result(status == COCO_DENIED ? DRIVER_RESULT_BAD_LOCALITY : DRIVER_RESULT_FAIL,
                  r->data);
}

gboolean
driver_request_answer(DriverRequest *r, const guint8 *message, gsize len)
{
    struct cursor in = cursor_from(message, len);
    struct message_header h;

    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL) || h.size != len)
        return FALSE;
    if (h.tag == TAG_COCO_ANSWER && r->answer)
        driver_request_fail(r);
    else if (h.tag == TAG_COCO_ANSWER)
        answer_status(r, h.code, &in);
    else if (r->answer)
        r->answer(message, len, r->data);
    else
        return FALSE;
    return TRUE;
}
