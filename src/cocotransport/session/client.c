/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client - one command at a time. The command is kept until its answer is in,
 * so that it can be sent again after a cut when it was not carried out.
 */
#include "cocotransport/session/client.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"

#include <poll.h>
#include <string.h>

Client *
client_new(void)
{
    Client *c = g_new0(Client, 1);

    c->command = secret_new(COCO_MESSAGE_MAX);
    return c;
}

void
client_free(Client *c)
{
    if (c == NULL)
        return;
    tls_free(c->tls);
    g_clear_pointer(&c->attachment.event, g_bytes_unref);
    secret_free(c->keys[0].key);
    secret_free(c->keys[1].key);
    secret_free(c->command);
    secret_free(c->answer);
    g_free(c);
}

const struct attachment *
client_attachment(const Client *c)
{
    return &c->attachment;
}

const struct receipt *
client_receipt(const Client *c)
{
    return c->receipt_given ? &c->receipt : NULL;
}

int
client_fd(const Client *c)
{
    return c->tls != NULL ? tls_fd(c->tls) : -1;
}

short
client_events(const Client *c)
{
    return c->tls != NULL ? tls_events(c->tls) : 0;
}

gboolean
client_pending(const Client *c)
{
    return c->answer != NULL || (c->tls != NULL && tls_pending(c->tls));
}

void
client_lose_link(Client *c)
{
    g_clear_pointer(&c->tls, tls_free);
}

gboolean
client_say_changed(const Client *c, GError **error)
{
    return !c->changed || c->changed(c, c->changed_data, error);
}

void
client_keep_command(Client *c, const guint8 *message, gsize len)
{
    g_assert(len <= COCO_MESSAGE_MAX);
    memcpy(secret_bytes(c->command), message, len);
    c->command_len = len;
    c->sent++;
}

gboolean
client_take_receipt(Client *c, const guint8 *message, gsize len)
{
    struct cursor in = cursor_from(message, len);
    struct message_header h;
    struct receipt r;

    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL) || h.size != len ||
        h.tag != TAG_COCO_COMMAND || h.code != COCO_RECEIPT || !receipt_parse(&in, &r, NULL) ||
        !cursor_done(&in) || memcmp(r.uuid, c->uuid, sizeof(r.uuid)) != 0)
        return FALSE;
    c->receipt = r;
    c->receipt_given = TRUE;
    return TRUE;
}

static enum tls_result
push_out(Client *c, const guint8 *message, gsize len, GError **error)
{
    enum tls_result result;

    if (c->tls == NULL)
        return TLS_CLOSED;
    result = tls_send(c->tls, message, len, error);
    if (result == TLS_DONE)
        result = tls_flush(c->tls, error);
    if (result == TLS_AGAIN)
        return TLS_DONE;
    if (result != TLS_DONE)
        client_lose_link(c);
    return result;
}

/* Counted even when the link is gone already: RESUME finds that it was not carried out. */
enum tls_result
client_send(Client *c, const guint8 *message, gsize len, GError **error)
{
    if (c->sent != c->received || len > COCO_MESSAGE_MAX) {
        error_system(error, "a second command before the answer to the first, or too long a one");
        return TLS_FAILED;
    }
    client_keep_command(c, message, len);
    if (!client_say_changed(c, error)) {
        client_lose_link(c);
        return TLS_FAILED;
    }
    return push_out(c, message, len, error);
}

enum tls_result
client_cancel(Client *c, GError **error)
{
    guint8 message[MESSAGE_HEADER];
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, TAG_COCO_COMMAND, sizeof(message), COCO_CANCEL);
    return push_out(c, message, sizeof(message), error);
}

static void
answered(Client *c)
{
    c->received = c->sent;
    gnutls_memset(secret_bytes(c->command), 0, c->command_len);
    c->command_len = 0;
    /* When this fails, what is saved is one command behind: RESUME brings its answer again. */
    client_say_changed(c, NULL);
}

gboolean
client_answer_fits(const Client *c, const guint8 *message, gsize len)
{
    struct cursor in = cursor_from(message, len);
    struct cursor asked = cursor_from(secret_peek(c->command), c->command_len);
    struct message_header h, q;

    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL) || h.size != len ||
        !message_header_parse(&asked, COCO_MESSAGE_MAX, &q, NULL))
        return FALSE;
    return (q.tag == TAG_COCO_COMMAND) == (h.tag == TAG_COCO_ANSWER) && h.tag != TAG_COCO_COMMAND;
}

enum tls_result
client_receive(Client *c, guint8 ret[static COCO_MESSAGE_MAX], gsize *ret_len, GError **error)
{
    enum tls_result result;
    gsize len;

    if (c->answer != NULL) {
        *ret_len = secret_len(c->answer);
        memcpy(ret, secret_peek(c->answer), *ret_len);
        g_clear_pointer(&c->answer, secret_free);
        answered(c);
        return TLS_DONE;
    }
    if (c->tls == NULL)
        return TLS_CLOSED;
    result = tls_flush(c->tls, error);
    if (result == TLS_DONE || result == TLS_AGAIN)
        do
            result = tls_receive(c->tls, ret, COCO_MESSAGE_MAX, &len, error);
        while (result == TLS_DONE && client_take_receipt(c, ret, len));
    if (result == TLS_DONE && (c->sent == c->received || !client_answer_fits(c, ret, len))) {
        error_malformed(error, "the CoCoTPM sent what is no answer");
        result = TLS_FAILED;
    }
    if (result == TLS_DONE) {
        *ret_len = len;
        answered(c);
    } else if (result != TLS_AGAIN) {
        client_lose_link(c);
    }
    return result;
}

gboolean
client_receive_until(Client *c, guint8 ret[static COCO_MESSAGE_MAX], gsize *ret_len,
                     gint64 deadline, GError **error)
{
    for (;;) {
        const enum tls_result result = client_receive(c, ret, ret_len, error);
        const gint64 left = deadline - g_get_monotonic_time();
        struct pollfd p = { client_fd(c), client_events(c), 0 };

        if (result == TLS_DONE)
            return TRUE;
        if (result == TLS_FAILED)
            return FALSE;
        if (result == TLS_CLOSED)
            return error_system(error, "the link to the CoCoTPM is gone");
        if (left <= 0)
            return error_system(error, "the CoCoTPM does not answer");
        (void)poll(&p, 1, (int)MIN(left / 1000 + 1, 60000));
    }
}

/* The peer's words go to logs and terminals: nothing but printable ASCII. */
static char *
printable(const guint8 *text, gsize len)
{
    char *words = g_malloc(len + 1);

    for (gsize i = 0; i < len; i++)
        words[i] = g_ascii_isprint((gchar)text[i]) ? (char)text[i] : '?';
    words[len] = '\0';
    return words;
}

/* A status, and a body or, when it is not ok, u16 length and words. */
gboolean
client_read_answer(const guint8 *message, gsize len, enum coco_status *ret_status, GBytes **ret,
            char **ret_reason, GError **error)
{
    struct cursor in = cursor_from(message, len);
    struct message_header h;
    gsize left;

    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, error))
        return FALSE;
    if (h.tag != TAG_COCO_ANSWER || h.size != len)
        return error_malformed(error, "the CoCoTPM sent what is no answer");
    if (h.code != COCO_OK) {
        const guint16 words = cursor_be16(&in);
        const guint8 *text = cursor_bytes(&in, words);

        if (in.failed)
            return error_malformed(error, "an answer cut short");
        if (ret_reason != NULL)
            *ret_reason = printable(text, words);
    } else if (ret != NULL) {
        left = cursor_left(&in);
        *ret = g_bytes_new(cursor_bytes(&in, left), left);
    }
    *ret_status = (enum coco_status)h.code;

    return TRUE;
}

gboolean
client_hear_answer(Client *c, Tls *tls, const char *what, gint64 deadline,
                   enum coco_status *ret_status, GBytes **ret, char **ret_reason, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(COCO_MESSAGE_MAX);
    enum tls_result result;
    gsize len = 0;

    do
        result = tls_receive_until(tls, buffer, COCO_MESSAGE_MAX, &len, deadline, error);
    while (result == TLS_DONE && client_take_receipt(c, buffer, len));
    if (result == TLS_AGAIN || result == TLS_CLOSED)
        return error_system(error, "%s: %s", what, result == TLS_AGAIN
                                                       ? "no answer in time"
                                                       : "the CoCoTPM closed the link");
    if (result == TLS_DONE && client_read_answer(buffer, len, ret_status, ret, ret_reason, error))
        return TRUE;
    g_prefix_error(error, "%s: ", what);
    return FALSE;
}

enum tls_result
client_ask(Client *c, enum coco_command code, const guint8 *body, gsize len, GError **error)
{
    g_autofree guint8 *message = g_malloc(COCO_MESSAGE_MAX);
    struct builder b = builder_on(message, COCO_MESSAGE_MAX);

    message_header_write(&b, TAG_COCO_COMMAND, (guint32)(MESSAGE_HEADER + len), code);
    builder_bytes(&b, body, len);
    if (b.failed) {
        error_system(error, "%s of %zu bytes", coco_command_name(code), len);
        return TLS_FAILED;
    }
    return client_send(c, message, builder_len(&b), error);
}

gboolean
client_request(Client *c, enum coco_command code, const guint8 *body, gsize len, gint64 deadline,
               enum coco_status *ret_status, GBytes **ret, char **ret_reason, GError **error)
{
    g_autofree guint8 *message = g_malloc(COCO_MESSAGE_MAX);
    gsize got;

    switch (client_ask(c, code, body, len, error)) {
    case TLS_DONE:
        break;
    case TLS_FAILED:
        return FALSE;
    default:
        return error_system(error, "the link to the CoCoTPM is gone");
    }
    return client_receive_until(c, message, &got, deadline, error) &&
           client_read_answer(message, got, ret_status, ret, ret_reason, error);
}
