/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tenant - the steps of a client, one by one.
 */
#include "config.h"

#include "tests/tools/tenant.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/link/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 60
#define POLICY_MAX 65536

void
tenant_die(const char *what, const GError *error)
{
    fprintf(stderr, "%s: %s: %s\n", g_get_prgname(), what,
            error != NULL ? error->message : "failed");
    exit(EXIT_FAILURE);
}

void
tenant_read_uuid(const char *text, guint8 ret[static 16])
{
    guint at = 0;

    for (; *text != '\0' && at < 32; text++)
        if (g_ascii_isxdigit(*text)) {
            const int digit = g_ascii_xdigit_value(*text);

            ret[at / 2] = (guint8)(ret[at / 2] << 4 | digit);
            at++;
        }
}

void
tenant_prepare(struct tenant *t, char *link, const char *policy, const char *uuid,
               const char *platform)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = io_read_file(policy, POLICY_MAX, &error);

    t->link = link;
    t->deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
    if (file != NULL)
        t->policy = policy_parse(g_bytes_get_data(file, NULL), g_bytes_get_size(file),
                                 POLICY_DRIVER, &error);
    t->provider = t->policy != NULL ? provider_open(platform, &error) : NULL;
    if (t->provider == NULL)
        tenant_die("preparing", error);
    tenant_read_uuid(uuid, t->uuid);
}

void
tenant_move(struct tenant *t, const char *platform)
{
    g_autoptr(GError) error = NULL;

    provider_free(t->provider);
    t->provider = provider_open(platform, &error);
    if (t->provider == NULL)
        tenant_die("moving", error);
}

static Stream *
connect_to(gpointer data, gint64 deadline, GError **error)
{
    const struct link_address a = { .kind = LINK_UNIX, .path = data, .fd = -1 };

    return link_open(&a, deadline, error);
}

/* @ret: of @role, for the newest server that the policy knows. */
static void
find_context(struct tenant *t, enum schedule_role role, guint8 ret[static SHA256_SIZE])
{
    const guint8 nothing[64] = { 0 };
    g_auto(evidence_t) e = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) servers = references_of_policy(t->policy, &error);
    struct snp_report own;
    guint8 reference[REFERENCE_SIZE];
    const void *report;
    gsize len;

    if (servers == NULL || !provider_evidence(t->provider, nothing, &e, &error))
        tenant_die("own report", error);
    report = g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], &len);
    if (!snp_report_parse(report, len, &own, &error) ||
        !reference_of_report(&own, t->policy->psk_pin, reference, &error) ||
        !schedule_context((guint8)role, t->uuid, g_bytes_get_data(servers->pdata[0], NULL), reference,
                          ret, &error))
        tenant_die("identity", error);
}

static Tls *
try_channel(struct tenant *t, enum schedule_role role, const Secret *key, guint64 number,
            GError **error)
{
    struct psk_identity id = { .role = (guint8)role, .number = number };

    memcpy(id.uuid, t->uuid, sizeof(id.uuid));
    find_context(t, role, id.context);
    return client_open_channel(&id, key, connect_to, t->link, t->deadline, error);
}

static Tls *
open_channel(struct tenant *t, enum schedule_role role, const Secret *key, guint64 number)
{
    g_autoptr(GError) error = NULL;
    Tls *tls = try_channel(t, role, key, number, &error);

    if (tls == NULL)
        tenant_die("handshake", error);
    return tls;
}

Tls *
tenant_channel(struct tenant *t)
{
    g_autoptr(Secret) public = secret_new(PSK_SIZE);

    return open_channel(t, ROLE_COCOVM, public, 0);
}

Tls *
tenant_resume_channel(struct tenant *t, const Secret *key, guint64 number)
{
    return open_channel(t, ROLE_RESUME, key, number);
}

Tls *
tenant_try_key(struct tenant *t, const Secret *key, guint64 number)
{
    g_autoptr(GError) error = NULL;
    Tls *tls = try_channel(t, ROLE_RESUME, key, number, &error);

    if (tls == NULL && !g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED))
        tenant_die("handshake", error);
    return tls;
}

Tls *
tenant_operator_channel(struct tenant *t, const Secret *key)
{
    const guint8 none[REFERENCE_SIZE] = { 0 };
    struct psk_identity id = { .role = ROLE_OPERATOR };
    g_autoptr(GError) error = NULL;
    Tls *tls = NULL;

    memcpy(id.uuid, t->uuid, sizeof(id.uuid));
    if (schedule_context(ROLE_OPERATOR, id.uuid, none, none, id.context, &error))
        tls = client_open_channel(&id, key, connect_to, t->link, t->deadline, &error);
    if (tls == NULL)
        tenant_die("operator", error);
    return tls;
}

struct claims
tenant_claims(const struct tenant *t)
{
    struct claims c = {
        .given = 1u << CLAIM_VERSION | 1u << CLAIM_UUID | 1u << CLAIM_PSK,
        .version = PROTOCOL_VERSION,
        .psk = CLAIM_PSK_BOOTSTRAP,
    };

    memcpy(c.uuid, t->uuid, sizeof(c.uuid));
    return c;
}

void
tenant_write_hello(struct tenant *t, const struct claims *c)
{
    struct builder b = builder_on(t->hello, sizeof(t->hello));

    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_HELLO);
    claims_write(c, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    t->hello_len = builder_len(&b);
}

gboolean
tenant_say(struct tenant *t, const guint8 *message, gsize len)
{
    return tls_send(t->tls, message, len, NULL) == TLS_DONE &&
           tls_flush_until(t->tls, t->deadline, NULL) == TLS_DONE;
}

gboolean
tenant_say_code(struct tenant *t, guint16 tag, guint32 code)
{
    guint8 message[MESSAGE_HEADER];
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, tag, sizeof(message), code);
    return tenant_say(t, message, sizeof(message));
}

int
tenant_hear_on(struct tenant *t, Tls *tls, char **ret_words)
{
    struct message_header h;
    struct cursor in;

    do {
        if (tls_receive_until(tls, t->answer, sizeof(t->answer), &t->answer_len, t->deadline,
                              NULL) != TLS_DONE) {
            /* Else a link that is borne for ever would pass for one that was ended. */
            if (g_get_monotonic_time() >= t->deadline)
                tenant_die("neither an answer nor the end of the link", NULL);
            return TENANT_CLOSED;
        }
        in = cursor_from(t->answer, t->answer_len);
        if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL))
            tenant_die("an answer that is none", NULL);
    } while (h.tag == TAG_COCO_COMMAND);
    if (ret_words != NULL && h.tag == TAG_COCO_ANSWER && h.code != COCO_OK) {
        const guint16 len = cursor_be16(&in);
        const guint8 *text = cursor_bytes(&in, len);

        *ret_words = g_strndup(in.failed ? "" : (const char *)text, in.failed ? 0 : len);
    }
    return (int)h.code;
}

int
tenant_hear(struct tenant *t, char **ret_words)
{
    return tenant_hear_on(t, t->tls, ret_words);
}

void
tenant_evidence(struct tenant *t, Tls *channel, enum schedule_side side, const guint8 *said,
                gsize len, struct evidence *ret)
{
    guint8 report_data[SHA512_SIZE];
    g_autoptr(GError) error = NULL;

    if (!protocol_report_data(channel, side, said, len, report_data, &error) ||
        !provider_evidence(t->provider, report_data, ret, &error))
        tenant_die("evidence", error);
}

void
tenant_write_attach(struct tenant *t, struct builder *out)
{
    g_auto(evidence_t) e = { 0 };

    tenant_evidence(t, t->tls, SIDE_CLIENT, t->hello, t->hello_len, &e);
    message_header_write(out, TAG_COCO_COMMAND, 0, COCO_ATTACH);
    evidence_write(&e, out);
    builder_be32_at(out, 2, (guint32)builder_len(out));
}
