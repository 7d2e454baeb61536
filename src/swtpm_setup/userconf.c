/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * userconf - writes swtpm_setup.conf, swtpm-localca.conf and
 * swtpm-localca.options for one user.
 */
#include "config.h"

#include "swtpm_setup/userconf.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define OPTION "--create-config-files"

struct wishes {
    gboolean overwrite;
    gboolean root;
    gboolean skip_if_exist;
};

/* The index in @argv, 0 for none. */
static int
option_at(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (g_str_equal(argv[i], OPTION) || g_str_has_prefix(argv[i], OPTION "="))
            return i;
    return 0;
}

gboolean
userconf_asked(int argc, char **argv)
{
    return option_at(argc, argv) > 0;
}

static const char *
option_value(int argc, char **argv)
{
    int at = option_at(argc, argv);
    const char *equals = strchr(argv[at], '=');

    if (equals != NULL)
        return equals + 1;
    return at + 1 < argc && argv[at + 1][0] != '-' ? argv[at + 1] : "";
}

static gboolean
parse_wishes(const char *text, struct wishes *ret, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    struct wishes w = { 0 };

    for (guint i = 0; words[i] != NULL && *text != '\0'; i++) {
        if (g_str_equal(words[i], "overwrite"))
            w.overwrite = TRUE;
        else if (g_str_equal(words[i], "root"))
            w.root = TRUE;
        else if (g_str_equal(words[i], "skip-if-exist"))
            w.skip_if_exist = TRUE;
        else
            return error_malformed(error, "Unknown option '%s' for " OPTION, words[i]);
    }
    if (w.overwrite && w.skip_if_exist)
        return error_malformed(error, "Error: overwrite and skip-if-exist cannot both be used");
    *ret = w;
    return TRUE;
}

static char *
config_folder(char **env, GError **error)
{
    const char *base = g_environ_getenv(env, "XDG_CONFIG_HOME");
    const char *home = g_environ_getenv(env, "HOME");

    if (base != NULL)
        return g_strdup(base);
    if (home != NULL)
        return g_build_filename(home, ".config", NULL);
    error_denied(error, "Neither XDG_CONFIG_HOME nor HOME is set.");
    return NULL;
}

static gboolean
write_text(const char *path, const char *text, GError **error)
{
    printf("Writing %s.\n", path);
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}

/* Where it was not installed (a build tree), it is found as swtpm_setup was: through PATH. */
static char *
setup_conf(const char *folder)
{
    gboolean installed = access(BINDIR "/swtpm_localca", X_OK) == 0;

    return g_strdup_printf("create_certs_tool = %sswtpm_localca\n"
                           "create_certs_tool_config = %s/swtpm-localca.conf\n"
                           "create_certs_tool_options = %s/swtpm-localca.options\n"
                           "# Comma-separated list (no spaces) of PCR banks to activate by default\n"
                           "active_pcr_banks = sha256\n", installed ? BINDIR "/" : "", folder, folder);
}

static char *
localca_conf(const char *state)
{
    return g_strdup_printf("statedir = %s\nsigningkey = %s/signkey.pem\n"
                           "issuercert = %s/issuercert.pem\ncertserial = %s/certserial\n",
                           state, state, state, state);
}

/* Words are split at blanks when read, so none may be inside one. */
static char *
localca_options(void)
{
    struct utsname name = { 0 };

    if (uname(&name) < 0)
        memset(&name, 0, sizeof(name));
    g_strdelimit(name.sysname, " ", '_');
    g_strdelimit(name.version, " ", '_');
    return g_strdup_printf("--platform-manufacturer %s\n--platform-version %s\n"
                           "--platform-model %s\n", name.sysname, name.version, name.sysname);
}

/* One of the files is there: TRUE where that may be, with @ret_skip when nothing is to be done. */
static gboolean
check_existing(char *const *paths, const struct wishes *w, gboolean *ret_skip, GError **error)
{
    for (guint i = 0; paths[i] != NULL && !w->overwrite; i++)
        if (access(paths[i], F_OK) == 0) {
            if (!w->skip_if_exist)
                return error_denied(error, "File %s already exists. Refusing to overwrite.",
                                    paths[i]);
            *ret_skip = TRUE;
        }
    return TRUE;
}

static gboolean
write_all(const char *folder, const struct wishes *w, GError **error)
{
    static const char *const names[] = {
        "swtpm_setup.conf", "swtpm-localca.conf", "swtpm-localca.options",
    };
    g_autofree char *state = g_build_filename(folder, "var/lib/swtpm-localca", NULL);
    char *texts[] = { setup_conf(folder), localca_conf(state), localca_options() };
    char *paths[G_N_ELEMENTS(names) + 1] = { NULL };
    gboolean skip = FALSE;
    gboolean ok;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        paths[i] = g_build_filename(folder, names[i], NULL);
    ok = check_existing(paths, w, &skip, error);
    if (ok && !skip && g_mkdir_with_parents(folder, 0700) < 0)
        ok = error_errno(error, errno, "Could not create %s", folder);
    if (ok && !skip && g_mkdir_with_parents(state, 0755) < 0)
        ok = error_errno(error, errno, "Could not create %s", state);
    for (guint i = 0; i < G_N_ELEMENTS(names) && ok && !skip; i++)
        ok = write_text(paths[i], texts[i], error);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_free(paths[i]);
        g_free(texts[i]);
    }
    return ok;
}

gboolean
userconf_run(int argc, char **argv, char **env)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL;
    struct wishes w = { 0 };
    gboolean ok = parse_wishes(option_value(argc, argv), &w, &error);

    if (ok && geteuid() == 0 && !w.root)
        ok = error_denied(&error, "Requiring the 'root' flag since the configuration files will "
                          "shadow those in %s.", SYSCONFDIR);
    if (ok) {
        folder = config_folder(env, &error);
        ok = folder != NULL && write_all(folder, &w, &error);
    }
    if (error != NULL)
        fprintf(stderr, "%s\n", error->message);
    return ok;
}
