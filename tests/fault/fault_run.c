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

static const char *const kinds[] = {
    "EIO", "ENOSPC", "EINTR", "EDQUOT", "EROFS", "short", "kill-before", "kill-after",
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
is_whole(const char *what, const struct outcome *o)
{
    const gboolean whole = WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0;

    if (whole && strstr(o->out, "ok save 3\n") == NULL)
        violated("%s: ended with success before its work was done", what);
    return whole;
}

static guint
count_calls(struct harness *h)
{
    struct outcome o = { 0 };
    g_autofree char *text = NULL;

    harness_fresh(h);
    harness_run(h, "count", 0, 0, harness_work, &o);
    if (o.status != 0 || !g_file_get_contents(h->log, &text, NULL, NULL))
        violated("the undisturbed run failed: %s", o.err);
    harness_judge(h, "undisturbed", o.out, is_whole("undisturbed", &o));
    outcome_clear(&o);

    return (guint)strtoul(text, NULL, 10);
}

static void
break_call(struct harness *h, struct tally *t, const char *how, guint at, guint times)
{
    g_autofree char *what = g_strdup_printf("%s at %u", how, at);
    struct outcome o = { 0 };

    harness_fresh(h);
    harness_run(h, how, at, times, harness_work, &o);
    count_outcome(t, what, g_str_has_prefix(how, "kill"), &o);
    harness_judge(h, what, o.out, is_whole(what, &o));
    outcome_clear(&o);
}

/* Evenly through calls and kinds when not all are wanted; every third failure comes thrice. */
static void
break_all(struct harness *h, guint max)
{
    const guint calls = count_calls(h);
    const guint all = calls * (guint)G_N_ELEMENTS(kinds);
    const guint wanted = MIN(MAX(max, 1), all);
    struct tally t = { 0 };

    if (calls < 20)
        violated("only %u calls were seen: nothing would be shown", calls);
    for (guint n = 0; n < wanted; n++) {
        const guint i = (guint)((guint64)n * all / wanted);

        break_call(h, &t, kinds[i % G_N_ELEMENTS(kinds)], 1 + i / (guint)G_N_ELEMENTS(kinds),
                   n % 3 == 0 ? 3 : 1);
    }
    printf("%u calls, %u runs: %u killed, %u waited, %u ended by the store, %u refused at start; "
           "always before or after, nothing acknowledged was lost\n", calls, t.runs, t.killed,
           t.waited, t.ended, t.refused);
}

int
main(int argc, char **argv)
{
    struct harness h = { 0 };

    if (argc < 5)
        violated("fault_run SHIM TOOL FOLDER MAX [witness]");
    harness_open(&h, argv, argc > 5);
    break_all(&h, (guint)strtoul(argv[4], NULL, 10));

    return EXIT_SUCCESS;
}
