/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_options - what a host may say to a TPM VM: where things are, and
 * nothing that a wrong value could make accept more. Everything else is an
 * error, so that a command line never weakens what the sealed policy says.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"
#include "base/options.h"
#include "swtpm/options.h"

#include <string.h>

#define TIMEOUT_DEFAULT 10
#define TIMEOUT_MAX 600

#define ROW(name, kind, field, value, help) \
    { name, 0, kind, offsetof(struct cocotpm_options, field), value, help }

static const struct option_row cocotpm_rows[] = {
    LINK_SOCKET_ROWS(struct cocotpm_options, "unixio|tcp|vsock"),
    LINK_SOCKET_VSOCK_ROW(struct cocotpm_options),
    ROW("fd", OPTION_FD, fd, "N", "an inherited stream, or a socket that listens"),
    ROW("id", OPTION_STRING, id, "UUID", "the instance; another one's state is refused"),
    ROW("operator-psk-file", OPTION_STRING, operator_psk_file, "FILE", "the operator's key"),
    ROW("owner-secret-fd", OPTION_FD, owner_secret_fd, "N",
        "where the owner secret comes from, for a policy that wants one"),
    ROW("owner-secret-file", OPTION_STRING, owner_secret_file, "FILE",
        "the same in a file, for tests"),
    ROW("platform", OPTION_STRING, platform, "auto|sev-guest|tsm|sev|emulator:SOCKET",
        "the confidential platform, default auto"),
    ROW("certs", OPTION_STRING, certs, "FILE", "VEK certificate, where the platform gives none"),
    ROW("floors", OPTION_STRING, floors, "FILE",
        "lowest TCB and SVN of a state, beside those of the image; they only raise these"),
    ROW("timeout", OPTION_UINT, timeout, "SECONDS", "for handshake and attestation, default 10"),
    ROW("provision", OPTION_FD, provision, "FD", "for swtpm_setup only"),
    { 0 }
};

gboolean
cocotpm_options_parse(const struct swtpm_config *config, struct cocotpm_options *ret,
                      GError **error)
{
    struct cocotpm_options o = {
        .at = LINK_SOCKET_NONE,
        .fd = -1,
        .owner_secret_fd = -1,
        .timeout = TIMEOUT_DEFAULT,
        .provision = -1,
    };

    if (!suboptions_parse(cocotpm_rows, "--cocotpm", config->cocotpm, &o, error)) {
        cocotpm_options_clear(&o);
        return FALSE;
    }
    *ret = o;
    return TRUE;
}

void
cocotpm_options_clear(struct cocotpm_options *o)
{
    options_clear(cocotpm_rows, o);
}

static gboolean
link_check(const struct cocotpm_options *o, GError **error)
{
    struct link_address a = { .fd = -1 };

    if (o->fd >= 0)
        return o->at.type == NULL ||
               error_malformed(error, "--cocotpm: fd= and type= exclude each other");
    if (!link_socket_address(&o->at, "--cocotpm", TRUE, &a, error))
        return FALSE;
    link_address_clear(&a);
    return TRUE;
}

/* What belongs to plain swtpm; @allowed while provisioning. */
static gboolean
contradictions_check(const struct swtpm_config *config, gboolean provisioning, GError **error)
{
    const struct {
        const char *option;
        gboolean given;
        gboolean allowed;
    } refused[] = {
        { "--server", config->server != NULL, FALSE },
        { "--ctrl", config->ctrl != NULL, provisioning },
        { "-p (--port)", config->port >= 0, FALSE },
        { "-f (--fd)", config->fd >= 0, provisioning },
        { "--flags", config->flags != NULL, provisioning },
        { "--migration", config->migration != NULL, FALSE },
        { "--migration-key", config->migration_key != NULL, FALSE },
        { "--key", config->key != NULL, FALSE },
        { "--pcap", config->pcap != NULL, FALSE },
        { "--locality", config->locality != NULL, FALSE },
        { "--profile", config->profile != NULL, provisioning },
        /* The list of system calls is part of what was measured. */
        { "--seccomp but action=kill",
          config->seccomp != NULL && strcmp(config->seccomp, "action=kill") != 0, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++)
        if (refused[i].given && !refused[i].allowed)
            return error_malformed(error, "%s cannot be given with --cocotpm",
                                   refused[i].option);
    return TRUE;
}

/* The log's lines are ours alone, and what was written stays: else whoever adds words to the command
 * line could put any text into any file. */
static gboolean
log_check(const struct swtpm_config *config, GError **error)
{
    struct log_options log = { .fd = -1 };
    const char *refused = NULL;
    gboolean good = config->log == NULL || log_options_parse(config->log, &log, error);

    if (log.prefix != NULL)
        refused = "--log prefix=";
    else if (log.truncate)
        refused = "--log truncate";
    if (good && refused != NULL)
        good = error_malformed(error, "%s cannot be given with --cocotpm", refused);
    g_free(log.file);
    g_free(log.prefix);
    return good;
}

gboolean
cocotpm_options_check(const struct swtpm_config *config, GError **error)
{
    struct cocotpm_options o;
    gboolean good;

    if (config->interface != SWTPM_SOCKET)
        return error_malformed(error, "--cocotpm is for `swtpm socket`");
    if (!config->tpm2)
        return error_malformed(error, "--cocotpm needs --tpm2");
    if (config->tpmstate == NULL)
        return error_malformed(error, "--cocotpm needs --tpmstate dir=");
    if (!cocotpm_options_parse(config, &o, error))
        return FALSE;
    if (o.id != NULL && !g_uuid_string_is_valid(o.id))
        good = error_malformed(error, "--cocotpm: id=%s is no UUID", o.id);
    else if (o.timeout < 1 || o.timeout > TIMEOUT_MAX)
        good = error_malformed(error, "--cocotpm: timeout= has to be 1 to %d", TIMEOUT_MAX);
    else
        good = contradictions_check(config, o.provision >= 0, error) && log_check(config, error) &&
               (o.provision >= 0 || link_check(&o, error));
    cocotpm_options_clear(&o);

    return good;
}
