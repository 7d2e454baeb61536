/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rogue - a client that runs the right image and has the right key, but lies in
 * one point of HELLO or ATTACH, as a guest whose root sides with the host could.
 *
 *   rogue LIE LINK-SOCKET POLICY UUID PLATFORM [OTHER-PLATFORM]
 *
 * With OTHER-PLATFORM it names itself by the reference of PLATFORM and proves that it
 * runs on the other one. Prints "ok", or the status and the words of the refusal, or "closed".
 */
#include "config.h"

#include "tests/tools/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rogue {
    struct tenant tenant;
    const char *lie;
};

static gboolean
lies(const struct rogue *r, const char *lie)
{
    return strcmp(r->lie, lie) == 0;
}

/* What comes back; ends with what it says unless that is success. */
static void
listen_to(struct rogue *r)
{
    g_autofree char *words = NULL;
    const int status = tenant_hear(&r->tenant, &words);

    if (status == COCO_OK)
        return;
    if (status == TENANT_CLOSED)
        printf("closed\n");
    else
        printf("status %d: %s\n", status, words != NULL ? words : "");
    exit(EXIT_SUCCESS);
}

static void
ask(struct rogue *r, const guint8 *message, gsize len)
{
    (void)tenant_say(&r->tenant, message, len);
    listen_to(r);
}

/* A message without its last byte, whole as its header says. */
static void
shorten(guint8 *message, gsize *len)
{
    struct builder size = builder_on(message + 2, 4);

    builder_be32(&size, (guint32)--*len);
}

static void
say_hello(struct rogue *r)
{
    struct claims c = tenant_claims(&r->tenant);

    if (lies(r, "version"))
        c.version--;
    if (lies(r, "psk"))
        c.psk = CLAIM_PSK_SECRET;
    c.uuid[0] ^= lies(r, "uuid") ? 1 : 0;
    tenant_write_hello(&r->tenant, &c);
    if (lies(r, "claims"))
        shorten(r->tenant.hello, &r->tenant.hello_len);
    ask(r, r->tenant.hello, r->tenant.hello_len);
}

/* Evidence as it has to be, but for the lie. */
static void
make_evidence(struct rogue *r, Tls *other, struct evidence *ret)
{
    const guint8 nothing[SHA512_SIZE] = { 0 };
    struct tenant *t = &r->tenant;
    g_autoptr(GError) error = NULL;

    t->hello[t->hello_len - 1] ^= lies(r, "hello") ? 1 : 0;
    if (lies(r, "data") && !provider_evidence(t->provider, nothing, ret, &error))
        tenant_die("evidence", error);
    if (!lies(r, "data"))
        tenant_evidence(t, other != NULL ? other : t->tls,
                        lies(r, "role") ? SIDE_SERVER : SIDE_CLIENT, t->hello, t->hello_len, ret);
    if (lies(r, "certificate"))
        g_clear_pointer(&ret->parts[EVIDENCE_SNP_REPORT], g_bytes_unref);
    if (lies(r, "kinds"))
        ret->parts[EVIDENCE_TDX_QUOTE] = g_bytes_ref(ret->parts[EVIDENCE_SNP_REPORT]);
}

static void
say_attach(struct rogue *r)
{
    struct tenant *t = &r->tenant;
    guint8 message[COCO_MESSAGE_MAX];
    struct builder b = builder_on(message, sizeof(message));
    struct cursor in = cursor_from(t->answer + MESSAGE_HEADER, t->answer_len - MESSAGE_HEADER);
    g_autoptr(Tls) other = lies(r, "relay") ? tenant_channel(t) : NULL;
    g_auto(evidence_t) e = { 0 };
    struct hello_answer theirs;
    gsize len;

    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_ATTACH);
    if (lies(r, "reflect")) {
        if (!hello_answer_parse(&in, &theirs, NULL))
            tenant_die("answer to HELLO", NULL);
        builder_bytes(&b, theirs.evidence.pos, cursor_left(&theirs.evidence));
    } else if (!lies(r, "missing")) {
        make_evidence(r, other, &e);
        evidence_write(&e, &b);
    }
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    len = builder_len(&b);
    if (lies(r, "half"))
        shorten(message, &len);
    ask(r, message, len);
}

/* Before its time: a TPM command (PCR_Read would do; Startup, as it changes something), DETACH. */
static void
say_early(struct rogue *r, guint16 tag, guint32 code)
{
    guint8 message[MESSAGE_HEADER + 2];
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, tag, tag == TAG_COCO_COMMAND ? MESSAGE_HEADER : sizeof(message), code);
    if (tag != TAG_COCO_COMMAND)
        builder_be16(&b, 0);
    ask(r, message, builder_len(&b));
}

int
main(int argc, char **argv)
{
    g_autofree struct rogue *r = g_new0(struct rogue, 1);

    g_set_prgname("rogue");
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: rogue LIE LINK-SOCKET POLICY UUID PLATFORM [OTHER-PLATFORM]\n");
        return 2;
    }
    r->lie = argv[1];
    tenant_prepare(&r->tenant, argv[2], argv[3], argv[4], argv[5]);
    r->tenant.tls = tenant_channel(&r->tenant);
    if (argc == 7)
        tenant_move(&r->tenant, argv[6]);
    if (lies(r, "command"))
        say_early(r, TAG_TPM_NO_SESSIONS, 0x144);
    if (lies(r, "detach"))
        say_early(r, TAG_COCO_COMMAND, COCO_DETACH);
    if (lies(r, "operator"))
        say_early(r, TAG_COCO_COMMAND, COCO_OP_RESET);
    if (lies(r, "silent"))
        listen_to(r);
    if (!lies(r, "order"))
        say_hello(r);
    if (lies(r, "twice"))
        say_hello(r);
    if (lies(r, "greeted"))
        say_early(r, TAG_TPM_NO_SESSIONS, 0x144);
    if (lies(r, "late"))
        listen_to(r);
    say_attach(r);
    printf("ok\n");
    return 0;
}
