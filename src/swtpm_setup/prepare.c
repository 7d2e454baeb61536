/* SPDX-License-Identifier: BSD-3-Clause */
/* prepare - the part of a run that comes before any TPM: checks, configuration, choices. */
#include "config.h"

#include "swtpm_setup/run.h"

#include "base/error.h"
#include "base/isolate.h"
#include "swtpm/store/sealed.h"
#include "swtpm_setup/import.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

static char *
user_name(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user != NULL ? g_strdup(user->pw_name) : g_strdup_printf("%u", geteuid());
}

static char *
group_name(void)
{
    const struct group *group = getgrgid(getegid());

    return group != NULL ? g_strdup(group->gr_name) : g_strdup_printf("%u", getegid());
}

static gboolean
change_user(const struct setup_config *config, GError **error)
{
    if (config->runas == NULL)
        return TRUE;
    /* A number needs no name. */
    if (getpwnam(config->runas) == NULL
        && !g_ascii_string_to_unsigned(config->runas, 10, 0, G_MAXINT32, NULL, NULL))
        return error_denied(error, "Error: User '%s' does not exist.", config->runas);
    return isolate_root(NULL, config->runas, error);
}

static gboolean
read_conf(struct run *r, GError **error)
{
    const char *given = r->config.config;
    g_autofree char *path = given != NULL ? g_strdup(given)
                                          : conf_path("swtpm_setup.conf", SYSCONFDIR, r->env);

    if (access(path, R_OK) == 0) {
        r->setup.conf = conf_open(path, r->env, error);
        return r->setup.conf != NULL;
    }
    /* Without certificates nothing of it is needed that has no default. */
    if (given == NULL && !r->config.create_ek_cert && !r->config.create_platform_cert)
        return TRUE;
    return error_denied(error, "User %s cannot read config file %s.", r->user, path);
}

static char *
wanted_banks(const struct run *r)
{
    GPtrArray *given = r->config.pcr_banks;
    const char *conf = conf_get(r->setup.conf, "active_pcr_banks");
    g_autoptr(GPtrArray) list = g_ptr_array_new();

    /* Scripts give an empty word for the default. */
    for (guint i = 0; given != NULL && i < given->len; i++)
        if (*(const char *)given->pdata[i] != '\0')
            g_ptr_array_add(list, given->pdata[i]);
    if (list->len == 0)
        return g_strdup(conf != NULL ? conf : "sha256");
    g_ptr_array_add(list, NULL);
    return g_strjoinv(",", (char **)list->pdata);
}

/* An algorithm by option, by configuration, by default (NULL: none). */
static gboolean
choose_algorithm(const struct run *r, const char *given, const char *key, const char *otherwise,
                 const struct key_algorithm **ret, GError **error)
{
    const char *conf = conf_get(r->setup.conf, key);
    const char *name = given != NULL ? given : conf != NULL ? conf : otherwise;

    if (name == NULL)
        return TRUE;
    *ret = key_algorithm_find(name);
    return *ret != NULL || error_denied(error, "Unknown key algorithm '%s' for --%s.", name, key);
}

static gboolean
choose_algorithms(struct run *r, GError **error)
{
    const struct setup_config *c = &r->config;
    g_autofree char *rsa = NULL;
    guint bits;

    if (!check_rsa_keysize(c, &r->program, &bits, error))
        return FALSE;
    if (!c->tpm2)
        return TRUE;
    rsa = g_strdup_printf("rsa%u", bits);
    r->setup.spk = key_algorithm_find(c->ecc ? "ecc_nist_p384" : rsa);
    return choose_algorithm(r, c->ek1keyalgo, "ek1keyalgo", rsa, &r->setup.ek[0], error)
           && choose_algorithm(r, c->ek2keyalgo, "ek2keyalgo", "ecc_nist_p384", &r->setup.ek[1],
                               error)
           && choose_algorithm(r, c->iakkeyalgo, "iakkeyalgo", NULL, &r->setup.iak, error)
           && choose_algorithm(r, c->idevidkeyalgo, "idevidkeyalgo", NULL, &r->setup.idevid,
                               error);
}

/* The name of a state that is there; NULL in @ret: none. */
static gboolean
find_state(const struct run *r, const char **ret, GError **error)
{
    const char *dir = place_dir(r->place);
    g_autofree char *sealed = dir == NULL ? NULL : g_build_filename(dir, SEALED_FILE, NULL);
    gboolean taken = FALSE;

    if (!place_taken(r->place, &taken, error))
        return FALSE;
    *ret = taken ? "permall" : NULL;
    if (!taken && r->config.cocotpm != NULL && sealed != NULL && access(sealed, F_OK) == 0)
        *ret = "sealed";
    return TRUE;
}

/* @ret_done: a state is there, and that is no error. */
static gboolean
check_state(struct run *r, gboolean *ret_done, GError **error)
{
    const struct setup_config *c = &r->config;
    const char *found = NULL;

    if (!place_check(r->place, r->user, error) || !find_state(r, &found, error))
        return FALSE;
    /* Of both the one that loses nothing. */
    if (found == NULL || (c->overwrite && !c->not_overwrite) || c->reconfigure)
        return TRUE;
    if (!c->not_overwrite)
        return error_denied(error, "Found existing TPM state '%s'.", found);
    report_say(r->setup.report, "Not overwriting existing state file.");
    *ret_done = TRUE;
    return TRUE;
}

static gboolean
prepare_state(struct run *r, gboolean *ret_done, GError **error)
{
    const struct setup_config *c = &r->config;

    if (c->tpmstate == NULL)
        return error_denied(error, "--tpm-state must be provided");
    r->place = place_new(c->tpmstate, c->tpm2);
    return check_combinations(c, error) && check_state(r, ret_done, error)
           && (*ret_done || check_cert_folder(c, r->user, error));
}

gboolean
run_prepare(struct run *r, gboolean *ret_done, GError **error)
{
    const struct setup_config *c = &r->config;

    if (!check_program(c, &r->program, error) || !change_user(c, error))
        return FALSE;
    r->user = user_name();
    r->group = group_name();
    report_close(r->setup.report);
    r->setup.report = report_open(c->logfile, c->json, error);
    if (r->setup.report == NULL)
        return FALSE;
    if (!prepare_state(r, ret_done, error) || *ret_done)
        return *ret_done;
    if (!read_conf(r, error))
        return FALSE;
    r->setup.pcr_banks = wanted_banks(r);
    if (c->import_ek_cert != NULL) {
        r->setup.imports = import_read(c->import_ek_cert, error);
        if (r->setup.imports == NULL)
            return FALSE;
    }
    return check_key(c, r->user, &r->key, &r->key_fd, error) && choose_algorithms(r, error);
}
