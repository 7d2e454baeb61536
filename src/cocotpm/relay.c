/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-relay - the host's program: carries bytes between a CoCoVM and its
 * CoCoTPM. It has no key and knows nothing of what it carries.
 */
#include "config.h"

#include "base/error.h"
#include "cocotpm/program.h"
#include "cocotpm/relay_control.h"
#include "cocotpm/relay_forward.h"
#include "cocotpm/relay_operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct relay_config {
    struct program_config program;   /* first */
    char *listen, *ctrl, *to;
    char *operator_psk_file, *id;
};

static const struct option_row rows[] = {
    { "listen", 0, OPTION_STRING, offsetof(struct relay_config, listen), "ADDRESS",
      "where CoCoVMs connect: unixio:PATH, tcp:HOST:PORT, vsock:CID:PORT or fd:N" },
    { "ctrl", 0, OPTION_STRING, offsetof(struct relay_config, ctrl),
      "type=unixio,path=P[,mode=M]", "take the place of swtpm's control channel for QEMU" },
    { "to", 0, OPTION_STRING, offsetof(struct relay_config, to), "ADDRESS",
      "where the CoCoTPM listens: unixio:PATH, tcp:HOST:PORT or vsock:CID:PORT" },
    { "operator-psk-file", 0, OPTION_STRING, offsetof(struct relay_config, operator_psk_file),
      "FILE", "the operator's key, to tell the CoCoTPM when the VM is gone (with --ctrl)" },
    { "id", 0, OPTION_STRING, offsetof(struct relay_config, id), "UUID",
      "the instance that --operator-psk-file is for" },
    PROGRAM_ROWS(struct relay_config),
    { 0 }
};

static gboolean
config_check(const struct relay_config *c, GError **error)
{
    if (!c->to)
        return error_malformed(error, "--to: the CoCoTPM's address is needed");
    if (!c->listen == !c->ctrl)
        return error_malformed(error, "either --listen or --ctrl is needed");
    if (!c->operator_psk_file != !c->id || (c->id && !c->ctrl))
        return error_malformed(error, "--operator-psk-file and --id belong together, and to --ctrl");
    return TRUE;
}

static gboolean
address_option(const char *option, const char *text, struct link_address *ret, GError **error)
{
    if (link_address_parse(text, ret, error))
        return TRUE;
    g_prefix_error(error, "%s: ", option);
    return FALSE;
}

struct vm {
    struct relay_operator operator;
    Program *program;
};

static void
vm_gone(gpointer data)
{
    g_message("the VM was reset or has ended");
    relay_operator_reset(&((struct vm *)data)->operator);
}

static void
vm_shutdown(gpointer data)
{
    program_stop(((struct vm *)data)->program);
}

static const struct relay_control_events control_events = { vm_gone, vm_shutdown };

/* Serves @from until stopped, in one of the two modes. */
static void
relay_serve(const struct relay_config *config, const struct link_address *from,
            const struct link_address *to, int listener, Program *program)
{
    g_autoptr(RelayForward) forward = NULL;
    g_autoptr(RelayControl) control = NULL;
    struct vm vm = { { config->to, config->id, config->operator_psk_file }, program };

    if (config->listen)
        forward = relay_forward_new(listener, to);
    else
        control = relay_control_new(listener, to, &control_events, &vm);
    program_run(program);
    if (from->kind == LINK_UNIX)
        unlink(from->path);
}

static gboolean
relay_from(const struct relay_config *config, struct link_address *ret, GError **error)
{
    if (config->listen)
        return address_option("--listen", config->listen, ret, error);
    if (!program_socket_parse("--ctrl", config->ctrl, ret, error))
        return FALSE;
    return ret->kind == LINK_UNIX
           || error_malformed(error, "--ctrl: QEMU hands over a descriptor, which only "
                              "type=unixio can carry");
}

static gboolean
relay_start(const struct relay_config *config, Program *program, GError **error)
{
    struct link_address from = { .fd = -1 };
    struct link_address to = { .fd = -1 };
    int listener = -1;
    gboolean good = address_option("--to", config->to, &to, error)
                    && relay_from(config, &from, error)
                    && (listener = link_listen(&from, error)) >= 0
                    && program_ready(program, error);

    if (good)
        relay_serve(config, &from, &to, listener, program);
    else if (listener >= 0)
        close(listener);
    link_address_clear(&from);
    link_address_clear(&to);
    return good;
}

static gboolean
relay_main(int argc, char **argv, GError **error)
{
    struct relay_config config = { 0 };
    g_autoptr(Program) program = program_start(
        "cocotpm-relay", "--listen ADDRESS|--ctrl type=unixio,path=P --to ADDRESS [options]", rows,
        argc, argv, &config.program, error);
    gboolean good = program && config_check(&config, error);

    if (good) {
        program_notify(program, getenv("NOTIFY_SOCKET"));
        good = relay_start(&config, program, error);
    }
    options_clear(rows, &config);
    return good;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (relay_main(argc, argv, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "cocotpm-relay: %s\n", error->message);
    return EXIT_FAILURE;
}
