/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client - commands to a running emulator, and those that need none.
 */
#pragma once

#include <glib.h>

/* Runs the command that @words begins with; prints what it answers. */
gboolean client_run(char **words, GError **error);

/* For --help: the commands that ask no emulator, to be freed. */
char *client_help(void);
