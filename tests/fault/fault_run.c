/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault_run - breaks every system call that touches a sealed state, one a run,
 * and kills the process before and after each (preloaded: faults.c). After each
 * run the state has to open, and to be what was acknowledged last or what was
 * being stored then.
 *
 *   fault_run SHIM TOOL FOLDER MAX [witness]
 *
 * Prints the number of runs; exit status 1 with words at the first violation.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"

struct tally {
    guint runs, waited, ended, refused, killed;
};

/* Once, and three times in a row: what is tried again fails again. */
static const struct {
    const char *how;
    guint times;
} kinds[] = {
    { "EIO", 1 },    { "ENOSPC", 1 }, { "EINTR", 1 }, { "EDQUOT", 1 }, { "EROFS", 1 },
    { "short", 1 },  { "EIO", 3 },    { "ENOSPC", 3 }, { "EINTR", 3 }, { "EDQUOT", 3 },
    { "EROFS", 3 },  { "short", 3 },  { "kill-before", 1 }, { "kill-after", 1 },
};
#define KINDS ((guint)G_N_ELEMENTS(kinds))

static const struct scenario scenarios[] = {
    { .name = "recovery", .steps = (const char *const[]){ "recover", "open", "save=2", NULL },
      .end = "ok save 2\n", .recovers = TRUE },
    { .name = "provisioning", .steps = (const char *const[]){ "make", NULL },
      .end = "ok make\n", .makes = TRUE },
};

/*
 * Begun with a .next that was durable, before the witness took it and after. Before that it was
 * acknowledged by nobody: one that cannot be read is removed.
 */
static const struct scenario prepared[] = {
    { .name = "a successor is there, the witness holds the state",
      .steps = (const char *const[]){ "open", "save=2", NULL },
      .end = "ok save 2\n", .begins = 0, .opens = 1 },
    { .name = "a successor is there, the witness holds it",
      .steps = (const char *const[]){ "open", "save=2", NULL },
      .end = "ok save 3\n", .begins = 1, .opens = 1 },
};

static void
count_outcome(struct tally *t, const char *what, gboolean may_be_killed, const struct outcome *o)
{
    t->runs++;
    t->waited += strstr(o->err, "waits since") != NULL;
    if (WIFSIGNALED(o->status)) {
        if (WTERMSIG(o->status) != SIGKILL || !may_be_killed)
            violated("%s: ended by signal %d: %s", what, WTERMSIG(o->status), o->err);
        t->killed++;
    } else if (WEXITSTATUS(o->status) == 42) {
        t->ended++;
    } else if (WEXITSTATUS(o->status) == 1) {
        t->refused++;
        if (strstr(o->out, "ok open") != NULL)
            violated("%s: a save was refused: %s", what, o->err);
    } else if (WEXITSTATUS(o->status) != 0) {
        violated("%s: exit status %d: %s", what, WEXITSTATUS(o->status), o->err);
    }
}

/* Whether the work was done from end to end, so that nothing is on its way. */
static gboolean
is_whole(const struct harness *h, const char *what, const struct outcome *o)
{
    const gboolean whole = WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0;

    if (whole && strstr(o->out, h->scenario->end) == NULL)
        violated("%s: ended with success before its work was done", what);
    return whole;
}

static guint
count_calls(struct harness *h)
{
    struct outcome o = { 0 };
    g_autofree char *text = NULL;

    harness_fresh(h);
    harness_run(h, "count", 0, 0, h->scenario->steps, &o);
    if (o.status != 0 || !g_file_get_contents(h->log, &text, NULL, NULL))
        violated("the undisturbed run failed: %s", o.err);
    harness_judge(h, "undisturbed", o.out, is_whole(h, "undisturbed", &o));
    outcome_clear(&o);

    return (guint)strtoul(text, NULL, 10);
}

static void
break_call(struct harness *h, struct tally *t, const char *how, guint at, guint times)
{
    g_autofree char *what = g_strdup_printf("%s at %u", how, at);
    struct outcome o = { 0 };

    harness_fresh(h);
    harness_run(h, how, at, times, h->scenario->steps, &o);
    count_outcome(t, what, g_str_has_prefix(how, "kill"), &o);
    harness_judge(h, what, o.out, is_whole(h, what, &o));
    outcome_clear(&o);
}

static void
print_tally(const struct harness *h, guint calls, const struct tally *t, const guint *runs)
{
    printf("%s: %u calls, %u runs: %u killed, %u waited, %u ended by the store, %u refused at "
           "start; always before or after, nothing acknowledged was lost\n  ",
           h->scenario->name, calls, t->runs, t->killed, t->waited, t->ended, t->refused);
    for (guint i = 0; i < KINDS; i++)
        printf("%s%s%s %u", i > 0 ? ", " : "", kinds[i].how, kinds[i].times > 1 ? " thrice" : "",
               runs[i]);
    printf("\n");
    (void)fflush(stdout);
}

/* The golden section, made coprime to @all: its multiples are spread evenly, and all different. */
static guint
stride_of(guint all)
{
    guint stride = MAX((guint)(all * 0.618), 1);

    for (;; stride++) {
        guint a = all, b = stride;

        while (b != 0) {
            const guint rest = a % b;

            a = b;
            b = rest;
        }
        if (a == 1)
            return stride;
    }
}

/* Evenly through calls and kinds when not all are wanted. */
static void
break_all(struct harness *h, guint max)
{
    const guint calls = count_calls(h);
    const guint all = calls * KINDS;
    const guint wanted = MIN(MAX(max, 1), all);
    const guint stride = stride_of(all);
    guint runs[KINDS] = { 0 };
    struct tally t = { 0 };

    if (calls < 12)
        violated("%s: only %u calls were seen: nothing would be shown", h->scenario->name, calls);
    for (guint n = 0; n < wanted; n++) {
        const guint i = (guint)((guint64)n * stride % all);

        break_call(h, &t, kinds[i % KINDS].how, 1 + i / KINDS, kinds[i % KINDS].times);
        runs[i % KINDS]++;
    }
    print_tally(h, calls, &t, runs);
}

static gboolean
same_files(const char *a, const char *b)
{
    g_autoptr(GMappedFile) x = g_mapped_file_new(a, FALSE, NULL);
    g_autoptr(GMappedFile) y = g_mapped_file_new(b, FALSE, NULL);

    return x != NULL && y != NULL && g_mapped_file_get_length(x) == g_mapped_file_get_length(y) &&
           memcmp(g_mapped_file_get_contents(x), g_mapped_file_get_contents(y),
                  g_mapped_file_get_length(x)) == 0;
}

/*
 * A save that is killed at each call in turn: .next as it was when the witness took it.
 * @held: with what the witness holds then; else with what it held before.
 */
static void
prepare_successor(struct harness *h, gboolean held)
{
    static const char *const save[] = { "open", "save=1", NULL };
    const char *next = h->template_next;
    gboolean taken = FALSE;

    h->template_next = NULL;             /* each of these begins without one */
    for (guint at = 1; !taken; at++) {
        struct outcome o = { 0 };

        harness_fresh(h);
        harness_run(h, "kill-after", at, 1, save, &o);
        if (!WIFSIGNALED(o.status))
            violated("no save was killed when the witness had taken it");
        taken = !same_files(h->witness, h->template_witness);
        outcome_clear(&o);
    }
    harness_copy(h->next, next);
    if (held)
        harness_copy(h->witness, h->template_witness);
    h->template_next = (char *)next;
}

int
main(int argc, char **argv)
{
    struct harness h = { 0 };
    guint max;

    if (argc < 5)
        violated("fault_run SHIM TOOL FOLDER MAX [witness]");
    max = (guint)strtoul(argv[4], NULL, 10);
    harness_open(&h, argv, argc > 5);
    break_all(&h, max);
    for (guint i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        h.scenario = &scenarios[i];
        break_all(&h, max / 2);
    }
    for (guint i = 0; h.with_witness && i < G_N_ELEMENTS(prepared); i++) {
        h.scenario = &prepared[i];
        h.template_next = g_build_filename(argv[3], "template-next", NULL);
        prepare_successor(&h, i == 1);
        break_all(&h, max / 2);
    }

    return EXIT_SUCCESS;
}
