/* SPDX-License-Identifier: BSD-3-Clause */
/* run - a TPM is made, or what is there is changed. */
#include "config.h"

#include "swtpm_setup/run.h"

#include "base/error.h"
#include "swtpm_setup/act.h"
#include "swtpm_setup/import.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
    gboolean ok = run_prepare(r, ret_done, &other);
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

gboolean
run_asked(struct run *r)
{
    if (r->config.import_ek_cert != NULL && r->config.tcti != NULL)
        return import(r);
    return act_asked(&r->config) ? act(r) : set_up(r);
}

void
run_init(struct run *r)
{
    *r = (struct run){ .config = SETUP_CONFIG_INIT, .key_fd = -1 };
    r->env = g_get_environ();
    made_init(&r->setup.made);
    r->setup.ek_publics = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    r->setup.config = &r->config;
}

void
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
