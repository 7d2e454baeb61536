/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-verify - judges the evidence of confidential VMs for those who rely
 * on it. Exit status: 0 accepted, 1 rejected, 2 unusable input or usage.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cocotpm/verify.h"

static const struct {
    const char *name;
    verify_command *run;
    const char *help;
} commands[] = {
    { "report", verify_command_report, "judge an SEV-SNP attestation report" },
    { "tdx", verify_command_tdx, "judge an Intel TDX quote" },
    { "hcl", verify_command_hcl, "judge what Azure's paravisor says of its TPM" },
    { "bundle", verify_command_bundle, "judge a CoCoTPM's quote or birth statement" },
    { "ek", verify_command_ek, "judge an endorsement key's certificate, with evidence of the key" },
    { "show", verify_command_show, "show evidence of any kind in words, judging nothing" },
    { "policy", verify_command_policy, "explain a policy, and what it leaves open" },
};

static void
print_usage(FILE *out)
{
    fprintf(out, "usage: cocotpm-verify COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\ncocotpm-verify COMMAND --help shows a command's options.\n");
}

gboolean
verify_start(const char *synopsis, const struct option_row *rows, int argc, char **argv,
             struct verify_options *options, char ***ret_operands, GError **error)
{
    g_autofree char *help = NULL;

    if (!options_parse(rows, argc, argv, options, ret_operands, error))
        return FALSE;
    if (options->help) {
        help = options_help(rows);
        printf("usage: cocotpm-verify %s\n\n%s", synopsis, help);
    } else if (options->version) {
        printf("cocotpm-verify %s\n", PACKAGE_VERSION);
    }
    return !options->help && !options->version;
}

static int
run(const char *name, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        int status;

        if (strcmp(commands[i].name, name) != 0)
            continue;
        status = commands[i].run(argc, argv, &error);
        if (error != NULL) {
            fprintf(stderr, "cocotpm-verify %s: %s\n", name, error->message);
            return VERIFY_UNUSABLE;
        }
        return status;
    }
    fprintf(stderr, "cocotpm-verify: there is no command \"%s\"\n", name);
    print_usage(stderr);
    return VERIFY_UNUSABLE;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return VERIFY_UNUSABLE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("cocotpm-verify %s\n", PACKAGE_VERSION);
        return 0;
    }
    return run(argv[1], argc - 1, argv + 1);
}
