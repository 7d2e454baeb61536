/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main - swtpm_setup: makes a TPM with keys and certificates, plain or
 * confidential, before its first use.
 */
#include "config.h"

#include "base/isolate.h"
#include "cocotransport/keys/openssl.h"
#include "swtpm_setup/run.h"
#include "swtpm_setup/userconf.h"
#include "swtpm_setup/version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

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
    for (guint bits = 2048; bits <= 4096; bits += 1024) {
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

static void
warn_of_obsolete(const struct setup_config *c)
{
    if (c->swtpm_ioctl != NULL)
        puts("Warning: --swtpm_ioctl is deprecated and has no effect.");
    if (c->tcsd_system_ps_file != NULL)
        puts("Warning: --tcsd-system-ps-file is deprecated and has no effect.");
}

/* Of a confidential TPM some are made or read here. The environment stays: what is run needs it. */
static gboolean
guard_secrets(const struct setup_config *c, GError **error)
{
    return c->cocotpm == NULL || (isolate_memory(error) && openssl_without_config(error));
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
    if (!guard_secrets(&r->config, &error)) {
        fprintf(stderr, "swtpm_setup: %s\n", error->message);
        return FALSE;
    }
    return run_asked(r);
}

int
main(int argc, char **argv)
{
    struct run r;
    gboolean ok;

    run_init(&r);
    /* A child that ends early shows as an error of the write. */
    signal(SIGPIPE, SIG_IGN);
    if (userconf_asked(argc, argv))
        ok = userconf_run(argc, argv, r.env);
    else
        ok = run_with(&r, argc, argv);
    run_clear(&r);
    return ok ? 0 : 1;
}
