/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resetter - an operator that says "this VM is gone" while a change of the state
 * waits to be stored, as the witness's folder is away.
 *
 *   resetter WHAT LINK-SOCKET POLICY UUID PLATFORM PLATFORM2 KEY-FILE FOLDER
 *
 * Prints what each was told: "NAME STATUS", or "NAME closed". PLATFORM2 is
 * another launch of the image, KEY-FILE holds the operator's key.
 */
#include "config.h"

#include "tests/tools/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING (MESSAGE_HEADER + 2 + 4 + 4 + 8 + 8 + 1)     /* INFO's answer: why is it no sooner */

struct play {
    struct tenant a, b;
    Tls *first, *second;             /* the operator's links */
    const char *folder;
    char *away;
};

static int
ask(struct play *p, Tls *channel, guint32 code)
{
    p->a.tls = channel;
    return tenant_say_code(&p->a, TAG_COCO_COMMAND, code) ? tenant_hear(&p->a, NULL)
                                                          : TENANT_CLOSED;
}

static void
move(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        tenant_die(from, NULL);
}

/* The first launch is attached, the second one has greeted, the operator has two links. */
static Tls *
begin(struct play *p, const char *file)
{
    g_autoptr(Secret) key = secret_read_file(file, PSK_SIZE, PSK_SIZE, NULL);
    Tls *mine;

    if (key == NULL)
        tenant_die("operator's key", NULL);
    steps_attach_or_die(&p->a);
    mine = p->a.tls;
    if (steps_greet(&p->b) != COCO_OK)
        tenant_die("HELLO", NULL);
    p->first = tenant_operator_channel(&p->a, key);
    p->second = tenant_operator_channel(&p->a, key);
    move(p->folder, p->away);
    return mine;
}

static void
until_it_waits(struct play *p)
{
    do {
        if (ask(p, p->second, COCO_INFO) != COCO_OK || p->a.answer_len <= WAITING)
            tenant_die("INFO", NULL);
    } while (p->a.answer[WAITING] == 0);
}

/* TPM2_HierarchyChangeAuth of the owner to nothing (Part 3, 24.8), which is stored. */
static void
say_change(struct play *p, Tls *channel)
{
    static const guint8 command[] = {
        0x80, 0x02, 0, 0, 0, 29, 0, 0, 0x01, 0x29, 0x40, 0, 0, 0x01, 0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0,
        0, 0, 0, 0, 0,
    };

    p->a.tls = channel;
    (void)tenant_say(&p->a, command, sizeof(command));
    until_it_waits(p);
}

static void
say_attach(struct play *p)
{
    struct builder b = builder_on(p->b.message, sizeof(p->b.message));

    tenant_write_attach(&p->b, &b);
    (void)tenant_say(&p->b, p->b.message, builder_len(&b));
}

static void
say_resume(struct play *p, Tls *channel)
{
    const gsize len = steps_write_resume(&p->a, &p->a, channel, 2, 1);

    p->a.tls = channel;
    (void)tenant_say(&p->a, p->a.message, len);
}

/* It waits for the command, whose answer comes; whoever comes meanwhile is told so. */
static void
waits(struct play *p, Tls *mine)
{
    Tls *again;

    p->a.tls = mine;
    again = steps_channel_to_resume(&p->a, 1);
    say_change(p, mine);
    p->a.tls = p->first;
    (void)tenant_say_code(&p->a, TAG_COCO_COMMAND, COCO_OP_RESET);
    steps_tell("info", ask(p, p->first, COCO_INFO));
    steps_tell("second-reset", ask(p, p->second, COCO_OP_RESET));
    say_attach(p);
    steps_tell("attach", tenant_hear(&p->b, NULL));
    say_resume(p, again);
    steps_tell("resume", tenant_hear(&p->a, NULL));
    move(p->away, p->folder);
    steps_tell("command", tenant_hear_on(&p->a, mine, NULL));
    steps_tell("reset", tenant_hear_on(&p->a, p->first, NULL));
    steps_tell("old-link", tenant_hear_on(&p->a, mine, NULL));
    steps_tell("info", ask(p, p->first, COCO_INFO));
    printf("attached %u\n", p->a.answer[WAITING - 1]);
    steps_tell("next-launch", steps_attach(&p->b));
}

/* Another launch is on its way in. */
static void
attaching(struct play *p, Tls *mine)
{
    say_attach(p);
    until_it_waits(p);
    steps_tell("reset", ask(p, p->first, COCO_OP_RESET));
    move(p->away, p->folder);
    steps_tell("attach", tenant_hear(&p->b, NULL));
    steps_tell("old-link", tenant_hear_on(&p->a, mine, NULL));
    steps_tell("new-launch", steps_served(&p->b, p->b.tls));
}

/* The same launch is: of two that resume the first one is told to go, so that the second has come. */
static void
resuming(struct play *p, Tls *mine)
{
    Tls *older, *newer;

    p->a.tls = mine;
    older = steps_channel_to_resume(&p->a, 1);
    p->a.tls = mine;
    newer = steps_channel_to_resume(&p->a, 1);
    say_change(p, mine);
    say_resume(p, older);
    say_resume(p, newer);
    steps_tell("older", tenant_hear_on(&p->a, older, NULL));
    steps_tell("reset", ask(p, p->first, COCO_OP_RESET));
    move(p->away, p->folder);
    steps_tell("newer", tenant_hear_on(&p->a, newer, NULL));
    steps_tell("served", steps_served(&p->a, newer));
}

static const struct {
    const char *name;
    void (*run)(struct play *p, Tls *mine);
} plays[] = {
    { "waits", waits }, { "attaching", attaching }, { "resuming", resuming },
};

int
main(int argc, char **argv)
{
    g_autofree struct play *p = g_new0(struct play, 1);
    g_autofree char *away = NULL;

    g_set_prgname("resetter");
    if (argc != 9) {
        fprintf(stderr, "usage: resetter WHAT LINK-SOCKET POLICY UUID PLATFORM PLATFORM2 KEY-FILE "
                        "FOLDER\n");
        return 2;
    }
    tenant_prepare(&p->a, argv[2], argv[3], argv[4], argv[5]);
    tenant_prepare(&p->b, argv[2], argv[3], argv[4], argv[6]);
    p->folder = argv[8];
    p->away = away = g_strconcat(argv[8], ".away", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(plays); i++)
        if (strcmp(plays[i].name, argv[1]) == 0) {
            plays[i].run(p, begin(p, argv[7]));
            return 0;
        }
    fprintf(stderr, "resetter: there is no \"%s\"\n", argv[1]);
    return 2;
}
