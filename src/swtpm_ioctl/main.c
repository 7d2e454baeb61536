/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * swtpm_ioctl - sends one command of the control protocol to a swtpm, over its
 * control socket or, with a CUSE device, by ioctl(2).
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/options.h"
#include "swtpm/control/client.h"
#include "swtpm_ioctl/commands.h"

#define FIELD(name) offsetof(struct ioctl_options, name)

static const struct option_row rows[] = {
    { "tpm-device", 0, OPTION_STRING, FIELD(device), "DEVICE", "a CUSE device; also the last word" },
    { "tcp", 0, OPTION_STRING, FIELD(tcp), "[HOST]:[PORT]",
      "the control channel on TCP; default 127.0.0.1:6546" },
    { "unix", 0, OPTION_STRING, FIELD(unix_path), "PATH", "the control channel on a Unix socket" },
    { "c", 'c', OPTION_FLAG, FIELD(run[RUN_CAPABILITY]), NULL, "get the capabilities" },
    { "i", 'i', OPTION_FLAG, FIELD(run[RUN_INIT]), NULL,
      "initialize the TPM, resuming from volatile state, which is deleted then" },
    { "stop", 0, OPTION_FLAG, FIELD(run[RUN_STOP]), NULL, "stop the TPM without ending swtpm" },
    { "s", 's', OPTION_FLAG, FIELD(run[RUN_SHUTDOWN]), NULL, "end swtpm" },
    { "e", 'e', OPTION_FLAG, FIELD(run[RUN_ESTABLISHED]), NULL, "get the tpmEstablished bit" },
    { "r", 'r', OPTION_STRING, FIELD(value[RUN_RESET]), "LOCALITY",
      "reset the tpmEstablished bit from this locality" },
    { "v", 'v', OPTION_FLAG, FIELD(run[RUN_STORE]), NULL, "store the volatile state" },
    { "C", 'C', OPTION_FLAG, FIELD(run[RUN_CANCEL]), NULL, "cancel the command in hand" },
    { "l", 'l', OPTION_STRING, FIELD(value[RUN_LOCALITY]), "LOCALITY", "set the locality, 0 to 4" },
    { "h", 'h', OPTION_STRING, FIELD(value[RUN_HASH]), "DATA",
      "hash the data as a D-RTM would; - for standard input" },
    { "save", 0, OPTION_PAIR, FIELD(save), "TYPE FILE",
      "write a state (volatile, permanent or savestate) to a file" },
    { "load", 0, OPTION_PAIR, FIELD(load), "TYPE FILE", "give swtpm such a state" },
    { "g", 'g', OPTION_FLAG, FIELD(run[RUN_CONFIG]), NULL, "say which keys are in use" },
    { "b", 'b', OPTION_STRING, FIELD(value[RUN_BUFFER]), "SIZE",
      "set the buffer size, and say it; 0 only says it" },
    { "info", 0, OPTION_STRING, FIELD(value[RUN_INFO]), "FLAGS", "get what the TPM says of itself" },
    { "lock-storage", 0, OPTION_STRING, FIELD(value[RUN_LOCK]), "RETRIES",
      "take the lock on the state, trying again so often, 10 ms apart" },
    { "version", 0, OPTION_FLAG, FIELD(version), NULL, "say the version" },
    { "help", 0, OPTION_FLAG, FIELD(help), NULL, "say this" },
    { 0 },
};

static int
fail(const GError *error)
{
    fprintf(stderr, "%s\n", error->message);
    return EXIT_FAILURE;
}

static int
say(const char *message)
{
    fprintf(stderr, "%s\n", message);
    return EXIT_FAILURE;
}

/* The one command that was given; RUN_COUNT for none, -1 for more than one. */
static int
which_command(const struct ioctl_options *o)
{
    int found = RUN_COUNT;

    for (int i = 0; i < RUN_COUNT; i++) {
        if (!o->run[i] && o->value[i] == NULL && (i != RUN_SAVE || o->save[0] == NULL) &&
            (i != RUN_LOAD || o->load[0] == NULL))
            continue;
        if (found != RUN_COUNT)
            return -1;
        found = i;
    }
    return found;
}

static int
connect_target(const struct ioctl_options *o, struct target *ret, GError **error)
{
    *ret = (struct target) { .fd = -1 };
    if (o->tcp != NULL)
        ret->fd = ptm_connect_tcp(o->tcp, "6546", error);
    else if (o->unix_path != NULL)
        ret->fd = ptm_connect_unix(o->unix_path, error);
    else
        return target_open_device(o->device, ret, error);
    return ret->fd >= 0;
}

static int
run(struct ioctl_options *o, char **words)
{
    int command = which_command(o);
    g_autoptr(GError) error = NULL;
    struct target target;
    int status = EXIT_SUCCESS;

    if (command == RUN_COUNT)
        return say("No valid command.");
    if (command < 0)
        return say("Only one command may be given.");
    if (command == RUN_SAVE && o->save[1] == NULL)
        return say("Missing filename argument for --save option");
    if (command == RUN_LOAD && o->load[1] == NULL)
        return say("Missing filename argument for --load option");
    if (o->device == NULL && words[0] != NULL)
        o->device = g_strdup(*words++);
    if (o->device == NULL && o->tcp == NULL && o->unix_path == NULL)
        return say("Error: Missing device name.");
    if (!command_check(o, (enum run_command)command, &error) ||
        !connect_target(o, &target, &error))
        return fail(error);
    if (!command_run(o, (enum run_command)command, &target, &error))
        status = fail(error);
    io_close(&target.fd);
    return status;
}

int
main(int argc, char **argv)
{
    struct ioctl_options o = { 0 };
    g_autoptr(GError) error = NULL;
    char **words = NULL;
    int status = EXIT_SUCCESS;

    if (!options_parse_one_dash(rows, argc, argv, &o, &words, &error)) {
        fprintf(stderr, "swtpm_ioctl: %s\n", error->message);
        return EXIT_FAILURE;
    }
    if (o.version || o.help)
        printf("TPM emulator control tool version 0.11.0\nCoCoTPM " PACKAGE_VERSION "\n");
    if (o.help) {
        g_autofree char *help = options_help(rows);

        printf("\nUsage: swtpm_ioctl command <device path>\n\n"
               "The following commands are supported:\n%s\n", help);
    } else if (!o.version) {
        status = run(&o, words);
    }
    options_clear(rows, &o);
    return status;
}
