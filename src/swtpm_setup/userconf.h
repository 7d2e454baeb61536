/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * userconf - --create-config-files: configuration for one user, whose local CA
 * then lies under the user's own folder.
 */
#pragma once

#include <glib.h>

/* Its argument is optional and may be the next word, so it is looked for before the other options. */
gboolean userconf_asked(int argc, char **argv);
/* Says what it does and what is wrong. */
gboolean userconf_run(int argc, char **argv, char **env);
