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

#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct run {
    const char *shim, *tool;
    char *base, *state, *witness, *template_state, *template_witness, *log;
    gboolean with_witness;
    guint runs, waited, ended, refused, killed;
};

static const char *const kinds[] = {
    "EIO", "ENOSPC", "EINTR", "EDQUOT", "EROFS", "short", "kill-before", "kill-after",
};

/* What one run of the tool said and how it ended. */
struct outcome {
    char *out, *err;
    int status;
};

static void
outcome_clear(struct outcome *o)
{
    g_free(o->out);
    g_free(o->err);
}

static void G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN
violated(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(EXIT_FAILURE);
}

static void
run_tool(struct run *r, const char *how, guint at, guint times, const char *const *steps,
         struct outcome *ret)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) env = g_get_environ();
    g_autofree char *at_text = g_strdup_printf("%u", at);
    g_autofree char *times_text = g_strdup_printf("%u", times);
    g_autofree char *where = g_strconcat("file:", r->witness, NULL);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(argv, (char *)r->tool);
    g_ptr_array_add(argv, (char *)"--dir");
    g_ptr_array_add(argv, r->state);
    if (r->with_witness) {
        g_ptr_array_add(argv, (char *)"--witness");
        g_ptr_array_add(argv, where);
    }
    for (; *steps != NULL; steps++)
        g_ptr_array_add(argv, (char *)*steps);
    g_ptr_array_add(argv, NULL);
    if (how != NULL) {
        env = g_environ_setenv(env, "LD_PRELOAD", r->shim, TRUE);
        env = g_environ_setenv(env, "FAULT_DIR", r->base, TRUE);
        env = g_environ_setenv(env, "FAULT_HOW", how, TRUE);
        env = g_environ_setenv(env, "FAULT_AT", at_text, TRUE);
        env = g_environ_setenv(env, "FAULT_TIMES", times_text, TRUE);
        env = g_environ_setenv(env, "FAULT_LOG", r->log, TRUE);
    }
    if (!g_spawn_sync(NULL, (char **)argv->pdata, env, G_SPAWN_DEFAULT, NULL, NULL, &ret->out,
                      &ret->err, &ret->status, &error))
        violated("%s: %s", r->tool, error->message);
}

static void
copy(const char *from, const char *to)
{
    g_autofree char *data = NULL;
    gsize len;
    FILE *out;

    if (!g_file_get_contents(from, &data, &len, NULL))
        violated("%s cannot be read", from);
    out = fopen(to, "we");
    if (out == NULL || fwrite(data, 1, len, out) != len || fclose(out) != 0)
        violated("%s cannot be written", to);
}

static void
fresh(struct run *r)
{
    g_autofree char *state = g_build_filename(r->state, "tpm2-00.sealed", NULL);
    g_autofree char *next = g_strconcat(state, ".next", NULL);

    (void)g_unlink(next);
    copy(r->template_state, state);
    if (r->with_witness)
        copy(r->template_witness, r->witness);
}

/* The highest number that was acknowledged; @ret_attached: whether the launch was. */
static guint
acknowledged(const char *out, gboolean *ret_attached)
{
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    guint number = 0;

    *ret_attached = FALSE;
    for (char **line = lines; *line != NULL; line++) {
        (void)sscanf(*line, "ok save %u", &number);
        *ret_attached |= g_str_has_prefix(*line, "ok attach");
    }
    return number;
}

static const char *const work[] = { "open", "save=2", "attach=launch", "save=1", NULL };
#define WORK_LAST 3u
static const char *const look[] = { "open", "show", NULL };

/* The state has to be the acknowledged one, or the one on its way when the process ended. */
static void
judge(struct run *r, const char *how, guint at, const struct outcome *o)
{
    gboolean attached, whole = WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0;
    const guint number = acknowledged(o->out, &attached);
    struct outcome after = { 0 };
    guint found = 0;
    guint64 epoch = 0;

    if (whole && number != WORK_LAST)
        violated("%s at %u: ended with 0 and %u of %u saves", how, at, number, WORK_LAST);
    run_tool(r, NULL, 0, 0, look, &after);
    if (after.status != 0 ||
        sscanf(strstr(after.out, "ok show"), "ok show %u epoch %" G_GUINT64_FORMAT, &found,
               &epoch) != 2)
        violated("%s at %u: does not open afterwards: %s(%s)", how, at, after.err, o->err);
    if (found < number || found > number + (whole ? 0 : 1))
        violated("%s at %u: %u acknowledged, %u found", how, at, number, found);
    if (epoch > 1 || (attached && epoch != 1))
        violated("%s at %u: epoch %" G_GUINT64_FORMAT, how, at, epoch);
    outcome_clear(&after);
}

static void
tally(struct run *r, const char *how, guint at, const struct outcome *o)
{
    r->runs++;
    r->waited += strstr(o->err, "waits since") != NULL;
    if (WIFSIGNALED(o->status)) {
        if (WTERMSIG(o->status) != SIGKILL || !g_str_has_prefix(how, "kill"))
            violated("%s at %u: ended by signal %d: %s", how, at, WTERMSIG(o->status), o->err);
        r->killed++;
    } else if (WEXITSTATUS(o->status) == 42) {
        r->ended++;
    } else if (WEXITSTATUS(o->status) == 1) {
        r->refused++;
        if (strstr(o->out, "ok open") != NULL)
            violated("%s at %u: a save was refused: %s", how, at, o->err);
    } else if (WEXITSTATUS(o->status) != 0) {
        violated("%s at %u: exit status %d: %s", how, at, WEXITSTATUS(o->status), o->err);
    }
}

static guint
count_calls(struct run *r)
{
    struct outcome o = { 0 };
    g_autofree char *text = NULL;

    fresh(r);
    run_tool(r, "count", 0, 0, work, &o);
    if (o.status != 0 || !g_file_get_contents(r->log, &text, NULL, NULL))
        violated("the undisturbed run failed: %s", o.err);
    judge(r, "undisturbed", 0, &o);
    outcome_clear(&o);

    return (guint)strtoul(text, NULL, 10);
}

static void
break_all(struct run *r, guint max)
{
    const guint calls = count_calls(r);
    const guint all = calls * (guint)G_N_ELEMENTS(kinds);
    const guint stride = MAX(1, (all + max - 1) / max);

    if (calls < 20)
        violated("only %u calls were seen: nothing would be shown", calls);
    for (guint i = 0; i < all; i += stride) {
        const char *how = kinds[i % G_N_ELEMENTS(kinds)];
        const guint at = 1 + i / (guint)G_N_ELEMENTS(kinds);
        struct outcome o = { 0 };

        fresh(r);
        run_tool(r, how, at, i % 3 == 0 ? 3 : 1, work, &o);
        tally(r, how, at, &o);
        judge(r, how, at, &o);
        outcome_clear(&o);
    }
    printf("%u calls, %u runs: %u killed, %u waited, %u ended by the store, %u refused at start; "
           "always before or after, nothing acknowledged was lost\n", calls, r->runs, r->killed,
           r->waited, r->ended, r->refused);
}

int
main(int argc, char **argv)
{
    struct run r = { 0 };
    static const char *const make[] = { "make", NULL };
    struct outcome o = { 0 };
    g_autofree char *state = NULL;

    if (argc < 5)
        violated("fault_run SHIM TOOL FOLDER MAX [witness]");
    r.shim = argv[1];
    r.tool = argv[2];
    r.base = g_build_filename(argv[3], "broken", NULL);
    r.state = g_build_filename(r.base, "state", NULL);
    r.witness = g_build_filename(r.base, "witness", "file", NULL);
    r.template_state = g_build_filename(argv[3], "template", NULL);
    r.template_witness = g_build_filename(argv[3], "template-witness", NULL);
    r.log = g_build_filename(argv[3], "log", NULL);
    r.with_witness = argc > 5;
    state = g_path_get_dirname(r.witness);
    if (g_mkdir_with_parents(r.state, 0700) != 0 || g_mkdir_with_parents(state, 0700) != 0)
        violated("%s cannot be made", r.state);
    g_free(state);
    run_tool(&r, NULL, 0, 0, make, &o);
    if (o.status != 0)
        violated("no instance could be made: %s", o.err);
    outcome_clear(&o);
    state = g_build_filename(r.state, "tpm2-00.sealed", NULL);
    copy(state, r.template_state);
    if (r.with_witness)
        copy(r.witness, r.template_witness);
    break_all(&r, (guint)strtoul(argv[4], NULL, 10));

    return EXIT_SUCCESS;
}
