/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_open - the command line read to its end, and what it names opened.
 */
#include "config.h"

#include "swtpm/run_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "swtpm/chardev.h"
#include "swtpm/store/codec.h"
#include "swtpm/store/open.h"

/* ---- reading the command line to its end ---- */

static gboolean
parse_lists(struct app *a, GError **error)
{
    const struct swtpm_config *c = a->config;

    return (c->log == NULL || log_options_parse(c->log, &a->log, error)) &&
           (c->pid == NULL || pid_options_parse(c->pid, &a->pid, error)) &&
           (c->locality == NULL || locality_options_parse(c->locality, &a->locality, error)) &&
           (c->flags == NULL || flag_options_parse(c->flags, &a->flags, error)) &&
           (c->migration == NULL ||
            migration_options_parse(c->migration, &a->migration, error)) &&
           (c->server == NULL || server_options_parse(c->server, &a->server, error)) &&
           (c->ctrl == NULL || ctrl_options_parse(c->ctrl, &a->ctrl, error)) &&
           (c->pcap == NULL || pcap_options_parse(c->pcap, &a->pcap, error)) &&
           (c->seccomp == NULL ||
            (a->seccomp = seccomp_options_parse(c->seccomp, error)) != NULL);
}

static gboolean
check_lists(struct app *a, GError **error)
{
    if (a->flags.startup_deactivated && a->config->tpm2)
        return error_malformed(error, "--flags: startup-deactivated is not available for TPM 2");
    if (a->flags.startup_clear || a->flags.startup_state || a->flags.startup_deactivated ||
        a->config->vtpm_proxy)
        a->flags.not_need_init = TRUE;
    if (a->config->vtpm_proxy) {
        a->flags.startup_clear = !a->flags.startup_state;
        a->locality.allow_set_locality = TRUE;
    }
    if (a->config->profile != NULL)
        return error_denied(error, "--profile: this needs libtpms 0.10; this is %u.%u.%u",
                            engine_libtpms_version() >> 16, (engine_libtpms_version() >> 8) & 0xff,
                            engine_libtpms_version() & 0xff);
    return TRUE;
}

gboolean
app_read_options(struct app *a, GError **error)
{
    return parse_lists(a, error) && check_lists(a, error);
}

/* ---- log ---- */

/* Level 1 of swtpm is our errors and messages; each further level shows more. */
gboolean
app_open_log(struct app *a, GError **error)
{
    const gboolean silent = a->log.file == NULL && a->log.fd < 0;
    const struct log_config config = {
        .file = a->log.file,
        .fd = a->log.fd,
        .level = a->log.level > 0 ? a->log.level + 1 : 0,
        .prefix = a->log.prefix != NULL ? a->log.prefix : silent ? "swtpm: " : NULL,
        .truncate = a->log.truncate,
    };

    if (a->log.file == NULL && a->log.fd >= 0 && fcntl(a->log.fd, F_GETFD) < 0)
        return error_errno(error, errno, "--log: Bad filedescriptor %d", a->log.fd);
    a->logger = log_open(&config, error);
    return a->logger != NULL;
}

/* ---- sockets ---- */

static gboolean
open_server(struct app *a, GError **error)
{
    const struct swtpm_config *c = a->config;
    gint64 port;

    if (c->fd >= 0) {
        if (!sockets_fd_ok(c->fd, "--fd", error))
            return FALSE;
        a->server_sockets.client_fd = c->fd;
        return TRUE;
    }
    if (c->interface == SWTPM_CHARDEV) {
        a->server_sockets.client_fd = chardev_open(c, error);
        return a->server_sockets.client_fd >= 0;
    }
    if (c->port >= 0) {
        const struct channel_options tcp = { .port = c->port, .fd = -1, .clientfd = -1 };

        a->server.disconnect = TRUE;
        return sockets_open(&tcp, "--port", &a->server_sockets, error);
    }
    if (c->server == NULL)
        return TRUE;
    if (a->server.port < 0 && c->tpm_port != NULL &&
        g_ascii_string_to_signed(c->tpm_port, 10, 0, G_MAXINT, &port, NULL))
        a->server.port = (int)port;
    return sockets_open(&a->server, "--server", &a->server_sockets, error);
}

gboolean
app_open_sockets(struct app *a, GError **error)
{
    if (!open_server(a, error))
        return FALSE;
    return a->config->ctrl == NULL || sockets_open(&a->ctrl, "--ctrl", &a->ctrl_sockets, error);
}

/* ---- state ---- */

static void
on_notice(const char *what)
{
    g_warning("%s", what);
}

gboolean
app_open_plain_store(struct app *a, GError **error)
{
    const struct swtpm_config *c = a->config;
    struct store_config store = STORE_CONFIG_INIT;
    StateKey *key = NULL;
    gboolean ok = TRUE;

    store.notice = on_notice;
    if (c->key != NULL)
        ok = (key = feature_cipher("key", c->key, error)) != NULL;
    if (ok && c->migration_key != NULL)
        ok = (a->migration_key = feature_cipher("migration-key", c->migration_key, error)) != NULL;
    if (ok && c->tpmstate != NULL)
        ok = suboptions_parse(store_rows, "--tpmstate", c->tpmstate, &store, error) &&
             (store.dir != NULL || store.backend_uri != NULL ||
              error_malformed(error, "The dir or backend-uri parameters is required for the "
                              "tpmstate option."));
    else
        store.dir = g_strdup(c->tpm_path);
    if (ok)
        a->store = store_open(&store, c->tpm2, key, error);
    if (a->store == NULL)
        state_key_free(key);
    options_clear(store_rows, &store);
    return a->store != NULL;
}

gboolean
app_open_state(struct app *a, GError **error)
{
    if (a->config->cocotpm == NULL)
        return app_open_plain_store(a, error);
    a->cocotpm = feature_cocotpm()->open(a->config, error);
    return a->cocotpm != NULL;
}

Store *
app_store(struct app *a)
{
    return a->cocotpm != NULL ? feature_cocotpm()->store(a->cocotpm) : a->store;
}

/*
 * Its lines are indented by their level, and come after our four levels. What it says at any
 * level, of a TPM that fails, belongs into the log too.
 */
static void
show_libtpms(struct app *a)
{
    g_autofree char *prefix = g_strconcat(a->log.prefix != NULL ? a->log.prefix : "", "    ", NULL);

    if (log_fd(a->logger) >= 0)
        engine_set_debug(log_fd(a->logger), (guint)MAX(a->log.level - 4, 0), prefix);
}

gboolean
app_open_engine(struct app *a, GError **error)
{
    const struct engine_settings settings = {
        .tpm2 = a->config->tpm2,
        .store = app_store(a),
        .must_exist = a->cocotpm != NULL && !feature_cocotpm()->makes(a->cocotpm),
        .no_volatile = a->cocotpm != NULL,
    };

    a->engine = engine_open(&settings, error);
    if (a->engine == NULL)
        return FALSE;
    if (a->cocotpm == NULL)
        show_libtpms(a);
    a->power = (struct power) {
        .engine = a->engine,
        .store = app_store(a),
        .auto_shutdown = !a->flags.disable_auto_shutdown,
        .incoming = a->migration.incoming,
        .release = a->migration.release_lock_outgoing,
    };
    return TRUE;
}

gboolean
app_open_capture(struct app *a, GError **error)
{
    if (a->config->pcap != NULL)
        a->capture = pcap_open(&a->pcap, error);
    return a->config->pcap == NULL || a->capture != NULL;
}
