/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resume_client - RESUME from the CoCoVM's side (protocol, section 6.2).
 *
 * Key [1] comes from the session that was lost and is offered first; key [0]
 * made that session, and is all the server has when it never saw a record of
 * it. Keys change only once the server's answer came in through the session
 * that they made, so that a cut or replayed handshake changes nothing.
 */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"
#include "cocotransport/session/protocol.h"

#include <string.h>

/* resume_client_insist(): one attempt, and the pauses between them. */
#define ATTEMPT_SECONDS 10
#define PAUSE_US_FIRST 50000
#define PAUSE_US_LAST 1000000

/* One attempt, with one of the two keys. */
struct attempt {
    Client *client;
    const struct attach_client_config *config;
    gint64 deadline;
    guint slot;
    Tls *tls;
};

/* The slots in the order they are offered. DENIED: neither key is known. */
static gboolean
open_with_any_key(struct attempt *a, attach_connect connect, gpointer data, GError **error)
{
    static const guint order[] = { 1, 0 };
    g_autoptr(GError) refused = NULL;
    struct psk_identity id = { .role = ROLE_RESUME };

    memcpy(id.uuid, a->client->uuid, sizeof(id.uuid));
    memcpy(id.context, a->client->context, sizeof(id.context));
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        const struct resume_key *key = &a->client->keys[order[i]];

        if (key->number == 0)
            continue;
        id.number = key->number;
        a->slot = order[i];
        g_clear_error(&refused);
        a->tls = client_open_channel(&id, key->key, connect, data, a->deadline, &refused);
        if (a->tls)
            return TRUE;
        if (!g_error_matches(refused, COCO_ERROR, COCO_ERROR_DENIED)) {
            g_propagate_error(error, g_steal_pointer(&refused));
            return FALSE;
        }
    }
    return error_denied(error, "the CoCoTPM knows no key to resume with (%s)",
                        refused ? refused->message : "there is none");
}

/* Where it is not burnt, the launch proves again that it is the same one. */
static gboolean
write_evidence(const struct attempt *a, const guint8 *fixed, struct builder *out, GError **error)
{
    guint8 report_data[SHA512_SIZE];
    g_auto(evidence_t) e = { 0 };

    if (a->client->burnt)
        return TRUE;
    if (!protocol_report_data(a->tls, SIDE_CLIENT, fixed, RESUME_SIZE, report_data, error)
        || !provider_evidence(a->config->provider, report_data, &e, error))
        return FALSE;
    evidence_write(&e, out);
    return TRUE;
}

static gboolean
send_until(struct attempt *a, const guint8 *message, gsize len, GError **error)
{
    enum tls_result result = tls_send(a->tls, message, len, error);

    if (result == TLS_DONE)
        result = tls_flush_until(a->tls, a->deadline, error);
    if (result == TLS_FAILED)
        return FALSE;
    return result == TLS_DONE || error_system(error, "the link to the CoCoTPM is gone");
}

static gboolean
send_resume(struct attempt *a, GError **error)
{
    Client *c = a->client;
    g_autofree guint8 *message = g_malloc(COCO_MESSAGE_MAX);
    struct builder out = builder_on(message, COCO_MESSAGE_MAX);
    struct resume r = { .sent = c->sent, .received = c->received };

    if (c->attached)
        memcpy(r.attach_id, c->attachment.attach_id, sizeof(r.attach_id));
    message_header_write(&out, TAG_COCO_COMMAND, 0, COCO_RESUME);
    resume_write(&r, &out);
    if (!write_evidence(a, message + MESSAGE_HEADER, &out, error))
        return FALSE;
    if (out.failed)
        return error_system(error, "this VM's evidence is too long");
    builder_be32_at(&out, 2, (guint32)builder_len(&out));
    return send_until(a, message, builder_len(&out), error);
}

/* Refusals are DENIED, in the server's words. That it is busy, which nobody can forge, will pass. */
static gboolean
receive_answer(struct attempt *a, GBytes **ret, GError **error)
{
    g_autofree char *reason = NULL;
    enum coco_status status = COCO_INTERNAL;

    if (!client_hear_answer(a->client, a->tls, "RESUME", a->deadline, &status, ret, &reason, error))
        return FALSE;
    if (status == COCO_BUSY)
        return error_system(error, "RESUME: the CoCoTPM is busy (%s)", reason);
    if (status != COCO_OK)
        return error_denied(error, "RESUME: the CoCoTPM refused: %s (%s)",
                            coco_status_text(status), reason);
    return TRUE;
}

/* The key that made this session is the older one from here on; its own child comes next. */
static gboolean
advance_keys(struct attempt *a, GError **error)
{
    struct resume_key *keys = a->client->keys;
    g_autoptr(Secret) next = protocol_resume_key(a->tls, error);

    if (!next)
        return FALSE;
    if (a->slot == 1) {
        secret_free(keys[0].key);
        keys[0] = keys[1];
        keys[1].key = NULL;
    }
    secret_free(keys[1].key);
    keys[1].key = g_steal_pointer(&next);
    keys[1].number = keys[0].number + 1;
    return TRUE;
}

/* The answer to ATTACH, which was cut off the first time. */
static gboolean
take_attachment(Client *c, const guint8 *message, gsize len, GError **error)
{
    g_autoptr(GBytes) body = NULL;
    g_autofree char *reason = NULL;
    enum coco_status status = COCO_INTERNAL;
    struct cursor in;

    if (!client_read_answer(message, len, &status, &body, &reason, error))
        return FALSE;
    if (status != COCO_OK)
        return error_denied(error, "ATTACH: the CoCoTPM refused: %s (%s)",
                            coco_status_text(status), reason);
    in = cursor_from(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    if (!attachment_parse(&in, &c->attachment, error))
        return FALSE;
    c->attached = TRUE;
    c->received = c->sent;
    return TRUE;
}

/* What the server has carried out decides: its answer is here, or the command goes out again. */
static gboolean
catch_up(struct attempt *a, GBytes *answer, GError **error)
{
    Client *c = a->client;
    gsize size = g_bytes_get_size(answer);
    struct cursor in = cursor_from(g_bytes_get_data(answer, NULL), size);
    guint64 executed = cursor_be64(&in);
    gsize len = cursor_left(&in);
    gboolean waiting = c->received < c->sent;

    if (in.failed || executed > c->sent || executed < c->received
        || (executed == c->sent && waiting) != (len > 0))
        return error_denied(error, "RESUME: the CoCoTPM counts otherwise");
    if (executed < c->sent)
        return send_until(a, secret_peek(c->command), c->command_len, error);
    if (!waiting)
        return TRUE;
    if (!c->attached)
        return take_attachment(c, in.pos, len, error);
    if (!client_answer_fits(c, in.pos, len))
        return error_denied(error, "RESUME: the CoCoTPM brought what is no answer");
    secret_free(c->answer);
    c->answer = secret_copy(in.pos, len);
    return TRUE;
}

gboolean
resume_client_run(Client *c, const struct attach_client_config *config, attach_connect connect,
                  gpointer data, gint64 deadline, GError **error)
{
    struct attempt a = { .client = c, .config = config, .deadline = deadline };
    g_autoptr(GBytes) answer = NULL;

    client_lose_link(c);
    if (!open_with_any_key(&a, connect, data, error))
        return FALSE;
    if (!send_resume(&a, error) || !receive_answer(&a, &answer, error)
        || !advance_keys(&a, error)
        || !client_say_changed(c, error) || !catch_up(&a, answer, error)) {
        tls_free(a.tls);
        return FALSE;
    }
    c->tls = a.tls;
    return TRUE;
}

gboolean
resume_client_insist(Client *c, const struct attach_client_config *config, attach_connect connect,
                     gpointer data, gint64 end, GError **error)
{
    gulong pause = PAUSE_US_FIRST;

    for (guint refusals = 0;;) {
        const gint64 now = g_get_monotonic_time();
        const gint64 deadline = MIN(end, now + ATTEMPT_SECONDS * G_USEC_PER_SEC);
        g_autoptr(GError) why = NULL;

        if (resume_client_run(c, config, connect, data, deadline, &why))
            return TRUE;
        if (!g_error_matches(why, COCO_ERROR, COCO_ERROR_SYSTEM))
            refusals++;
        if (refusals == RESUME_REFUSALS_MAX || g_get_monotonic_time() >= end) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        g_usleep(pause);
        pause = MIN(pause * 2, PAUSE_US_LAST);
    }
}

gboolean
resume_client_take_over(Client *c, const struct attach_client_config *config,
                        attach_connect connect, gpointer data, gint64 end, GError **error)
{
    g_autofree guint8 *message = g_malloc(COCO_MESSAGE_MAX);
    gsize len = 0;

    for (;;) {
        g_autoptr(GError) why = NULL;

        if (!resume_client_insist(c, config, connect, data, end, error))
            return FALSE;
        if (!client_waiting(c) || client_receive_until(c, message, &len, end, &why))
            return TRUE;
        if (g_get_monotonic_time() >= end) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        g_usleep(PAUSE_US_FIRST);
    }
}
