/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_config - the driver's command line and what it names.
 */
#include "config.h"

#include "cocotpm/driver_config.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"

#include <string.h>

#define CERTIFICATES_MAX 65536
#define DEFAULT_TIMEOUT 30
#define SOFTWARE "cocotpm-driver " PACKAGE_VERSION

#define ROW(name, kind, field, value, help) \
    { name, 0, kind, offsetof(struct driver_config, field), value, help }

const struct option_row driver_rows[] = {
    ROW("link", OPTION_STRING, link, "ADDRESS",
        "the way to the CoCoTPM: unixio:PATH, tcp:HOST:PORT, vsock:CID:PORT, tpm:DEVICE, fd:N"),
    ROW("policy", OPTION_STRING, policy, "FILE", "what the CoCoTPM has to be"),
    ROW("id", OPTION_STRING, id, "UUID", "the instance to attach to"),
    ROW("psk-file", OPTION_STRING, psk_file, "FILE", "the instance's secret, 32 bytes"),
    ROW("psk-fd", OPTION_FD, psk_fd, "N", "a descriptor to read the secret from"),
    ROW("platform", OPTION_STRING, platform, "KIND",
        "where evidence comes from: auto, sev-guest, tsm, sev or emulator:SOCKET"),
    ROW("server", OPTION_STRING, server, "type=unixio,path=P[,mode=M]|type=tcp,port=N[,bindaddr=A]",
        "serve TPM commands there, as the swtpm TCTI wants them"),
    ROW("ctrl", OPTION_STRING, ctrl, "type=…",
        "serve control commands there; P.ctrl or port N+1 where it is not given"),
    ROW("vtpm-proxy", OPTION_FLAG, vtpm_proxy, NULL,
        "serve the TPM as a kernel device, found by /dev/cocotpm and /dev/cocotpmrm"),
    ROW("ima", OPTION_OPTIONAL, ima, "FILE",
        "extend the kernel's IMA measurement list into PCR 10, and follow it"),
    ROW("eventlog", OPTION_STRING, eventlog, "FILE",
        "write the TCG event log of what the CoCoTPM measured"),
    ROW("evidence", OPTION_STRING, evidence, "PATH",
        "a socket where cocotpm-bundle asks for evidence for relying parties"),
    ROW("receipt", OPTION_STRING, receipt, "FILE",
        "keep the newest receipt there, and show it when attaching"),
    ROW("check-receipt", OPTION_STRING, check_receipt, "FILE",
        "have the running driver check the receipt kept there, and end"),
    ROW("check-socket", OPTION_STRING, check_socket, "PATH",
        "the socket of the running driver for --check-receipt"),
    ROW("resume", OPTION_STRING, resume, "FILE",
        "go on with the session that an older process left there, on a tmpfs"),
    ROW("keep-evidence", OPTION_FLAG, keep_evidence, NULL,
        "keep the means to make more evidence after attaching"),
    ROW("on-loss", OPTION_STRING, on_loss, "block|panic",
        "what to do when the TPM is lost for good"),
    ROW("other-tpm", OPTION_STRING, other_tpm, "DEVICE[,DEVICE]…",
        "TPM devices that may be there beside that of --link tpm:"),
    ROW("timeout", OPTION_UINT, timeout, "SECONDS", "how long attaching may take"),
    PROGRAM_ROWS(struct driver_config),
    { 0 }
};

void
driver_config_init(struct driver_config *c)
{
    *c = (struct driver_config){ .psk_fd = -1, .timeout = DEFAULT_TIMEOUT };
}

static gboolean
check_timeout(const struct driver_config *c, GError **error)
{
    return (c->timeout >= 1 && c->timeout <= 3600) ||
           error_malformed(error, "--timeout: 1 to 3600 seconds");
}

/* It attaches to nothing: what only a driver that does needs was meant for another command. */
static gboolean
check_asking(const struct driver_config *c, GError **error)
{
    if (!c->check_socket)
        return error_malformed(error, "--check-socket: where the running driver listens is needed");
    if (c->link || c->policy || c->server || c->receipt || c->program.daemon)
        return error_malformed(error, "--check-receipt asks the running driver: --link, --policy, "
                               "--server, --receipt and --daemon do not go with it");
    return check_timeout(c, error);
}

gboolean
driver_config_check(const struct driver_config *c, GError **error)
{
    if (!c->id)
        return error_malformed(error, "--id: the instance's UUID is needed");
    if (c->check_receipt)
        return check_asking(c, error);
    if (!c->link)
        return error_malformed(error, "--link: the way to the CoCoTPM is needed");
    if (!c->policy)
        return error_malformed(error, "--policy: a file is needed");
    if (c->psk_file && c->psk_fd >= 0)
        return error_malformed(error, "--psk-file and --psk-fd exclude each other");
    if (!c->server && !c->vtpm_proxy)
        return error_malformed(error, "--server or --vtpm-proxy: nobody could use the TPM");
    if (c->ctrl && !c->server)
        return error_malformed(error, "--ctrl goes with --server");
    if (c->ima && c->resume)
        return error_malformed(error, "--ima and --resume exclude each other: what an older driver "
                               "has extended would count twice");
    if (c->other_tpm && !g_str_has_prefix(c->link, "tpm:"))
        return error_malformed(error, "--other-tpm goes with --link tpm:");
    if (c->on_loss && strcmp(c->on_loss, "block") && strcmp(c->on_loss, "panic"))
        return error_malformed(error, "--on-loss: block or panic, not \"%s\"", c->on_loss);
    return check_timeout(c, error);
}

gboolean
driver_config_uuid(const struct driver_config *c, guint8 ret[static 16], GError **error)
{
    if (uuid_parse(c->id, ret, error))
        return TRUE;
    g_prefix_error(error, "--id: ");
    return FALSE;
}

/* The control socket of the swtpm TCTI is found by a rule, so it can be derived by it. */
static gboolean
sockets_parse(const struct driver_config *c, struct driver_setup *s, GError **error)
{
    if (!c->server)
        return TRUE;
    if (!program_socket_parse("--server", c->server, &s->data, error))
        return FALSE;
    if (c->ctrl)
        return program_socket_parse("--ctrl", c->ctrl, &s->control, error);
    s->control = s->data;
    s->control.path = s->data.path ? g_strconcat(s->data.path, ".ctrl", NULL) : NULL;
    s->control.host = g_strdup(s->data.host);
    s->control.port = s->data.port + 1;
    if (s->control.kind == LINK_TCP && s->control.port > 65535)
        return error_malformed(error, "--server: no port is left for the control channel");
    return TRUE;
}

/* Roots that the policy names by file bring their certificates with them. */
static gboolean
chain_load(struct driver_setup *s, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();

    for (guint i = 0; i < s->policy->roots->len; i++) {
        const struct policy_root *root = s->policy->roots->pdata[i];
        g_autoptr(GBytes) file = NULL;
        gsize len = 0;
        const guint8 *data;

        if (root->kind != POLICY_ROOT_FILE)
            continue;
        file = io_read_file(root->name, CERTIFICATES_MAX, error);
        if (!file)
            return FALSE;
        data = g_bytes_get_data(file, &len);
        g_byte_array_append(all, data, (guint)len);
    }
    if (all->len > 0)
        s->attach.chain = g_byte_array_free_to_bytes(g_steal_pointer(&all));
    return TRUE;
}

static gboolean
policy_load(const struct driver_config *c, struct driver_setup *s, GError **error)
{
    g_autoptr(GBytes) file = io_read_file(c->policy, KEYFILE_MAX, error);
    gsize len = 0;
    const char *text;

    if (!file)
        return FALSE;
    text = g_bytes_get_data(file, &len);
    s->policy = policy_parse(text, len, POLICY_DRIVER, error);
    if (!s->policy) {
        g_prefix_error(error, "%s: ", c->policy);
        return FALSE;
    }
    return chain_load(s, error);
}

static gboolean
psk_load(const struct driver_config *c, struct driver_setup *s, GError **error)
{
    gboolean given = c->psk_file || c->psk_fd >= 0;

    if (s->policy->psk == POLICY_PSK_BOOTSTRAP) {
        if (given)
            return error_malformed(error, "--psk-file, --psk-fd: the policy says psk = bootstrap, "
                                   "which uses no secret");
        return TRUE;
    }
    if (!given)
        return error_malformed(error, "--psk-file: the policy says psk = secret");
    s->psk = c->psk_file ? secret_read_file(c->psk_file, PSK_SIZE, PSK_SIZE, error)
                         : secret_read_fd(c->psk_fd, PSK_SIZE, PSK_SIZE, error);
    if (s->psk && secret_is_zero(s->psk))
        return error_denied(error, "a secret of zeroes is none");
    return s->psk != NULL;
}

static gboolean
setup_fill(const struct driver_config *c, struct driver_setup *s, GError **error)
{
    if (!link_address_parse(c->link, &s->link, error)) {
        g_prefix_error(error, "--link: ");
        return FALSE;
    }
    if (!driver_config_uuid(c, s->attach.uuid, error) || !sockets_parse(c, s, error)
        || !policy_load(c, s, error) || !psk_load(c, s, error))
        return FALSE;
    s->provider = provider_open(c->platform ? c->platform : "auto", error);
    if (!s->provider)
        return FALSE;
    s->on_loss = g_strcmp0(c->on_loss, "panic") == 0 ? DRIVER_LOSS_PANIC : DRIVER_LOSS_BLOCK;
    s->attach.policy = s->policy;
    s->attach.psk = s->psk;
    s->attach.provider = s->provider;
    s->attach.burn = !c->keep_evidence;
    s->attach.software = SOFTWARE;
    return TRUE;
}

gboolean
driver_setup_load(const struct driver_config *c, struct driver_setup *ret, GError **error)
{
    struct driver_setup s = { .link.fd = -1 };

    if (!setup_fill(c, &s, error)) {
        driver_setup_clear(&s);
        return FALSE;
    }
    *ret = s;
    return TRUE;
}

void
driver_setup_clear(struct driver_setup *s)
{
    link_address_clear(&s->link);
    link_address_clear(&s->data);
    link_address_clear(&s->control);
    g_clear_pointer(&s->policy, policy_free);
    g_clear_pointer(&s->psk, secret_free);
    g_clear_pointer(&s->provider, provider_free);
    g_clear_pointer(&s->attach.chain, g_bytes_unref);
}
