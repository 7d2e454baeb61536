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

#include <string.h>

#define TIMEOUT_DEFAULT 10
#define TIMEOUT_MAX 600

#define ROW(name, kind, field, value, help) \
    { name, 0, kind, offsetof(struct cocotpm_options, field), value, help }

static const struct option_row cocotpm_rows[] = {
    ROW("type", OPTION_STRING, type, "unixio|tcp|vsock", "kind of link"),
    ROW("path", OPTION_STRING, path, "PATH", "unixio: the socket"),
    ROW("mode", OPTION_OCTAL, mode, "MODE", "unixio: its file mode, default 0600"),
    ROW("port", OPTION_UINT, port, "PORT", "tcp and vsock: the port"),
    ROW("bindaddr", OPTION_STRING, bindaddr, "ADDRESS", "tcp: the address, default 127.0.0.1"),
    ROW("cid", OPTION_UINT, cid, "CID", "vsock: the context id to listen on, default any"),
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
        .mode = 0600,
        .cid = G_MAXUINT32,
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
uuid_good(const char *text)
{
    return g_uuid_string_is_valid(text);
}

void
uuid_bytes(const char *text, guint8 ret[static 16])
{
    guint at = 0;

    for (const char *c = text; *c != '\0' && at < 32; c++) {
        const int digit = g_ascii_xdigit_value(*c);

        if (digit < 0)
            continue;
        ret[at / 2] = (guint8)(at % 2 == 0 ? digit << 4 : ret[at / 2] | digit);
        at++;
    }
}

static gboolean
link_check(const struct cocotpm_options *o, GError **error)
{
    const gboolean is_unix = g_strcmp0(o->type, "unixio") == 0;
    const gboolean is_tcp = g_strcmp0(o->type, "tcp") == 0;
    const gboolean is_vsock = g_strcmp0(o->type, "vsock") == 0;

    if (o->fd >= 0)
        return o->type == NULL ||
               error_malformed(error, "--cocotpm: fd= and type= exclude each other");
    if (!is_unix && !is_tcp && !is_vsock)
        return error_malformed(error, "--cocotpm: type=unixio, tcp or vsock, or fd=, is needed");
    if (is_unix && o->path == NULL)
        return error_malformed(error, "--cocotpm: type=unixio needs path=");
    if (!is_unix && (o->port == 0 || (is_tcp && o->port > 65535)))
        return error_malformed(error, "--cocotpm: type=%s needs port=", o->type);
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
    if (o.id != NULL && !uuid_good(o.id))
        good = error_malformed(error, "--cocotpm: id=%s is no UUID", o.id);
    else if (o.timeout < 1 || o.timeout > TIMEOUT_MAX)
        good = error_malformed(error, "--cocotpm: timeout= has to be 1 to %d", TIMEOUT_MAX);
    else
        good = contradictions_check(config, o.provision >= 0, error) &&
               (o.provision >= 0 || link_check(&o, error));
    cocotpm_options_clear(&o);

    return good;
}
