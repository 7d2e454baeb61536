/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attached - a client that is attached and asks for what is not its, or not any
 * more; and one that reads what EVIDENCE says of it.
 *
 *   attached WHAT LINK-SOCKET POLICY UUID PLATFORM PLATFORM2
 *
 * Prints what it was told: "NAME STATUS", or "NAME closed". PLATFORM2 is
 * another launch of the image.
 */
#include "config.h"

#include "cocotransport/wire/statement.h"
#include "tests/tools/play.h"

#include <stdio.h>
#include <string.h>

#define AK 0x81010009u
#define NONCE 0x5a

static int
ask(struct tenant *t, guint32 code, const guint8 *body, gsize len)
{
    guint8 message[MESSAGE_HEADER + 128];
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, TAG_COCO_COMMAND, (guint32)(MESSAGE_HEADER + len), code);
    builder_bytes(&b, body, len);
    return tenant_say(t, message, builder_len(&b)) ? tenant_hear(t, NULL) : TENANT_CLOSED;
}

/* TPM2_PCR_Extend of PCR 22 (Part 3, 22.2), which locality 2 alone may. */
static int
extend(struct tenant *t)
{
    static const guint8 command[65] = {
        0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 22, 0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0,
        0, 0, 0, 0, 0, 1, 0, 0x0b, 0xee,
    };

    return tenant_say(t, command, sizeof(command)) ? tenant_hear(t, NULL) : TENANT_CLOSED;
}

/* Those of the policy, and no others; and the next launch begins at 0. */
static void
localities(struct play *p)
{
    static const guint8 wanted[] = { 1, 3, 4, 32, 34, 255, 0, 2 };

    steps_attach_or_die(&p->a);
    steps_tell("extend", extend(&p->a));
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autofree char *name = g_strdup_printf("locality-%u", wanted[i]);

        steps_tell(name, ask(&p->a, COCO_SET_LOCALITY, &wanted[i], 1));
        steps_tell("extend", extend(&p->a));
    }
    steps_attach_or_die(&p->b);
    steps_tell("next-launch", extend(&p->b));
}

/* What has no place in a session ends its link, and nothing else: the launch resumes. */
static void
strangers(struct play *p)
{
    static const struct { const char *name; guint32 code; gsize len; } messages[] = {
        { "hello", COCO_HELLO, 8 },         { "attach", COCO_ATTACH, 0 },
        { "resume", COCO_RESUME, 48 },      { "receipt", COCO_RECEIPT, 80 },
        { "status", COCO_OP_STATUS, 0 },    { "reset", COCO_OP_RESET, 0 },
        { "stop", COCO_OP_STOP, 0 },        { "unknown", 99, 0 },
        { "short-nonce", COCO_EVIDENCE, 35 }, { "two-localities", COCO_SET_LOCALITY, 2 },
        { "long-cancel", COCO_CANCEL, 1 },
    };
    const guint8 body[128] = { 0 };

    steps_attach_or_die(&p->a);
    for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
        Tls *next;
        gsize len;

        steps_tell(messages[i].name, ask(&p->a, messages[i].code, body, messages[i].len));
        next = steps_channel_to_resume(&p->a, i + 1);
        len = steps_write_resume(&p->a, &p->a, next, 1 + i, 1 + i);
        p->a.tls = next;
        (void)tenant_say(&p->a, p->a.message, len);
        if (tenant_hear(&p->a, NULL) != COCO_OK || steps_served(&p->a, next) != COCO_OK)
            tenant_die(messages[i].name, NULL);
    }
}

/* After DETACH the link is over, and with it the life of the TPM and its key. */
static void
detach(struct play *p)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = NULL;
    g_autoptr(Tls) again = NULL;

    steps_attach_or_die(&p->a);
    key = protocol_resume_key(p->a.tls, &error);
    if (key == NULL)
        tenant_die("resumption key", error);
    steps_tell("detach", ask(&p->a, COCO_DETACH, NULL, 0));
    steps_tell("then", steps_served(&p->a, p->a.tls));
    again = tenant_try_key(&p->a, key, 1);
    printf("key %s\n", again != NULL ? "taken" : "refused");
    steps_tell("next-launch", steps_attach(&p->b));
}

/* ATTACH; @ret is SHA-256 of the report shown. */
static void
attach_with(struct tenant *t, guint8 ret[static SHA256_SIZE])
{
    struct builder b = builder_on(t->message, sizeof(t->message));
    g_auto(evidence_t) e = { 0 };
    struct cursor in;
    struct crypto_piece report;

    if (steps_greet(t) != COCO_OK)
        tenant_die("HELLO", NULL);
    tenant_write_attach(t, &b);
    in = cursor_from(t->message + MESSAGE_HEADER, builder_len(&b) - MESSAGE_HEADER);
    if (!evidence_parse(&in, &e, NULL))
        tenant_die("own evidence", NULL);
    report.data = g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], &report.len);
    if (!crypto_sha256(&report, 1, ret, NULL) || !tenant_say(t, t->message, builder_len(&b)) ||
        tenant_hear(t, NULL) != COCO_OK)
        tenant_die("ATTACH", NULL);
    memcpy(t->attach_id, t->answer + MESSAGE_HEADER, ATTACH_ID_SIZE);
}

static void
tell_same(const char *name, const guint8 *a, const guint8 *b, gsize len)
{
    printf("%s %s\n", name, memcmp(a, b, len) == 0 ? "same" : "other");
}

/* What the statement says of this launch is what the launch knows itself. */
static void
evidence(struct play *p)
{
    guint8 nonce[STATEMENT_NONCE_MAX], body[STATEMENT_NONCE_MAX + 4], peer[SHA256_SIZE];
    g_autofree struct statement *s = g_new0(struct statement, 1);
    struct builder b = builder_on(body, sizeof(body));
    struct statement_answer answer;
    struct cursor in;
    int status;

    memset(nonce, NONCE, sizeof(nonce));
    builder_bytes(&b, nonce, sizeof(nonce));
    builder_be32(&b, AK);
    attach_with(&p->a, peer);
    status = ask(&p->a, COCO_EVIDENCE, body, sizeof(body));
    steps_tell("evidence", status);
    in = cursor_from(p->a.answer + MESSAGE_HEADER, p->a.answer_len - MESSAGE_HEADER);
    if (status != COCO_OK || !statement_answer_parse(&in, &answer, NULL))
        return;
    in = cursor_from(answer.statement, answer.statement_len);
    if (!statement_parse(&in, s, NULL))
        tenant_die("the statement", NULL);
    tell_same("nonce", s->nonce, nonce, sizeof(nonce));
    tell_same("uuid", s->uuid, p->a.uuid, sizeof(s->uuid));
    tell_same("attach-id", s->attach_id, p->a.attach_id, sizeof(s->attach_id));
    tell_same("report", s->peer_digest, peer, sizeof(s->peer_digest));
}

static const struct play_named plays[] = {
    { "localities", localities }, { "strangers", strangers }, { "detach", detach },
    { "evidence", evidence },
};

int
main(int argc, char **argv)
{
    return play_main("attached", plays, G_N_ELEMENTS(plays), argc, argv);
}
