/* SPDX-License-Identifier: BSD-3-Clause */
/* spawn - starts a program found by PATH. No page of ours is copied for it, as a fork would. */
#pragma once

#include <glib.h>

#include <spawn.h>
#include <sys/types.h>

/*
 * SIGPIPE, which we ignore, ends it as usual. @files is destroyed; *ret is the process, untouched
 * on failure.
 */
gboolean spawn_program(char *const *argv, posix_spawn_file_actions_t *files, pid_t *ret,
                       GError **error);
