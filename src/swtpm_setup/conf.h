/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf - the plain configuration files of swtpm_setup and swtpm_localca: lines
 * of "key = value # comment", ${NAME} taken from the environment.
 */
#pragma once

#include <glib.h>

#define CONF_MAX 65536

typedef struct Conf Conf;

/* @env as g_get_environ() gives it; a variable that is not set is an error. */
Conf *conf_open(const char *path, char **env, GError **error);
void conf_close(Conf *c);            /* NULL is fine */
/* NULL where the key is not there; the last one counts. Borrowed. */
const char *conf_get(const Conf *c, const char *key);
/* The keys, for those that come in families; the list is to be freed, what is in it is borrowed. */
GList *conf_keys(const Conf *c);

/*
 * $XDG_CONFIG_HOME/NAME or ~/.config/NAME where that can be read, else
 * SYSCONFDIR/NAME; to be freed.
 */
char *conf_path(const char *name, const char *sysconfdir, char **env);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Conf, conf_close)
