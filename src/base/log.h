/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log - where a program's words go. Programs call GLib's g_info, g_message and
 * g_warning; this module is the writer behind them. Modules below the programs
 * return errors and log nothing. No secret and no TPM command ever enters.
 */
#pragma once

#include <glib.h>

typedef struct Log Log;

struct log_config {
    char *file;
    int fd;                  /* -1: none */
    int level;               /* 0 nothing, 1 warnings, 2 messages, 3 info, 4 and more debug */
    char *prefix;
    gboolean truncate;
};

/* Installs itself as GLib's writer (once a process). Neither file nor fd: standard error. */
Log *log_open(const struct log_config *config, GError **error);

/* Where it writes, for a library that writes by itself; -1: it is silent. */
int log_fd(const Log *log);

/* At most one line each @seconds for what a peer can provoke: TRUE when this one may be
 * written; @ret_dropped is how many were not since. @state starts as zeroes. */
struct log_limit {
    gint64 next;
    guint dropped;
};
gboolean log_limit_pass(struct log_limit *state, guint seconds, guint *ret_dropped);
/* The same, but @burst lines may come at once after a quiet time. */
gboolean log_limit_burst(struct log_limit *state, guint seconds, guint burst, guint *ret_dropped);
