/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rogue - a client that runs the right image and has the right key, but lies in
 * one point of HELLO or ATTACH, as a guest whose root sides with the host could.
 *
 *   rogue LIE LINK-SOCKET POLICY UUID PLATFORM
 *
 * Prints "ok", or the status and the words of the refusal, or "closed".
 */
#include "config.h"

#include "base/io.h"
#include "cocotransport/link/link.h"
#include "cocotransport/session/client_private.h"
#include "cocotransport/session/launch.h"
#include "cocotransport/session/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 60

struct rogue {
    const char *lie;
    char *link;
    struct policy *policy;
    Provider *provider;
    guint8 uuid[16];
    Tls *tls;
    gint64 deadline;
    guint8 hello[MESSAGE_HEADER + CLAIMS_MAX];
    gsize hello_len;
    guint8 answer[COCO_MESSAGE_MAX];
    gsize answer_len;
};

static G_NORETURN void
die(const char *what, const GError *error)
{
    fprintf(stderr, "rogue: %s: %s\n", what, error != NULL ? error->message : "failed");
    exit(EXIT_FAILURE);
}

static gboolean
lies(const struct rogue *r, const char *lie)
{
    return strcmp(r->lie, lie) == 0;
}

static int
connect_to(gpointer data, gint64 deadline, GError **error)
{
    const struct link_address a = { .kind = LINK_UNIX, .path = data, .fd = -1 };

    return link_connect(&a, deadline, error);
}

static Tls *
open_channel(struct rogue *r)
{
    const guint8 nothing[64] = { 0 };
    g_auto(evidence_t) e = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) servers = references_of_policy(r->policy, &error);
    g_autoptr(Secret) epsk = secret_new(PSK_SIZE);
    struct psk_identity id = { .role = ROLE_COCOVM };
    struct snp_report own;
    guint8 reference[REFERENCE_SIZE];
    const void *report;
    gsize len;
    Tls *tls;

    if (servers == NULL || !provider_evidence(r->provider, nothing, &e, &error))
        die("own report", error);
    report = g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], &len);
    memcpy(id.uuid, r->uuid, sizeof(id.uuid));
    if (!snp_report_parse(report, len, &own, &error) ||
        !reference_of_report(&own, r->policy->psk_pin, reference, &error) ||
        !schedule_context(ROLE_COCOVM, id.uuid, g_bytes_get_data(servers->pdata[0], NULL),
                          reference, id.context, &error))
        die("identity", error);
    tls = client_open_channel(&id, epsk, connect_to, r->link, r->deadline, &error);
    if (tls == NULL)
        die("handshake", error);
    return tls;
}

/* Sends a message, and leaves its answer; ends with what it says unless that is success. */
static void
ask(struct rogue *r, const guint8 *message, gsize len)
{
    struct cursor in;
    struct message_header h;
    guint16 words;
    const guint8 *text;

    if (tls_send(r->tls, message, len, NULL) != TLS_DONE ||
        tls_flush_until(r->tls, r->deadline, NULL) != TLS_DONE ||
        tls_receive_until(r->tls, r->answer, sizeof(r->answer), &r->answer_len, r->deadline,
                          NULL) != TLS_DONE) {
        printf("closed\n");
        exit(EXIT_SUCCESS);
    }
    in = cursor_from(r->answer, r->answer_len);
    if (!message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL))
        die("answer", NULL);
    if (h.code == COCO_OK)
        return;
    words = cursor_be16(&in);
    text = cursor_bytes(&in, words);
    printf("status %u: %.*s\n", h.code, in.failed ? 0 : (int)words, (const char *)text);
    exit(EXIT_SUCCESS);
}

static void
say_hello(struct rogue *r)
{
    struct builder b = builder_on(r->hello, sizeof(r->hello));
    struct claims c = {
        .given = 1u << CLAIM_VERSION | 1u << CLAIM_UUID | 1u << CLAIM_PSK,
        .version = lies(r, "version") ? PROTOCOL_VERSION - 1 : PROTOCOL_VERSION,
        .psk = lies(r, "psk") ? CLAIM_PSK_SECRET : CLAIM_PSK_BOOTSTRAP,
    };

    memcpy(c.uuid, r->uuid, sizeof(c.uuid));
    c.uuid[0] ^= lies(r, "uuid") ? 1 : 0;
    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_HELLO);
    claims_write(&c, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    r->hello_len = builder_len(&b);
    ask(r, r->hello, r->hello_len);
}

/* Evidence as it has to be, but for the lie. */
static void
make_evidence(struct rogue *r, Tls *other, struct evidence *ret)
{
    Tls *channel = other != NULL ? other : r->tls;
    const enum schedule_side side = lies(r, "role") ? SIDE_SERVER : SIDE_CLIENT;
    guint8 report_data[SHA512_SIZE];
    g_autoptr(GError) error = NULL;

    r->hello[r->hello_len - 1] ^= lies(r, "hello") ? 1 : 0;
    if (!protocol_report_data(channel, side, r->hello, r->hello_len, report_data, &error))
        die("report data", error);
    if (lies(r, "data"))
        memset(report_data, 0, sizeof(report_data));
    if (!provider_evidence(r->provider, report_data, ret, &error))
        die("evidence", error);
    if (lies(r, "certificate"))
        g_clear_pointer(&ret->parts[EVIDENCE_SNP_REPORT], g_bytes_unref);
}

static void
say_attach(struct rogue *r)
{
    guint8 message[COCO_MESSAGE_MAX];
    struct builder b = builder_on(message, sizeof(message));
    struct cursor in = cursor_from(r->answer + MESSAGE_HEADER, r->answer_len - MESSAGE_HEADER);
    g_autoptr(Tls) other = lies(r, "relay") ? open_channel(r) : NULL;
    g_auto(evidence_t) e = { 0 };
    struct hello_answer theirs;

    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_ATTACH);
    if (lies(r, "reflect")) {
        if (!hello_answer_parse(&in, &theirs, NULL))
            die("answer to HELLO", NULL);
        builder_bytes(&b, theirs.evidence.pos, cursor_left(&theirs.evidence));
    } else if (!lies(r, "missing")) {
        make_evidence(r, other, &e);
        evidence_write(&e, &b);
    }
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    ask(r, message, builder_len(&b));
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

static void
prepare(struct rogue *r, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) policy = io_read_file(argv[3], 65536, &error);

    r->lie = argv[1];
    r->link = argv[2];
    r->deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
    if (policy != NULL)
        r->policy = policy_parse(g_bytes_get_data(policy, NULL), g_bytes_get_size(policy),
                                 POLICY_DRIVER, &error);
    r->provider = r->policy != NULL ? provider_open(argv[5], &error) : NULL;
    if (r->provider == NULL)
        die("preparing", error);
    for (guint i = 0, at = 0; argv[4][i] != '\0' && at < 32; i++)
        if (g_ascii_isxdigit(argv[4][i])) {
            const int digit = g_ascii_xdigit_value(argv[4][i]);

            r->uuid[at / 2] = (guint8)(r->uuid[at / 2] << 4 | digit);
            at++;
        }
}

int
main(int argc, char **argv)
{
    g_autofree struct rogue *r = g_new0(struct rogue, 1);

    if (argc != 6) {
        fprintf(stderr, "usage: rogue LIE LINK-SOCKET POLICY UUID PLATFORM\n");
        return 2;
    }
    prepare(r, argv);
    r->tls = open_channel(r);
    if (lies(r, "command"))
        say_early(r, TAG_TPM_NO_SESSIONS, 0x144);
    if (lies(r, "detach"))
        say_early(r, TAG_COCO_COMMAND, COCO_DETACH);
    if (lies(r, "operator"))
        say_early(r, TAG_COCO_COMMAND, COCO_OP_RESET);
    if (!lies(r, "order"))
        say_hello(r);
    if (lies(r, "twice"))
        say_hello(r);
    if (lies(r, "greeted"))
        say_early(r, TAG_TPM_NO_SESSIONS, 0x144);
    say_attach(r);
    printf("ok\n");
    return 0;
}
