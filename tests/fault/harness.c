/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * harness - see harness.h. The first thing that is wrong ends the program.
 */
#include "config.h"

#include "harness.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECOVERED (G_GUINT64_CONSTANT(1) << 32)

static const struct scenario work = {
    .name = "saves and an attach",
    .steps = (const char *const[]){ "open", "save=2", "attach=launch", "save=1", NULL },
    .end = "ok save 3\n",
};

void
violated(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(EXIT_FAILURE);
}

void
outcome_clear(struct outcome *o)
{
    g_clear_pointer(&o->out, g_free);
    g_clear_pointer(&o->err, g_free);
}

static char **
environment(struct harness *h, const char *how, guint at, guint times)
{
    char **env = g_get_environ();
    g_autofree char *at_text = g_strdup_printf("%u", at);
    g_autofree char *times_text = g_strdup_printf("%u", times);

    if (how == NULL)
        return env;
    env = g_environ_setenv(env, "LD_PRELOAD", h->shim, TRUE);
    env = g_environ_setenv(env, "FAULT_DIR", h->base, TRUE);
    env = g_environ_setenv(env, "FAULT_HOW", how, TRUE);
    env = g_environ_setenv(env, "FAULT_AT", at_text, TRUE);
    env = g_environ_setenv(env, "FAULT_TIMES", times_text, TRUE);
    return g_environ_setenv(env, "FAULT_LOG", h->log, TRUE);
}

void
harness_run(struct harness *h, const char *how, guint at, guint times, const char *const *steps,
            struct outcome *ret)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) env = environment(h, how, at, times);
    g_autofree char *where = g_strconcat("file:", h->witness, NULL);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(argv, (char *)h->tool);
    g_ptr_array_add(argv, (char *)"--dir");
    g_ptr_array_add(argv, h->state);
    if (h->with_witness) {
        g_ptr_array_add(argv, (char *)"--witness");
        g_ptr_array_add(argv, where);
    }
    for (; *steps != NULL; steps++)
        g_ptr_array_add(argv, (char *)*steps);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, env, G_SPAWN_DEFAULT, NULL, NULL, &ret->out,
                      &ret->err, &ret->status, &error))
        violated("%s: %s", h->tool, error->message);
}

void
harness_write(const char *path, const void *data, gsize len)
{
    FILE *out = fopen(path, "we");

    if (out == NULL || fwrite(data, 1, len, out) != len || fclose(out) != 0)
        violated("%s cannot be written", path);
}

void
harness_copy(const char *from, const char *to)
{
    g_autofree char *data = NULL;
    gsize len;

    if (!g_file_get_contents(from, &data, &len, NULL))
        violated("%s cannot be read", from);
    harness_write(to, data, len);
}

void
harness_fresh(struct harness *h)
{
    (void)g_unlink(h->next);
    if (h->scenario->makes) {
        (void)g_unlink(h->file);
        (void)g_unlink(h->witness);
        return;
    }
    harness_copy(h->template_state, h->file);
    if (h->template_next != NULL)
        harness_copy(h->template_next, h->next);
    if (h->with_witness)
        harness_copy(h->template_witness, h->witness);
}

/* What is to be found at the least, and at the most when no step was on its way. */
static guint
acknowledged(const struct scenario *s, const char *out, guint *ret_most, guint64 *ret_epoch)
{
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    guint number = s->begins;

    *ret_most = s->begins;
    *ret_epoch = 0;
    for (char **line = lines; *line != NULL; line++) {
        if (g_str_equal(*line, "ok open"))
            *ret_most = s->opens;
        if (sscanf(*line, "ok save %u", &number) == 1)
            *ret_most = number;
        if (g_str_has_prefix(*line, "ok attach"))
            *ret_epoch = 1;
        else if (g_str_equal(*line, "ok recover"))
            *ret_epoch = RECOVERED;
    }
    return number;
}

void
harness_judge(struct harness *h, const char *what, const char *out, gboolean whole)
{
    static const char *const look[] = { "open", "show", NULL };
    guint most;
    guint64 least;
    const guint number = acknowledged(h->scenario, out, &most, &least);
    struct outcome after = { 0 };
    const char *shown;
    guint found = 0;
    guint64 epoch = 0;

    harness_run(h, NULL, 0, 0, look, &after);
    shown = strstr(after.out, "ok show");
    if (h->scenario->makes && after.status != 0 && strstr(after.err, "there is none") != NULL &&
        strstr(out, h->scenario->end) == NULL) {
        outcome_clear(&after);           /* what was left half-made is no state */
        return;
    }
    if (after.status != 0 || shown == NULL ||
        sscanf(shown, "ok show %u epoch %" G_GUINT64_FORMAT, &found, &epoch) != 2)
        violated("%s: does not open afterwards: %s", what, after.err);
    if (found < number || found > most + (whole ? 0 : 1))
        violated("%s: %u acknowledged, %u found", what, number, found);
    if (epoch < least || epoch > (h->scenario->recovers ? RECOVERED : 1) ||
        (h->scenario->recovers && epoch % RECOVERED != 0))
        violated("%s: epoch %" G_GUINT64_FORMAT, what, epoch);
    outcome_clear(&after);
}

void
harness_open(struct harness *h, char **argv, gboolean with_witness)
{
    static const char *const make[] = { "make", NULL };
    g_autofree char *witness_folder = NULL;
    struct outcome o = { 0 };

    h->scenario = &work;
    h->shim = argv[1];
    h->tool = argv[2];
    h->base = g_build_filename(argv[3], "broken", NULL);
    h->state = g_build_filename(h->base, "state", NULL);
    h->file = g_build_filename(h->state, "tpm2-00.sealed", NULL);
    h->next = g_strconcat(h->file, ".next", NULL);
    witness_folder = g_build_filename(h->base, "witness", NULL);
    h->witness = g_build_filename(witness_folder, "file", NULL);
    h->template_state = g_build_filename(argv[3], "template", NULL);
    h->template_witness = g_build_filename(argv[3], "template-witness", NULL);
    h->log = g_build_filename(argv[3], "log", NULL);
    h->with_witness = with_witness;
    if (g_mkdir_with_parents(h->state, 0700) != 0 || g_mkdir_with_parents(witness_folder, 0700) != 0)
        violated("%s cannot be made", h->state);
    harness_run(h, NULL, 0, 0, make, &o);
    if (o.status != 0)
        violated("no instance could be made: %s", o.err);
    outcome_clear(&o);
    harness_copy(h->file, h->template_state);
    if (with_witness)
        harness_copy(h->witness, h->template_witness);
}
