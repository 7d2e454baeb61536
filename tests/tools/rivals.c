/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rivals - clients that know their key and do the right things at the wrong
 * moment: at once, too often, or from two places.
 *
 *   rivals WHAT LINK-SOCKET POLICY UUID PLATFORM [PLATFORM2]
 *
 * PLATFORM2 of "operators" is the file of the operator's key.
 * Prints what each of them was told: "NAME STATUS", or "NAME closed".
 */
#include "config.h"

#include "tests/tools/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CROWD 9                      /* links half open, one more than there may be */
#define FLOOD_SECONDS 3
#define MANY 200                     /* more than are looked at in a row */
#define OPERATORS 3                  /* one more than there may be */
#define BURST 300                    /* more than a session's turn has */

struct rivals {
    struct tenant a, b;
    const char *file;                /* the operator's key */
};

/* Two launches, or one twice, that send ATTACH before either is answered. */
static void
attach_at_once(struct rivals *r)
{
    guint8 second[COCO_MESSAGE_MAX];
    struct builder first_b = builder_on(r->a.message, sizeof(r->a.message));
    struct builder second_b = builder_on(second, sizeof(second));

    if (steps_greet(&r->a) != COCO_OK || steps_greet(&r->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    tenant_write_attach(&r->a, &first_b);
    tenant_write_attach(&r->b, &second_b);
    (void)tenant_say(&r->a, r->a.message, builder_len(&first_b));
    (void)tenant_say(&r->b, second, builder_len(&second_b));
    steps_tell("first", tenant_hear(&r->a, NULL));
    steps_tell("second", tenant_hear(&r->b, NULL));
}

/*
 * While a command of the first launch runs, that one resumes from a second link
 * and a new launch takes over: whoever wins, one of them alone has the TPM.
 */
static void
resume_against_takeover(struct rivals *r)
{
    guint8 late[COCO_MESSAGE_MAX];
    struct builder b = builder_on(late, sizeof(late));
    g_autofree char *words = NULL;
    Tls *first, *again;
    gsize len;

    steps_attach_or_die(&r->a);
    if (steps_greet(&r->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    first = r->a.tls;
    again = steps_channel_to_resume(&r->a, 1);
    tenant_write_attach(&r->b, &b);
    len = steps_write_resume(&r->a, &r->a, again, 2, 1);
    steps_say_long(&r->a);
    r->a.tls = again;
    (void)tenant_say(&r->a, r->a.message, len);
    g_usleep(STEP_USEC);
    (void)tenant_say(&r->b, late, builder_len(&b));
    steps_tell("takeover", tenant_hear(&r->b, NULL));
    steps_tell("resume", tenant_hear(&r->a, &words));
    printf("words %s\n", words != NULL ? words : "none");
    steps_tell("old-link", steps_served(&r->a, first));
    steps_tell("resumed-link", steps_served(&r->a, again));
    steps_tell("new-launch", steps_served(&r->b, r->b.tls));
}

/* TPM2_PCR_Extend of PCR 16 in the SHA-256 bank (Part 3, 22.2), @count times in one write. */
static void
say_extends(struct tenant *t, guint count)
{
    static const guint8 command[65] = {
        0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 16, 0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0,
        0, 0, 0, 0, 0, 1, 0, 0x0b, 0xee,
    };

    tls_hold(t->tls, TRUE);
    for (guint i = 0; i < count; i++)
        (void)tls_send(t->tls, command, sizeof(command), NULL);
    tls_hold(t->tls, FALSE);
    (void)tls_flush(t->tls, NULL);
}

/* TPM2_PCR_Read of PCR 16 (Part 3, 22.4): the digest is last in the answer. */
static gboolean
was_extended(struct tenant *t)
{
    static const guint8 command[] = {
        0x80, 0x01, 0, 0, 0, 20, 0, 0, 0x01, 0x7e, 0, 0, 0, 1, 0, 0x0b, 3, 0, 0, 1,
    };
    guint8 seen = 0;

    if (!tenant_say(t, command, sizeof(command)) || tenant_hear(t, NULL) != 0 ||
        t->answer_len < MESSAGE_HEADER + 32)
        tenant_die("PCR 16", NULL);
    for (gsize i = t->answer_len - 32; i < t->answer_len; i++)
        seen |= t->answer[i];
    return seen != 0;
}

/* What the first launch has in the pipe when another takes over: none of it may reach the TPM
 * that the new one gets. */
static void
burst_against_takeover(struct rivals *r)
{
    guint8 late[COCO_MESSAGE_MAX];
    struct builder b = builder_on(late, sizeof(late));
    guint answers = 0;

    steps_attach_or_die(&r->a);
    if (steps_greet(&r->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    tenant_write_attach(&r->b, &b);
    steps_say_long(&r->a);
    say_extends(&r->a, BURST);
    (void)tenant_say(&r->b, late, builder_len(&b));
    steps_tell("takeover", tenant_hear(&r->b, NULL));
    printf("pcr-16 %s\n", was_extended(&r->b) ? "extended" : "clean");
    while (tenant_hear(&r->a, NULL) == 0)
        answers++;
    printf("burst %s\n", answers <= BURST ? "met" : "missed");
}

/* RESUME from a second place while the first link is alive and says nothing. */
static void
resume_beside(struct rivals *r)
{
    Tls *first, *again;
    gsize len;

    steps_attach_or_die(&r->a);
    first = r->a.tls;
    again = steps_channel_to_resume(&r->a, 1);
    len = steps_write_resume(&r->a, &r->a, again, 1, 1);
    r->a.tls = again;
    (void)tenant_say(&r->a, r->a.message, len);
    steps_tell("resume", tenant_hear(&r->a, NULL));
    steps_tell("old-link", steps_served(&r->a, first));
    steps_tell("resumed-link", steps_served(&r->a, again));
}

/* EVIDENCE, of a key that is not there: what counts is how often it is looked at. */
static int
ask_evidence(struct tenant *t, Tls *channel)
{
    guint8 message[MESSAGE_HEADER + 32 + 4] = { 0 };
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, TAG_COCO_COMMAND, sizeof(message), COCO_EVIDENCE);
    t->tls = channel;
    (void)tenant_say(t, message, sizeof(message));
    return tenant_hear(t, NULL);
}

/* A guest that asks for reports without end, over links of its own. */
static void
evidence_on_many_links(struct rivals *r)
{
    const gint64 start = g_get_monotonic_time();
    guint64 number = 1;
    guint looked = 0;

    steps_attach_or_die(&r->a);
    for (guint64 sent = 1; number <= 8; number++, sent++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Secret) key = protocol_resume_key(r->a.tls, &error);
        Tls *again = tenant_resume_channel(&r->a, key, number);
        const gsize len = steps_write_resume(&r->a, &r->a, again, sent, sent);

        tls_free(r->a.tls);
        r->a.tls = again;
        (void)tenant_say(&r->a, r->a.message, len);
        if (tenant_hear(&r->a, NULL) != COCO_OK)
            tenant_die("RESUME", NULL);
        looked += ask_evidence(&r->a, again) != COCO_BUSY;
    }
    printf("asked 8 looked-at %u seconds %u\n", looked,
           (guint)((g_get_monotonic_time() - start) / G_USEC_PER_SEC));
}

/* HELLO as fast as it goes: how many were answered with a report. */
static void
flood(struct rivals *r)
{
    const gint64 start = g_get_monotonic_time();
    const gint64 end = start + FLOOD_SECONDS * G_USEC_PER_SEC;
    guint reports = 0, first = 0, refused = 0;

    while (g_get_monotonic_time() < end || refused == 0) {
        const int status = steps_greet(&r->a);

        tls_free(r->a.tls);
        if (status == COCO_OK)
            reports++;
        else if (status == COCO_BUSY)
            refused++;
        else
            steps_tell("hello", status);
        if (refused == 0)
            first = reports;
    }
    printf("reports %u first %u refused %u seconds %u\n", reports, first, refused,
           (guint)((g_get_monotonic_time() - start) / G_USEC_PER_SEC));
}

static int
ask_info(struct tenant *t, Tls *channel)
{
    t->tls = channel;
    if (!tenant_say_code(t, TAG_COCO_COMMAND, COCO_INFO))
        return TENANT_CLOSED;
    return tenant_hear(t, NULL);
}

/* Links that are open and say nothing: the first eight are borne, for the ninth the oldest goes. */
static void
crowd(struct rivals *r)
{
    Tls *links[CROWD];
    guint alive = 0;

    for (guint i = 0; i < CROWD - 1; i++)
        links[i] = tenant_channel(&r->a);
    for (guint i = 0; i < CROWD - 1; i++)
        alive += ask_info(&r->a, links[i]) == COCO_OK;
    printf("eight %u\n", alive);
    links[CROWD - 1] = tenant_channel(&r->a);
    steps_tell("oldest", ask_info(&r->a, links[0]));
    alive = 0;
    for (guint i = 1; i < CROWD; i++)
        alive += ask_info(&r->a, links[i]) == COCO_OK;
    printf("others %u\n", alive);
}

/* Two operators are borne; the third ends the first. */
static void
operators(struct rivals *r)
{
    Tls *links[OPERATORS];
    g_autoptr(Secret) key = secret_read_file(r->file, PSK_SIZE, PSK_SIZE, NULL);
    guint alive = 0;

    if (key == NULL)
        tenant_die("operator's key", NULL);
    for (guint i = 0; i < OPERATORS - 1; i++)
        links[i] = tenant_operator_channel(&r->a, key);
    for (guint i = 0; i < OPERATORS - 1; i++)
        alive += ask_info(&r->a, links[i]) == COCO_OK;
    printf("operators %u\n", alive);
    links[OPERATORS - 1] = tenant_operator_channel(&r->a, key);
    /* The newest first: with its answer the server has seen the end of its handshake. */
    alive = ask_info(&r->a, links[OPERATORS - 1]) == COCO_OK;
    steps_tell("oldest", ask_info(&r->a, links[0]));
    for (guint i = 1; i < OPERATORS - 1; i++)
        alive += ask_info(&r->a, links[i]) == COCO_OK;
    printf("others %u\n", alive);
}

/* One that asks and asks, and reads nothing: how many commands went out before the link ended. */
static void
deaf(struct rivals *r)
{
    /* GetCapability of the algorithms: TPM 2.0 Part 3, 30.2. */
    static const guint8 command[] = {
        0x80, 0x01, 0, 0, 0, 22, 0, 0, 1, 0x7a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127,
    };
    guint sent = 0;

    steps_attach_or_die(&r->a);
    while (tenant_say(&r->a, command, sizeof(command)))
        sent++;
    printf("deaf %s %u\n", g_get_monotonic_time() < r->a.deadline ? "closed" : "borne", sent);
}

/* @count messages of ours without a body, into the next write. */
static void
say_many(struct tenant *t, guint32 code, guint count)
{
    guint8 message[MESSAGE_HEADER];
    struct builder b = builder_on(message, sizeof(message));

    message_header_write(&b, TAG_COCO_COMMAND, sizeof(message), code);
    tls_hold(t->tls, TRUE);
    for (guint i = 0; i < count; i++)
        (void)tls_send(t->tls, message, sizeof(message), NULL);
    tls_hold(t->tls, FALSE);
}

/* Many messages in one write: what TLS has read already shows on no descriptor. */
static void
many_at_once(struct rivals *r)
{
    guint answers = 0;

    r->a.tls = tenant_channel(&r->a);
    say_many(&r->a, COCO_INFO, MANY);
    (void)tls_flush(r->a.tls, NULL);
    while (answers < MANY && tenant_hear(&r->a, NULL) == COCO_OK)
        answers++;
    printf("answers %u\n", answers);
    tls_free(r->a.tls);
    steps_attach_or_die(&r->a);
    say_many(&r->a, COCO_CANCEL, MANY);
    steps_tell("behind-cancels", steps_served(&r->a, r->a.tls));
}

static const struct {
    const char *name;
    void (*run)(struct rivals *r);
} plays[] = {
    { "attach", attach_at_once },
    { "takeover", resume_against_takeover },
    { "burst", burst_against_takeover },
    { "beside", resume_beside },
    { "evidence", evidence_on_many_links },
    { "flood", flood },
    { "crowd", crowd },
    { "operators", operators },
    { "deaf", deaf },
    { "many", many_at_once },
};

int
main(int argc, char **argv)
{
    g_autofree struct rivals *r = g_new0(struct rivals, 1);

    g_set_prgname("rivals");
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: rivals WHAT LINK-SOCKET POLICY UUID PLATFORM [PLATFORM2]\n");
        return 2;
    }
    tenant_prepare(&r->a, argv[2], argv[3], argv[4], argv[5]);
    r->file = argv[argc - 1];
    if (strcmp(argv[1], "operators") != 0)
        tenant_prepare(&r->b, argv[2], argv[3], argv[4], argv[argc - 1]);
    for (gsize i = 0; i < G_N_ELEMENTS(plays); i++)
        if (strcmp(plays[i].name, argv[1]) == 0) {
            plays[i].run(r);
            return 0;
        }
    fprintf(stderr, "rivals: there is no \"%s\"\n", argv[1]);
    return 2;
}
