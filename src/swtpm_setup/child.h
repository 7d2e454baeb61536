/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child - the swtpm that the new TPM runs in while it is set up: a process of
 * our own behind two socket pairs, so nobody else can reach it.
 */
#pragma once

#include <glib.h>

typedef struct Child Child;

struct child_config {
    const char *const *program;      /* "swtpm", "socket" */
    gboolean tpm2;
    const char *tpmstate;            /* text of --tpmstate */
    const char *key;                 /* text of --key; NULL: none */
    int key_fd;                      /* handed on under its number; -1: none */
    const char *logfile;             /* NULL: none */
    /* A confidential TPM: the text of --cocotpm without provision=, and what goes there. */
    const char *cocotpm;
    int provision_fd;                /* -1: none */
    int output;                      /* its standard output; 0: ours */
};

/* Starts it; it may not serve yet, or end at once: what is asked of it shows that. */
Child *child_start(const struct child_config *config, GError **error);
/* The connected data channel. */
int child_data_fd(const Child *c);
/* CMD_GET_INFO: libtpms' JSON about itself, to be freed. */
char *child_info(Child *c, guint64 flags, GError **error);
/* CMD_SHUTDOWN, and its end is waited for: everything is stored then. */
gboolean child_stop(Child *c, GError **error);
/* One that ends by itself: waits for that. */
gboolean child_wait(Child *c, GError **error);
/* Ends it without ceremony where child_stop() did not; NULL is fine. */
void child_free(Child *c);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Child, child_free)
