/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resumer - a client whose RESUME is wrong in one point, and one that greets at
 * the worst moment.
 *
 *   resumer WHAT LINK-SOCKET POLICY UUID PLATFORM PLATFORM2
 *
 * Prints what it was told: "NAME STATUS", or "NAME closed". PLATFORM2 is
 * another launch of the image.
 */
#include "config.h"

#include "tests/tools/play.h"

#include <stdio.h>
#include <string.h>

static void
begin(struct play *p)
{
    steps_attach_or_die(&p->a);
    p->executed = 1;
    p->number = 1;
}

/* On @p's channel, which has to be good. */
static void
use(struct play *p)
{
    if (steps_served(&p->a, p->a.tls) != COCO_OK)
        tenant_die("a command", NULL);
    p->executed++;
}

/* The honest client resumes, and uses the TPM. */
static void
resume(struct play *p, const char *name)
{
    Tls *next = steps_channel_to_resume(&p->a, p->number);
    const gsize len = steps_write_resume(&p->a, &p->a, next, p->executed, p->executed);
    int status;

    tls_free(p->a.tls);
    p->a.tls = next;
    (void)tenant_say(&p->a, p->a.message, len);
    status = tenant_hear(&p->a, NULL);
    p->number++;
    if (status == COCO_OK)
        use(p);
    steps_tell(name, status);
}

static Secret *
key_of(const struct tenant *t)
{
    g_autoptr(GError) error = NULL;
    Secret *key = protocol_resume_key(t->tls, &error);

    if (key == NULL)
        tenant_die("resumption key", error);
    return key;
}

static void
offer(struct play *p, const char *name, const Secret *key, guint64 number)
{
    g_autoptr(Tls) tls = tenant_try_key(&p->a, key, number);

    printf("%s %s\n", name, tls != NULL ? "taken" : "refused");
}

/* Keys that were replaced, and numbers that are not theirs. */
static void
old_keys(struct play *p)
{
    g_autoptr(Secret) first = NULL;
    g_autoptr(Secret) second = NULL;
    g_autoptr(Secret) third = NULL;

    begin(p);
    first = key_of(&p->a);
    resume(p, "resume-1");
    second = key_of(&p->a);
    resume(p, "resume-2");
    third = key_of(&p->a);
    offer(p, "replaced", first, 1);
    offer(p, "replaced-as-2", first, 2);
    offer(p, "replaced-as-3", first, 3);
    offer(p, "number-0", third, 0);
    offer(p, "number-4", third, 4);
    offer(p, "own-as-3", second, 3);
    offer(p, "own", second, 2);
    offer(p, "next", third, 3);
    resume(p, "honest");
}

/* Whose answers do not come in, several times in a row: the client knows no newer key. */
static void
unheard(struct play *p)
{
    Tls *mine;

    begin(p);
    mine = p->a.tls;
    for (guint i = 0; i < 3; i++) {
        Tls *next = steps_channel_to_resume(&p->a, p->number);
        const gsize len = steps_write_resume(&p->a, &p->a, next, p->executed, p->executed);

        p->a.tls = next;
        (void)tenant_say(&p->a, p->a.message, len);
        steps_tell("unheard", tenant_hear(&p->a, NULL));
        tls_free(next);
        p->a.tls = mine;
    }
    resume(p, "heard");
}

/* RESUME on a link of its own, by a key that is good; the session at hand is looked at after. */
static void
wrong(struct play *p, const char *name, struct tenant *witness, guint64 sent, guint64 received)
{
    Tls *mine = p->a.tls;
    Tls *other = steps_channel_to_resume(&p->a, p->number);
    const gsize len = steps_write_resume(&p->a, witness, other, sent, received);

    p->a.tls = other;
    (void)tenant_say(&p->a, p->a.message, len);
    steps_tell(name, tenant_hear(&p->a, NULL));
    p->a.tls = mine;
    tls_free(other);
}

/* The number of the last command is seen only when the older link's session is back: that link
 * ends, and its client resumes. */
static void
wrong_numbers(struct play *p)
{
    begin(p);
    use(p);
    use(p);
    wrong(p, "behind", &p->a, p->executed - 1, p->executed - 1);
    resume(p, "then");
    wrong(p, "far-behind", &p->a, 1, 1);
    resume(p, "then");
    wrong(p, "attach-again", &p->a, 1, 0);
    resume(p, "then");
    wrong(p, "ahead", &p->a, p->executed + 1, p->executed + 1);
    resume(p, "then");
    wrong(p, "far-ahead", &p->a, p->executed + 2, p->executed + 1);
    resume(p, "then");
    wrong(p, "answers-ahead", &p->a, p->executed, p->executed + 1);
    wrong(p, "two-open", &p->a, p->executed + 2, p->executed);
    wrong(p, "last", &p->a, G_MAXUINT64, G_MAXUINT64);
    resume(p, "then");
    wrong(p, "zero", &p->a, 0, 0);
}

/* What can be told at once leaves the older link alone. */
static void
wrong_launch(struct play *p)
{
    guint8 id[ATTACH_ID_SIZE];

    begin(p);
    use(p);
    wrong(p, "another-launch", &p->b, p->executed, p->executed);
    use(p);
    memcpy(id, p->a.attach_id, sizeof(id));
    p->a.attach_id[0] ^= 1;
    wrong(p, "another-attach-id", &p->a, p->executed, p->executed);
    wrong(p, "another-attach-id-lost", &p->a, 1, 0);
    memset(p->a.attach_id, 0, sizeof(id));
    wrong(p, "no-attach-id", &p->a, p->executed, p->executed);
    /* Zeroes ask for the answer to ATTACH, not for what follows it. */
    wrong(p, "no-attach-id-attached", &p->a, 1, 1);
    memcpy(p->a.attach_id, id, sizeof(id));
    use(p);
    resume(p, "then");
}

/* RESUME without evidence, with half of it, and evidence over other numbers. */
static void
wrong_evidence(struct play *p)
{
    static const struct { const char *name; gsize cut; guint8 flip; } cases[] = {
        { "none", MESSAGE_HEADER + RESUME_SIZE, 0 }, { "half", MESSAGE_HEADER + RESUME_SIZE + 600, 0 },
        { "other-numbers", 0, 1 },
    };

    begin(p);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Tls *mine = p->a.tls;
        g_autoptr(Tls) other = steps_channel_to_resume(&p->a, p->number);
        gsize len = steps_write_resume(&p->a, &p->a, other, p->executed, p->executed);
        struct builder size = builder_on(p->a.message + 2, 4);

        len = cases[i].cut != 0 ? cases[i].cut : len;
        builder_be32(&size, (guint32)len);
        /* The last command's number, one higher: a lost command. */
        if (cases[i].flip)
            p->a.message[MESSAGE_HEADER + ATTACH_ID_SIZE + 7]++;
        p->a.tls = other;
        (void)tenant_say(&p->a, p->a.message, len);
        steps_tell(cases[i].name, tenant_hear(&p->a, NULL));
        p->a.tls = mine;
        use(p);
    }
    resume(p, "then");
}

/* Two links with one key, both through the handshake before either says RESUME. */
static void
two_links(struct play *p)
{
    Tls *first, *second;
    gsize len;

    begin(p);
    first = steps_channel_to_resume(&p->a, p->number);
    second = steps_channel_to_resume(&p->a, p->number);
    len = steps_write_resume(&p->a, &p->a, first, p->executed, p->executed);
    p->a.tls = first;
    (void)tenant_say(&p->a, p->a.message, len);
    steps_tell("first", tenant_hear(&p->a, NULL));
    p->number++;
    len = steps_write_resume(&p->a, &p->a, second, p->executed, p->executed);
    p->a.tls = second;
    (void)tenant_say(&p->a, p->a.message, len);
    steps_tell("second", tenant_hear(&p->a, NULL));
    p->a.tls = first;
    use(p);
    resume(p, "then");
}

/* Another launch greets while a command runs, while CANCEL is under way, and after; what is no CANCEL
 * waits for its turn. */
static void
greet_while_busy(struct play *p)
{
    begin(p);
    steps_say_long(&p->a);
    steps_tell("while-it-runs", steps_greet(&p->b));
    (void)tenant_say_code(&p->a, TAG_COCO_COMMAND, COCO_CANCEL);
    steps_tell("while-cancelled", steps_greet(&p->b));
    steps_tell("command", tenant_hear(&p->a, NULL));
    steps_tell("after", steps_greet(&p->b));
    steps_say_long(&p->a);
    (void)tenant_say_code(&p->a, TAG_COCO_COMMAND, COCO_INFO);
    steps_tell("another", tenant_hear(&p->a, NULL));
    steps_tell("asked-meanwhile", tenant_hear(&p->a, NULL));
    use(p);
    p->executed += 3;
    resume(p, "then");
}

static void
greet(struct play *p)
{
    steps_tell("hello", steps_greet(&p->b));
}

/* Another launch greets while nobody is attached, and attaches when somebody is. */
static void
attach_late(struct play *p)
{
    struct builder b = builder_on(p->b.message, sizeof(p->b.message));

    if (steps_greet(&p->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    begin(p);
    tenant_write_attach(&p->b, &b);
    (void)tenant_say(&p->b, p->b.message, builder_len(&b));
    steps_tell("late", tenant_hear(&p->b, NULL));
    use(p);
    resume(p, "then");
}

/* RESUME by @held, a handshake of before, as of a client that lost the answer to ATTACH. */
static void
fetch(struct play *p, Tls *held)
{
    gsize len;

    memset(p->a.attach_id, 0, sizeof(p->a.attach_id));
    len = steps_write_resume(&p->a, &p->a, held, 1, 0);
    p->a.tls = held;
    (void)tenant_say(&p->a, p->a.message, len);
    steps_tell("older", tenant_hear(&p->a, NULL));
}

static void
answer_lost(struct play *p)
{
    Tls *held;

    begin(p);
    held = steps_channel_to_resume(&p->a, p->number);
    g_clear_pointer(&p->a.tls, tls_free);
    fetch(p, held);
    use(p);
}

/* A launch that is over says the same once a newer one has attached, before that one's first
 * command: its link was lost, or taken over. */
static void
outlived(struct play *p)
{
    Tls *held;

    begin(p);
    held = steps_channel_to_resume(&p->a, p->number);
    g_clear_pointer(&p->a.tls, tls_free);
    steps_attach_or_die(&p->b);
    fetch(p, held);
    steps_tell("newer", steps_served(&p->b, p->b.tls));
}

/* RESUME from a second place, after ATTACH and one command: the first one is told to go, also where a
 * third session has ended since. */
static void
beside(struct tenant *t)
{
    Tls *mine = t->tls;
    Tls *next = steps_channel_to_resume(t, 1);
    const gsize len = steps_write_resume(t, t, next, 2, 2);

    t->tls = next;
    (void)tenant_say(t, t->message, len);
    steps_tell("resumed", tenant_hear(t, NULL));
    steps_tell("from", tenant_hear_on(t, mine, NULL));
    steps_tell("to", steps_served(t, next));
}

static void
overtaken(struct play *p)
{
    Tls *held;

    begin(p);
    held = steps_channel_to_resume(&p->a, p->number);
    steps_attach_or_die(&p->b);
    steps_tell("first", tenant_hear(&p->a, NULL));
    fetch(p, held);
    steps_tell("newer", steps_served(&p->b, p->b.tls));
    beside(&p->b);
}

/* A newer launch whose ATTACH fails: what the older one has then, and whether that launch may come
 * again. */
static void
failing(struct play *p)
{
    g_autoptr(Secret) key = NULL;

    begin(p);
    key = key_of(&p->a);
    steps_tell("newer", steps_attach(&p->b));
    steps_tell("older", steps_served(&p->a, p->a.tls));
    offer(p, "older-key", key, p->number);
    steps_tell("again", steps_attach(&p->b));
}

static const struct play_named plays[] = {
    { "keys", old_keys },           { "numbers", wrong_numbers }, { "launch", wrong_launch },
    { "evidence", wrong_evidence }, { "two", two_links },         { "busy", greet_while_busy },
    { "greet", greet },             { "lost", answer_lost },      { "outlived", outlived },
    { "overtaken", overtaken },     { "failing", failing },       { "late", attach_late },
    { "unheard", unheard },
};

int
main(int argc, char **argv)
{
    return play_main("resumer", plays, G_N_ELEMENTS(plays), argc, argv);
}
