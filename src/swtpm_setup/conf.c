/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf - reader of the plain configuration files.
 */
#include "config.h"

#include "swtpm_setup/conf.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/text.h"

#include <string.h>
#include <unistd.h>

struct Conf {
    GHashTable *values;
};

/* Replaces each ${NAME}. */
static char *
expand(const char *text, char **env, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *start;

    while ((start = strstr(text, "${")) != NULL) {
        const char *end = strchr(start, '}');
        g_autofree char *name = NULL;
        const char *value;

        if (end == NULL)
            break;
        name = g_strndup(start + 2, (gsize)(end - start - 2));
        value = g_environ_getenv(env, name);
        if (value == NULL) {
            error_malformed(error, "the environment has no variable '%s'", name);
            return NULL;
        }
        g_string_append_len(out, text, start - text);
        g_string_append(out, value);
        text = end + 1;
    }
    g_string_append(out, text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* A comment begins at a '#' at the start or after a blank. */
static void
cut_comment(char *line)
{
    for (char *p = line; *p != '\0'; p++)
        if (*p == '#' && (p == line || g_ascii_isspace(p[-1]))) {
            *p = '\0';
            return;
        }
}

static gboolean
take_line(Conf *c, char *line, char **env, GError **error)
{
    char *equals, *value;

    cut_comment(line);
    equals = strchr(line, '=');
    if (equals == NULL)
        return TRUE;
    *equals = '\0';
    value = expand(g_strstrip(equals + 1), env, error);
    if (value == NULL)
        return FALSE;
    g_hash_table_replace(c->values, g_strdup(g_strstrip(line)), value);
    return TRUE;
}

Conf *
conf_open(const char *path, char **env, GError **error)
{
    g_autoptr(Conf) c = g_new0(Conf, 1);
    g_autoptr(GBytes) file = io_read_file(path, CONF_MAX, error);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    c->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (file == NULL)
        return NULL;
    text = bytes_text(file);
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        if (!take_line(c, lines[i], env, error)) {
            g_prefix_error(error, "%s: ", path);
            return NULL;
        }
    return g_steal_pointer(&c);
}

void
conf_close(Conf *c)
{
    if (c == NULL)
        return;
    g_hash_table_unref(c->values);
    g_free(c);
}

const char *
conf_get(const Conf *c, const char *key)
{
    return c == NULL ? NULL : g_hash_table_lookup(c->values, key);
}

GList *
conf_keys(const Conf *c)
{
    return g_hash_table_get_keys(c->values);
}

char *
conf_path(const char *name, const char *sysconfdir, char **env)
{
    const char *base = g_environ_getenv(env, "XDG_CONFIG_HOME");
    const char *home = g_environ_getenv(env, "HOME");
    g_autofree char *own = NULL;

    if (base != NULL)
        own = g_build_filename(base, name, NULL);
    else if (home != NULL)
        own = g_build_filename(home, ".config", name, NULL);
    if (own != NULL && access(own, R_OK) == 0)
        return g_steal_pointer(&own);
    return g_build_filename(sysconfdir, name, NULL);
}
