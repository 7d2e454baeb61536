/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report - what swtpm_setup and swtpm_localca say while they work: lines into
 * the log file, or on standard output and standard error without one. Their
 * texts are looked for by those who call these programs.
 */
#pragma once

#include <glib.h>

typedef struct Report Report;

/* @path may be NULL; a symbolic link is refused. @quiet: nothing goes to standard output. */
Report *report_open(const char *path, gboolean quiet, GError **error);
void report_close(Report *r);        /* NULL is fine */
const char *report_path(const Report *r);

/* Whole lines; the newline is added. */
/* Shown on a terminal until the next line comes; nowhere else. */
void report_begin(Report *r, const char *format, ...) G_GNUC_PRINTF(2, 3);
void report_say(Report *r, const char *format, ...) G_GNUC_PRINTF(2, 3);
void report_error(Report *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_close)
