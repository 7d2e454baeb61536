/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main - swtpm_setup: makes a TPM with keys and certificates, plain or
 * confidential, before its first use.
 */
#include "config.h"

#include "base/error.h"
#include "base/isolate.h"
#include "swtpm/store/sealed.h"
#include "swtpm_setup/act.h"
#include "swtpm_setup/checks.h"
#include "swtpm_setup/confidential.h"
#include "swtpm_setup/import.h"
#include "swtpm_setup/place.h"
#include "swtpm_setup/setup.h"
#include "swtpm_setup/userconf.h"
#include "swtpm_setup/version.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* All that one run owns. */
struct run {
    struct setup_config config;
    char **env;
    char *user;
    char *group;
    struct tpm_program program;
    Place *place;
    char *key;                       /* text of --key */
    int key_fd;
    GError *no_child;                /* why there is none; NULL: there is */
    struct setup setup;
};

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

static void
imply(struct setup_config *c)
{
    if (c->take_ownership || c->create_ek_cert || c->create_platform_cert)
        c->createek = TRUE;
    /* Who relies on a confidential TPM names it by its EK. */
    if (c->cocotpm != NULL)
        c->createek = TRUE;
    /* A state that is there is opened, and nothing made anew. */
    if (c->import_ek_cert != NULL)
        c->reconfigure = TRUE;
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

static gboolean
prepare(struct run *r, gboolean *ret_done, GError **error)
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

static void
say_when(const struct run *r, const char *format_user, const char *words)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[128] = "";

    if (localtime_r(&now, &tm) != NULL)
        strftime(text, sizeof(text), "%a %d %h %Y %I:%M:%S %p %Z", &tm);
    if (format_user != NULL)
        report_say(r->setup.report, "Starting vTPM %s as %s:%s @ %s", words, r->user, r->group,
                   text);
    else
        report_say(r->setup.report, "Ending vTPM manufacturing @ %s", text);
}

static char *
begin_state(struct run *r, GError **error)
{
    if (r->setup.confidential != NULL) {
        if (place_dir(r->place) == NULL) {
            error_denied(error, "The state of a confidential TPM lies in a folder.");
            return NULL;
        }
        return g_strdup_printf("dir=%s", place_dir(r->place));
    }
    return r->config.reconfigure ? place_tpmstate(r->place) : place_begin(r->place, error);
}

static gboolean
start_child(struct run *r, GError **error)
{
    g_autofree char *tpmstate = begin_state(r, error);
    const struct child_config child = {
        .program = (const char *const *)r->program.argv,
        .tpm2 = r->config.tpm2,
        .tpmstate = tpmstate,
        .key = r->key,
        .key_fd = r->key_fd,
        .logfile = r->config.logfile,
        .cocotpm = r->setup.confidential != NULL ? confidential_words(r->setup.confidential) : NULL,
        .provision_fd = r->setup.confidential != NULL ? confidential_fd(r->setup.confidential) : -1,
    };
    g_autofree char *info = NULL;

    if (tpmstate == NULL)
        return FALSE;
    r->setup.child = child_start(&child, error);
    if (r->setup.child == NULL)
        return FALSE;
    info = child_info(r->setup.child, 3, error);
    if (info == NULL) {
        g_prefix_error(error, "Could not start the TPM %s: ", r->config.tpm2 ? "2" : "1.2");
        return FALSE;
    }
    return cert_facts_parse(info, &r->setup.facts, error);
}

/* The birth statement, where one is asked for. */
static gboolean
state_birth(struct run *r, GError **error)
{
    const struct confidential_birth birth = {
        .dir = place_dir(r->place),
        .nonce = r->config.nonce,
        .path = r->config.birth_statement,
        .eks = r->setup.ek_publics,
    };

    return birth.path == NULL || confidential_state_birth(r->setup.confidential, &birth, error);
}

static gboolean
author(struct run *r, GError **error)
{
    if (r->no_child != NULL) {
        g_propagate_error(error, g_steal_pointer(&r->no_child));
        return FALSE;
    }
    if (!r->config.json) {
        puts("TPM is listening on Unix socket.");
        fflush(stdout);
    }
    if (!(r->config.tpm2 ? setup_tpm2 : setup_tpm12)(&r->setup, error))
        return FALSE;
    if (r->setup.confidential != NULL && !confidential_deliver(r->setup.confidential, error))
        return FALSE;
    report_begin(r->setup.report, "Storing the state");
    return child_stop(r->setup.child, error)
           && (r->setup.confidential != NULL ? state_birth(r, error) : place_finish(r->place, error));
}

static gboolean
manufacture(struct run *r)
{
    g_autoptr(GError) error = NULL;
    gboolean done;

    say_when(r, "", r->config.reconfigure ? "reconfiguration" : "manufacturing");
    done = author(r, &error);
    if (done) {
        report_say(r->setup.report, "Successfully authored TPM state.");
    } else {
        report_error(r->setup.report, "%s", error->message);
        report_error(r->setup.report, "An error occurred. Authoring the TPM state failed.");
    }
    say_when(r, NULL, NULL);
    return done;
}

static void
print_made(struct run *r)
{
    g_autofree char *json = NULL;

    if (!r->config.json)
        return;
    if (r->setup.confidential != NULL)
        confidential_report(r->setup.confidential, &r->setup.made);
    r->setup.made.birth_statement = g_strdup(r->config.birth_statement);
    json = made_json(&r->setup.made);
    puts(json);
}

static gboolean
import_running(struct run *r, GError **error)
{
    const struct setup_config *c = &r->config;

    if (!check_combinations(c, error))
        return FALSE;
    r->setup.report = report_open(c->logfile, c->json, error);
    r->setup.imports = r->setup.report == NULL ? NULL : import_read(c->import_ek_cert, error);
    r->setup.tpm = r->setup.imports == NULL ? NULL : tpm2_open_tcti(c->tcti, error);
    return r->setup.tpm != NULL && import_store(&r->setup, r->setup.imports, error);
}

/* --import-ek-cert with --tcti: a TPM that runs, which goes on running. */
static gboolean
import(struct run *r)
{
    g_autoptr(GError) error = NULL;

    if (import_running(r, &error)) {
        print_made(r);
        return TRUE;
    }
    if (r->setup.report != NULL)
        report_error(r->setup.report, "%s", error->message);
    else
        fprintf(stderr, "%s\n", error->message);
    return FALSE;
}

/* A state that is there, and no TPM to set up. */
static gboolean
act(struct run *r)
{
    g_autoptr(GError) error = NULL;

    if (check_program(&r->config, &r->program, &error)
        && check_version(&r->config, &r->program, &error)
        && (r->setup.report = report_open(r->config.logfile, r->config.json, &error)) != NULL
        && act_on_state(&r->setup, (const char *const *)r->program.argv, &error)) {
        if (r->setup.ek_publics->len > 0)
            print_made(r);
        return TRUE;
    }
    fprintf(stderr, "%s\n", error->message);
    return FALSE;
}

/*
 * All that can be refused before a TPM is made. Of several faults the program's
 * is the first that is named, so it is asked where there is another; else the
 * TPM that runs says enough.
 */
static gboolean
get_ready(struct run *r, gboolean *ret_done, GError **error)
{
    g_autoptr(GError) other = NULL;
    gboolean ok = prepare(r, ret_done, &other);
    gboolean sure = FALSE;

    if (ok && !*ret_done && r->config.cocotpm != NULL) {
        r->setup.confidential = confidential_new(r->config.cocotpm, PROVISION_MAKE, &other);
        ok = r->setup.confidential != NULL;
    }
    if (ok && !*ret_done)
        sure = start_child(r, &r->no_child);
    if (!sure && r->program.argv != NULL && !check_version(&r->config, &r->program, error))
        return FALSE;
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&other));
    return ok;
}

static gboolean
set_up(struct run *r)
{
    g_autoptr(GError) error = NULL;
    gboolean done = FALSE;

    if (!get_ready(r, &done, &error)) {
        if (r->setup.report != NULL)
            report_error(r->setup.report, "%s", error->message);
        else
            fprintf(stderr, "%s\n", error->message);
        return FALSE;
    }
    if (done)
        return TRUE;
    if (r->key != NULL)
        report_say(r->setup.report, "  The TPM's state will be encrypted %s%s.",
                   strstr(r->key, "pwd") == r->key ? "using a key derived from a passphrase"
                                                   : "with a provided key",
                   r->key_fd >= 0 ? " (fd)" : "");
    if (!manufacture(r))
        return FALSE;
    print_made(r);
    return TRUE;
}

static void
run_clear(struct run *r)
{
    /* The TPM goes first: what it might still store goes with it. */
    tpm2_close(r->setup.tpm);
    child_free(r->setup.child);
    g_clear_error(&r->no_child);
    place_free(r->place);
    confidential_free(r->setup.confidential);
    cert_facts_clear(&r->setup.facts);
    conf_close(r->setup.conf);
    report_close(r->setup.report);
    made_clear(&r->setup.made);
    g_ptr_array_unref(r->setup.ek_publics);
    g_clear_pointer(&r->setup.imports, g_ptr_array_unref);
    tpm_program_clear(&r->program);
    g_free(r->setup.pcr_banks);
    g_free(r->key);
    g_free(r->user);
    g_free(r->group);
    g_strfreev(r->env);
    options_clear(setup_rows, &r->config);
}

static void
print_help(FILE *out)
{
    g_autofree char *rows = options_help(setup_rows);

    fprintf(out, "TPM emulator setup tool version %s\nUsage: swtpm_setup [options]\n\n"
                 "The following options are supported:\n\n%s"
                 "  --create-config-files [overwrite][,root][,skip-if-exist]\n"
                 "                 write configuration files for this user\n",
            SWTPM_INTERFACE_VERSION, rows);
}

/* The features in upstream's order; ours only where --cocotpm is on the line as well. */
static gboolean
print_capabilities(struct run *r, GError **error)
{
    const gboolean larger = TRUE;
    g_autofree char *both = NULL;

    r->config.tpm2 = TRUE;
    if (!check_program(&r->config, &r->program, error)
        || !check_version(&r->config, &r->program, error))
        return FALSE;
    both = g_strdup_printf("%s%s",
                           strstr(r->program.capabilities, "\"tpm-1.2\"") ? "\"tpm-1.2\", " : "",
                           strstr(r->program.capabilities, "\"tpm-2.0\"") ? "\"tpm-2.0\", " : "");
    printf("{ \"type\": \"swtpm_setup\", \"features\": [ %s\"cmdarg-keyfile-fd\", "
           "\"cmdarg-pwdfile-fd\", \"tpm12-not-need-root\", \"cmdarg-write-ek-cert-files\", "
           "\"cmdarg-create-config-files\", \"cmdarg-reconfigure-pcr-banks\"", both);
    for (guint bits = 2048; larger && bits <= 4096; bits += 1024) {
        g_autofree char *word = g_strdup_printf("\"rsa-keysize-%u\"", bits);

        if (strstr(r->program.capabilities, word) != NULL)
            printf(", \"tpm2-rsa-keysize-%u\"", bits);
    }
    printf(", \"cmdarg-ek1keyalgo\", \"cmdarg-ek2keyalgo\", \"cmdarg-iakkeyalgo\", "
           "\"cmdarg-idevidkeyalgo\"%s ], \"profiles\": [ ], \"version\": \"%s\" }\n",
           r->config.cocotpm != NULL ? ", \"cmdarg-cocotpm\"" : "", SWTPM_INTERFACE_VERSION);
    return TRUE;
}

/* What is answered without any TPM; TRUE in @ret_done then. */
static gboolean
answer(struct run *r, gboolean *ret_done, GError **error)
{
    *ret_done = TRUE;
    if (r->config.help) {
        print_help(stdout);
        return TRUE;
    }
    if (r->config.version) {
        printf("TPM emulator setup tool version %s\nCoCoTPM %s\n", SWTPM_INTERFACE_VERSION,
               PACKAGE_VERSION);
        return TRUE;
    }
    if (r->config.print_capabilities)
        return print_capabilities(r, error);
    if (r->config.print_profiles) {
        puts("[ ]");
        return TRUE;
    }
    *ret_done = FALSE;
    return TRUE;
}

static void
warn_of_obsolete(const struct setup_config *c)
{
    if (c->swtpm_ioctl != NULL)
        puts("Warning: --swtpm_ioctl is deprecated and has no effect.");
    if (c->tcsd_system_ps_file != NULL)
        puts("Warning: --tcsd-system-ps-file is deprecated and has no effect.");
}

static gboolean
run_with(struct run *r, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    gboolean done = FALSE;
    char **stray = NULL;

    if (g_strv_contains((const char *const *)argv, "-?")) {
        print_help(stdout);
        return TRUE;
    }
    if (!options_parse(setup_rows, argc, argv, &r->config, &stray, &error)) {
        fprintf(stderr, "swtpm_setup: %s\n", error->message);
        print_help(stderr);
        return FALSE;
    }
    /* Which has always been so: a script may have an empty variable there. */
    for (; *stray != NULL; stray++)
        fprintf(stderr, "swtpm_setup: warning: the word '%s' has no meaning here.\n", *stray);
    if (!answer(r, &done, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return FALSE;
    }
    if (done)
        return TRUE;
    warn_of_obsolete(&r->config);
    imply(&r->config);
    if (r->config.import_ek_cert != NULL && r->config.tcti != NULL)
        return import(r);
    return act_asked(&r->config) ? act(r) : set_up(r);
}

int
main(int argc, char **argv)
{
    struct run r = { .config = SETUP_CONFIG_INIT, .key_fd = -1 };
    gboolean ok;

    r.env = g_get_environ();
    made_init(&r.setup.made);
    r.setup.ek_publics = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    r.setup.config = &r.config;
    /* A child that ends early shows as an error of the write. */
    signal(SIGPIPE, SIG_IGN);
    if (userconf_asked(argc, argv))
        ok = userconf_run(argc, argv, r.env);
    else
        ok = run_with(&r, argc, argv);
    run_clear(&r);
    return ok ? 0 : 1;
}
