/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * protocol - both directions of each format side by side.
 */
#include "cocotransport/session/protocol.h"

#include "base/error.h"

#include <string.h>
#include <time.h>

/* 2026-11-01, moved on with each release. */
#define RELEASE_TIME 1793491200

static const char *
exporter_label(enum schedule_side side)
{
    return side == SIDE_SERVER ? "EXPORTER-CoCoTPM-server" : "EXPORTER-CoCoTPM-client";
}

gboolean
protocol_report_data(Tls *tls, enum schedule_side side, const void *claims, gsize len,
                     guint8 ret[static SHA512_SIZE], GError **error)
{
    guint8 exporter[EXPORTER_SIZE];
    struct psk_identity id;
    gsize identity_len;
    const guint8 *identity = tls_identity(tls, &identity_len);

    return tls_export(tls, exporter_label(side), exporter, sizeof(exporter), error) &&
           psk_identity_parse(identity, identity_len, &id, error) &&
           schedule_report_data(side, id.role, identity, identity_len, exporter, claims, len, ret,
                                error);
}

Secret *
protocol_resume_key(Tls *tls, GError **error)
{
    g_autoptr(Secret) key = secret_new(PSK_SIZE);

    if (!tls_export(tls, "EXPORTER-CoCoTPM-resume", secret_bytes(key), PSK_SIZE, error))
        return NULL;
    return g_steal_pointer(&key);
}

gboolean
hello_answer_parse(struct cursor *in, struct hello_answer *ret, GError **error)
{
    struct hello_answer a = { 0 };

    a.claims_len = cursor_be32(in);
    if (a.claims_len > CLAIMS_MAX)
        return error_malformed(error, "HELLO's answer: claims of %zu bytes", a.claims_len);
    a.claims = cursor_bytes(in, a.claims_len);
    a.evidence = cursor_sub(in, cursor_left(in));
    if (in->failed)
        return error_malformed(error, "HELLO's answer: cut short");
    *ret = a;

    return TRUE;
}

void
hello_answer_write(const void *claims, gsize len, const struct evidence *evidence,
                   struct builder *out)
{
    builder_be32(out, (uint32_t)len);
    builder_bytes(out, claims, len);
    evidence_write(evidence, out);
}

gboolean
attachment_parse(struct cursor *in, struct attachment *ret, GError **error)
{
    struct attachment a = { 0 };
    gsize left;

    cursor_copy(in, a.attach_id, sizeof(a.attach_id));
    a.epoch = cursor_be64(in);
    cursor_copy(in, a.lineage, sizeof(a.lineage));
    a.localities = cursor_u8(in);
    left = cursor_left(in);
    if (in->failed || left > TPM_MESSAGE_MAX)
        return error_malformed(error, "ATTACH's answer: cut short or too long");
    memcpy(ret->attach_id, a.attach_id, sizeof(a.attach_id));
    memcpy(ret->lineage, a.lineage, sizeof(a.lineage));
    ret->epoch = a.epoch;
    ret->localities = a.localities;
    g_clear_pointer(&ret->event, g_bytes_unref);
    ret->event = g_bytes_new(cursor_bytes(in, left), left);

    return TRUE;
}

void
attachment_write(const struct attachment *a, struct builder *out)
{
    gsize len;
    const void *event = g_bytes_get_data(a->event, &len);

    builder_bytes(out, a->attach_id, sizeof(a->attach_id));
    builder_be64(out, a->epoch);
    builder_bytes(out, a->lineage, sizeof(a->lineage));
    builder_u8(out, a->localities);
    builder_bytes(out, event, len);
}

gboolean
resume_parse(struct cursor *in, struct resume *ret, GError **error)
{
    struct resume r = { 0 };

    cursor_copy(in, r.attach_id, sizeof(r.attach_id));
    r.sent = cursor_be64(in);
    r.received = cursor_be64(in);
    if (in->failed)
        return error_malformed(error, "RESUME: cut short");
    if (r.sent == 0 || r.received > r.sent || r.sent - r.received > 1)
        return error_malformed(error, "RESUME: numbers that no client has");
    *ret = r;

    return TRUE;
}

void
resume_write(const struct resume *r, struct builder *out)
{
    builder_bytes(out, r->attach_id, sizeof(r->attach_id));
    builder_be64(out, r->sent);
    builder_be64(out, r->received);
}

gint64
protocol_now(void)
{
    const gint64 now = (gint64)time(NULL);

    return MAX(now, RELEASE_TIME);
}
