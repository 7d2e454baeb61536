/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * job - a program that runs beside us, without input; what it says is kept
 * until it is asked for, so that lines of several do not mix.
 */
#pragma once

#include <glib.h>

typedef struct Job Job;

/* @argv[0] is a path, or found in PATH. */
Job *job_start(char *const *argv, GError **error);
/* Waits for its end: an exit status, or 128 + signal, and its two outputs, to be freed. */
gboolean job_end(Job *j, int *ret_status, char **ret_out, char **ret_err, GError **error);
/* Waits for one that nobody asked; NULL is fine. */
void job_free(Job *j);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)
