/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rivals - clients that know their key and do the right things at the wrong
 * moment: at once, too often, or from two places.
 *
 *   rivals WHAT LINK-SOCKET POLICY UUID PLATFORM [PLATFORM2]
 *
 * Prints what each of them was told: "NAME STATUS", or "NAME closed".
 */
#include "config.h"

#include "tests/tools/tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CROWD 9                      /* links half open, one more than there may be */
#define FLOOD_SECONDS 3
#define STEP_USEC 5000               /* for the CoCoTPM to take up what was said */

struct rivals {
    struct tenant a, b;
    guint8 attach_id[ATTACH_ID_SIZE];
    guint8 message[COCO_MESSAGE_MAX];
};

static void
tell(const char *name, int status)
{
    if (status == TENANT_CLOSED)
        printf("%s closed\n", name);
    else
        printf("%s %d\n", name, status);
}

/* Up to the answer to HELLO; its status. */
static int
greet(struct tenant *t)
{
    const struct claims c = tenant_claims(t);

    t->tls = tenant_channel(t);
    tenant_write_hello(t, &c);
    (void)tenant_say(t, t->hello, t->hello_len);
    return tenant_hear(t, NULL);
}

static int
attach(struct rivals *r, struct tenant *t)
{
    struct builder b = builder_on(r->message, sizeof(r->message));
    int status = greet(t);

    if (status != COCO_OK)
        return status;
    tenant_write_attach(t, &b);
    (void)tenant_say(t, r->message, builder_len(&b));
    status = tenant_hear(t, NULL);
    if (status == COCO_OK)
        memcpy(r->attach_id, t->answer + MESSAGE_HEADER, ATTACH_ID_SIZE);
    return status;
}

static void
attach_or_die(struct rivals *r, struct tenant *t)
{
    const int status = attach(r, t);

    if (status == COCO_OK)
        return;
    tell("attach", status);
    exit(EXIT_SUCCESS);
}

/* Two launches, or one twice, that send ATTACH before either is answered. */
static void
attach_at_once(struct rivals *r)
{
    guint8 second[COCO_MESSAGE_MAX];
    struct builder first_b = builder_on(r->message, sizeof(r->message));
    struct builder second_b = builder_on(second, sizeof(second));

    if (greet(&r->a) != COCO_OK || greet(&r->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    tenant_write_attach(&r->a, &first_b);
    tenant_write_attach(&r->b, &second_b);
    (void)tenant_say(&r->a, r->message, builder_len(&first_b));
    (void)tenant_say(&r->b, second, builder_len(&second_b));
    tell("first", tenant_hear(&r->a, NULL));
    tell("second", tenant_hear(&r->b, NULL));
}

/* RESUME of the attached launch, with evidence of @t. */
static gsize
write_resume(struct rivals *r, struct tenant *t, Tls *channel, guint64 sent, guint64 received)
{
    struct resume said = { .sent = sent, .received = received };
    struct builder b = builder_on(r->message, sizeof(r->message));
    g_auto(evidence_t) e = { 0 };

    memcpy(said.attach_id, r->attach_id, sizeof(said.attach_id));
    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_RESUME);
    resume_write(&said, &b);
    tenant_evidence(t, channel, SIDE_CLIENT, r->message + MESSAGE_HEADER, RESUME_SIZE, &e);
    evidence_write(&e, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    return builder_len(&b);
}

static Tls *
channel_to_resume(struct tenant *t)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = protocol_resume_key(t->tls, &error);

    if (key == NULL)
        tenant_die("resumption key", error);
    return tenant_resume_channel(t, key, 1);
}

/* TPM2_CreatePrimary of an RSA key under the owner (Part 3, 24.1), another one each time: a command
 * that takes a while. */
static void
say_long_command(struct tenant *t)
{
    guint8 command[] = {
        0x80, 0x02, 0, 0, 0, 0x45, 0, 0, 0x01, 0x31, 0x40, 0, 0, 0x01, 0, 0, 0, 9, 0x40, 0, 0, 9,
        0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0x1c, 0, 1, 0, 0x0b, 0, 3, 0, 0x72, 0, 0, 0, 6, 0, 0x80,
        0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0xaa, 0xaa, 0, 0, 0, 0, 0, 0,
    };
    const guint32 unique = g_random_int();

    G_STATIC_ASSERT(sizeof(command) == 0x45);
    memcpy(command + sizeof(command) - 8, &unique, 2);
    (void)tenant_say(t, command, sizeof(command));
    g_usleep(STEP_USEC);
}

/* TPM2_GetRandom of one byte; an answer to what was sent before it does not count. */
static int
still_served(struct tenant *t, Tls *channel)
{
    static const guint8 command[] = { 0x80, 0x01, 0, 0, 0, 0x0c, 0, 0, 0x01, 0x7b, 0, 1 };
    int status;

    t->tls = channel;
    if (!tenant_say(t, command, sizeof(command)))
        return TENANT_CLOSED;
    do
        status = tenant_hear(t, NULL);
    while (status == 0 && t->answer_len != MESSAGE_HEADER + 2 + 1);
    return status;
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

    attach_or_die(r, &r->a);
    if (greet(&r->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    first = r->a.tls;
    again = channel_to_resume(&r->a);
    tenant_write_attach(&r->b, &b);
    len = write_resume(r, &r->a, again, 2, 1);
    say_long_command(&r->a);
    r->a.tls = again;
    (void)tenant_say(&r->a, r->message, len);
    g_usleep(STEP_USEC);
    (void)tenant_say(&r->b, late, builder_len(&b));
    tell("takeover", tenant_hear(&r->b, NULL));
    tell("resume", tenant_hear(&r->a, &words));
    printf("words %s\n", words != NULL ? words : "none");
    tell("old-link", still_served(&r->a, first));
    tell("resumed-link", still_served(&r->a, again));
    tell("new-launch", still_served(&r->b, r->b.tls));
}

/* RESUME from a second place while the first link is alive and says nothing. */
static void
resume_beside(struct rivals *r)
{
    Tls *first, *again;
    gsize len;

    attach_or_die(r, &r->a);
    first = r->a.tls;
    again = channel_to_resume(&r->a);
    len = write_resume(r, &r->a, again, 1, 1);
    r->a.tls = again;
    (void)tenant_say(&r->a, r->message, len);
    tell("resume", tenant_hear(&r->a, NULL));
    tell("old-link", still_served(&r->a, first));
    tell("resumed-link", still_served(&r->a, again));
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

    attach_or_die(r, &r->a);
    for (guint64 sent = 1; number <= 8; number++, sent++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Secret) key = protocol_resume_key(r->a.tls, &error);
        Tls *again = tenant_resume_channel(&r->a, key, number);
        const gsize len = write_resume(r, &r->a, again, sent, sent);

        tls_free(r->a.tls);
        r->a.tls = again;
        (void)tenant_say(&r->a, r->message, len);
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
        const int status = greet(&r->a);

        tls_free(r->a.tls);
        if (status == COCO_OK)
            reports++;
        else if (status == COCO_BUSY)
            refused++;
        else
            tell("hello", status);
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
    tell("oldest", ask_info(&r->a, links[0]));
    alive = 0;
    for (guint i = 1; i < CROWD; i++)
        alive += ask_info(&r->a, links[i]) == COCO_OK;
    printf("others %u\n", alive);
}

static const struct {
    const char *name;
    void (*run)(struct rivals *r);
} plays[] = {
    { "attach", attach_at_once },
    { "takeover", resume_against_takeover },
    { "beside", resume_beside },
    { "evidence", evidence_on_many_links },
    { "flood", flood },
    { "crowd", crowd },
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
    tenant_prepare(&r->b, argv[2], argv[3], argv[4], argv[argc - 1]);
    for (gsize i = 0; i < G_N_ELEMENTS(plays); i++)
        if (strcmp(plays[i].name, argv[1]) == 0) {
            plays[i].run(r);
            return 0;
        }
    fprintf(stderr, "rivals: there is no \"%s\"\n", argv[1]);
    return 2;
}
