/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * harness - what the programs share that break a sealed state: a folder with
 * state and witness, and runs of sealed_tool on it, with or without faults.c.
 */
#pragma once

#include <glib.h>

/* What is done to a state while it is broken, and what has to be there then. */
struct scenario {
    const char *name;
    const char *const *steps;
    const char *end;                     /* the last acknowledgement */
    guint begins, opens;                 /* the least number to find; the most once it is open */
    gboolean recovers;                   /* to another lineage, epoch + 2^32 */
    gboolean makes;                      /* begins with nothing */
};

struct harness {
    const struct scenario *scenario;     /* the one of harness_open: saves, an attach, a save */
    const char *shim, *tool;
    char *base;                          /* of what faults.c looks at */
    char *state, *file, *next;           /* the folder and the two names in it */
    char *witness;
    char *template_state, *template_witness;
    char *template_next;                 /* where a scenario begins with one */
    char *log;
    gboolean with_witness;
};

/* What one run of the tool said and how it ended. */
struct outcome {
    char *out, *err;
    int status;
};

void outcome_clear(struct outcome *o);

/* From SHIM TOOL FOLDER …; makes an instance and keeps it as the template. */
void harness_open(struct harness *h, char **argv, gboolean with_witness);
/* State and witness as they were made. */
void harness_fresh(struct harness *h);
/* @how NULL: nothing is broken. */
void harness_run(struct harness *h, const char *how, guint at, guint times,
                 const char *const *steps, struct outcome *ret);

/*
 * The state has to open and to be the one that was acknowledged in @out, or the
 * one that was on its way when the process ended (@whole: none was).
 */
void harness_judge(struct harness *h, const char *what, const char *out, gboolean whole);

void harness_copy(const char *from, const char *to);
void harness_write(const char *path, const void *data, gsize len);
void violated(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;
