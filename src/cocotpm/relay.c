/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-relay - the host's program: carries bytes between a CoCoVM and its
 * CoCoTPM. It has no key and knows nothing of what it carries.
 */
#include "config.h"

#include "base/error.h"
#include "cocotpm/program.h"
#include "cocotpm/relay_forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct relay_config {
    struct program_config program;   /* first */
    char *listen, *to;
};

static const struct option_row rows[] = {
    { "listen", 0, OPTION_STRING, offsetof(struct relay_config, listen), "ADDRESS",
      "where CoCoVMs connect: unixio:PATH, tcp:HOST:PORT, vsock:CID:PORT or fd:N" },
    { "to", 0, OPTION_STRING, offsetof(struct relay_config, to), "ADDRESS",
      "where the CoCoTPM listens: unixio:PATH, tcp:HOST:PORT or vsock:CID:PORT" },
    PROGRAM_ROWS(struct relay_config),
    { 0 }
};

static gboolean
config_check(const struct relay_config *c, GError **error)
{
    if (!c->to)
        return error_malformed(error, "--to: the CoCoTPM's address is needed");
    if (!c->listen)
        return error_malformed(error, "--listen: an address is needed");
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

static gboolean
relay_stream_mode(const struct relay_config *config, Program *program, GError **error)
{
    struct link_address from = { .fd = -1 };
    struct link_address to = { .fd = -1 };
    g_autoptr(RelayForward) forward = NULL;
    gboolean good;
    int listener = -1;

    good = address_option("--to", config->to, &to, error)
           && address_option("--listen", config->listen, &from, error)
           && (listener = link_listen(&from, error)) >= 0 && program_ready(program, error);
    if (good) {
        forward = relay_forward_new(listener, &to);
        program_run(program);
        if (from.kind == LINK_UNIX)
            unlink(from.path);
    }
    g_clear_pointer(&forward, relay_forward_free);
    link_address_clear(&from);
    link_address_clear(&to);
    return good;
}

static gboolean
relay_main(int argc, char **argv, GError **error)
{
    struct relay_config config = { 0 };
    g_autoptr(Program) program = program_start("cocotpm-relay", "--listen ADDRESS --to ADDRESS",
                                               rows, argc, argv, &config.program, error);
    gboolean good = program && config_check(&config, error)
                    && relay_stream_mode(&config, program, error);

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
