/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/daemon.h"
#include "base/error.h"
#include "base/io.h"
#include "base/isolate.h"
#include "base/log.h"
#include "swtpm/chardev.h"
#include "swtpm/ctrl.h"
#include "swtpm/data.h"
#include "swtpm/features.h"
#include "swtpm/options.h"
#include "swtpm/print.h"
#include "swtpm/sandbox.h"
#include "swtpm/sockets.h"
#include "swtpm/store/codec.h"
#include "swtpm/store/open.h"

struct app {
    const struct swtpm_config *config;
    struct log_options log;
    struct file_options pid;
    struct locality_options locality;
    struct flag_options flags;
    struct migration_options migration;
    struct channel_options server, ctrl;
    char *seccomp;

    struct sockets server_sockets, ctrl_sockets;
    StateKey *migration_key;
    Store *store;            /* NULL with --cocotpm, whose is not ours */
    Cocotpm *cocotpm;
    Engine *engine;
    Server *tpm;
    Data *data;
    Ctrl *control;
    struct power power;
    struct dispatch dispatch;

    GMainLoop *loop;
    int ready_fd;
    int signal_fd;
    gboolean logs;
    gboolean ctrl_shutdown;  /* CMD_SHUTDOWN was what ended us */
    gboolean failed;         /* something else than an end that was asked for */
};

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
    if (a->config->interface == SWTPM_CUSE)
        return error_system(error, "cuse: this build has no CUSE interface");
    if (a->config->pcap != NULL)
        return error_system(error, "--pcap: this build writes no captures");
    if (a->config->profile != NULL)
        return error_denied(error, "--profile: this needs libtpms 0.10; this is %u.%u.%u",
                            engine_libtpms_version() >> 16, (engine_libtpms_version() >> 8) & 0xff,
                            engine_libtpms_version() & 0xff);
    return TRUE;
}

/* Level 1 of swtpm is our errors and messages; each further level shows more. */
static gboolean
open_log(struct app *a, GError **error)
{
    const gboolean silent = a->log.file == NULL && a->log.fd < 0;
    const struct log_config config = {
        .file = a->log.file,
        .fd = a->log.fd,
        .level = a->log.level > 0 ? a->log.level + 1 : 0,
        .prefix = a->log.prefix != NULL ? a->log.prefix : silent ? "swtpm: " : NULL,
        .truncate = a->log.truncate,
    };

    a->logs = log_open(&config, error) != NULL;
    return a->logs;
}

/* ---- sockets ---- */

static gboolean
open_server(struct app *a, GError **error)
{
    const struct swtpm_config *c = a->config;

    if (c->fd >= 0) {
        a->server_sockets.client_fd = c->fd;
        return sockets_fd_ok(c->fd, "--fd", error);
    }
    if (c->interface == SWTPM_CHARDEV) {
        a->server_sockets.client_fd = chardev_open(c, error);
        return a->server_sockets.client_fd >= 0;
    }
    if (c->port != 0) {
        a->server.port = c->port;
        a->server.disconnect = TRUE;
        return sockets_open(&a->server, "--port", &a->server_sockets, error);
    }
    if (c->server == NULL)
        return TRUE;
    if (a->server.port == 0 && c->tpm_port != NULL)
        a->server.port = atoi(c->tpm_port);
    return sockets_open(&a->server, "--server", &a->server_sockets, error);
}

static gboolean
open_sockets(struct app *a, GError **error)
{
    if (!open_server(a, error))
        return FALSE;
    return a->config->ctrl == NULL || sockets_open(&a->ctrl, "--ctrl", &a->ctrl_sockets, error);
}

/* ---- state ---- */

static gboolean
open_plain_store(struct app *a, GError **error)
{
    const struct swtpm_config *c = a->config;
    struct store_config store = STORE_CONFIG_INIT;
    StateKey *key = NULL;
    gboolean ok = TRUE;

    if (c->key != NULL)
        ok = (key = feature_cipher("key", c->key, error)) != NULL;
    if (ok && c->migration_key != NULL)
        ok = (a->migration_key = feature_cipher("migration-key", c->migration_key, error)) != NULL;
    if (ok && c->tpmstate != NULL)
        ok = suboptions_parse(store_rows, "--tpmstate", c->tpmstate, &store, error);
    else
        store.dir = g_strdup(c->tpm_path);
    if (ok)
        a->store = store_open(&store, c->tpm2, key, error);
    if (a->store == NULL)
        state_key_free(key);
    options_clear(store_rows, &store);
    return a->store != NULL;
}

static gboolean
open_state(struct app *a, GError **error)
{
    if (a->config->cocotpm == NULL)
        return open_plain_store(a, error);
    a->cocotpm = feature_cocotpm()->open(a->config, error);
    return a->cocotpm != NULL;
}

static Store *
store_of(struct app *a)
{
    return a->cocotpm != NULL ? feature_cocotpm()->store(a->cocotpm) : a->store;
}

static gboolean
open_engine(struct app *a, GError **error)
{
    const struct engine_settings settings = {
        .tpm2 = a->config->tpm2,
        .store = store_of(a),
        .must_exist = a->cocotpm != NULL && !feature_cocotpm()->makes(a->cocotpm),
        .no_volatile = a->cocotpm != NULL,
    };

    a->engine = engine_open(&settings, error);
    if (a->engine == NULL)
        return FALSE;
    if (a->cocotpm == NULL && a->log.level >= 5)
        engine_set_debug(a->log.fd >= 0 ? a->log.fd : STDERR_FILENO, (guint)a->log.level - 4,
                         a->log.prefix);
    a->power = (struct power) {
        .engine = a->engine,
        .store = store_of(a),
        .auto_shutdown = !a->flags.disable_auto_shutdown,
        .incoming = a->migration.incoming,
        .release = a->migration.release_lock_outgoing,
    };
    return TRUE;
}

/* ---- what ends us ---- */

static void
end(gpointer user)
{
    struct app *a = user;

    g_main_loop_quit(a->loop);
}

static gboolean
on_signal(gint fd, GIOCondition condition, gpointer user)
{
    struct signalfd_siginfo info;

    (void)condition;
    if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        end(user);
    return G_SOURCE_CONTINUE;
}

/*
 * A descriptor, since GLib's signal sources make a thread of their own, which
 * may not have begun when the sandbox is closed. Before the first thread, so
 * that the signals are blocked in all.
 */
static gboolean
catch_signals(struct app *a, GError **error)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_errno(error, errno, "sigprocmask");
    a->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (a->signal_fd < 0)
        return error_errno(error, errno, "signalfd");
    g_unix_fd_add(a->signal_fd, G_IO_IN, on_signal, a);
    return TRUE;
}

static void
on_ctrl_shutdown(gpointer user)
{
    struct app *a = user;

    a->ctrl_shutdown = TRUE;
    end(a);
}

static void
on_ctrl_lost(gpointer user)
{
    struct app *a = user;

    if (a->ctrl.terminate)
        end(a);
}

/* A descriptor cannot be connected to again; a TCP client ends us where --terminate says so. */
static void
on_data_lost(gpointer user)
{
    struct app *a = user;

    if (a->config->fd >= 0 || a->config->terminate || a->server.fd >= 0 ||
        a->config->interface == SWTPM_CHARDEV) {
        g_message("Data client disconnected");
        end(a);
    }
}

static void
on_lock_lost(gpointer user)
{
    struct app *a = user;

    g_warning("The lock on the state could not be taken back; another process has the TPM now");
    a->failed = TRUE;
    end(a);
}

/* On the TPM thread: the lock may have been let go, or not been taken yet (--migration). */
static void
before_command(gpointer user)
{
    struct app *a = user;
    g_autoptr(GError) error = NULL;

    if (!engine_running(a->engine) || power_lock(&a->power, POWER_LOCK_RETRIES, &error))
        return;
    engine_power_off(a->engine);
    server_notify(on_lock_lost, a);
}

/* ---- start ---- */

static gboolean
power_up(struct app *a, GError **error)
{
    guint32 rc = 0;

    if (!power_on(&a->power, FALSE, error))
        return FALSE;
    if (a->flags.startup_clear)
        rc = engine_startup(a->engine, ENGINE_STARTUP_CLEAR);
    else if (a->flags.startup_state)
        rc = engine_startup(a->engine, ENGINE_STARTUP_STATE);
    else if (a->flags.startup_deactivated)
        rc = engine_startup(a->engine, ENGINE_STARTUP_DEACTIVATED);
    if (rc != 0)
        return error_system(error, "Could not initialize the TPM: Startup says 0x%x", rc);
    return TRUE;
}

static void
open_channels(struct app *a)
{
    const struct data_config data = {
        .listen_fd = a->server_sockets.listen_fd,
        .fd = a->server_sockets.client_fd,
        .disconnect = a->server.disconnect,
        .lost = on_data_lost,
        .user = a,
    };
    const struct ctrl_config ctrl = {
        .server = a->tpm,
        .engine = a->engine,
        .power = &a->power,
        .dispatch = &a->dispatch,
        .key = a->store != NULL ? store_codec_key(a->store) : NULL,
        .migration_key = a->migration_key,
        .listen_fd = a->ctrl_sockets.listen_fd,
        .client_fd = a->ctrl_sockets.client_fd,
        .trace = a->log.level >= 2,
        .shutdown = on_ctrl_shutdown,
        .lost = on_ctrl_lost,
        .user = a,
    };
    struct ctrl_config with_data = ctrl;

    a->dispatch.engine = a->engine;
    a->dispatch.reject_locality_4 = a->locality.reject_locality_4;
    a->dispatch.allow_set_locality = a->locality.allow_set_locality;
    a->dispatch.before = before_command;
    a->dispatch.before_data = a;
    a->data = data_new(&data, &a->dispatch);
    server_set_data(a->tpm, a->data);
    with_data.data = a->data;
    if (a->config->ctrl != NULL)
        a->control = ctrl_new(&with_data);
    a->server_sockets.listen_fd = a->server_sockets.client_fd = -1;
    a->ctrl_sockets.listen_fd = a->ctrl_sockets.client_fd = -1;
}

static gboolean
start(struct app *a, GError **error)
{
    if (!catch_signals(a, error) || !open_engine(a, error))
        return FALSE;
    a->tpm = server_new(a->engine);
    if (a->flags.not_need_init && !power_up(a, error))
        return FALSE;
    open_channels(a);
    if (!server_start(a->tpm, error))
        return FALSE;
    if (a->cocotpm != NULL &&
        !feature_cocotpm()->start(a->cocotpm, a->tpm, a->engine, error))
        return FALSE;
    if (!sandbox_close(a->seccomp, error))
        return FALSE;
    if (a->control != NULL)
        ctrl_start(a->control);
    return TRUE;
}

/* ---- end ---- */

static void
run_off(Engine *engine, gpointer user)
{
    struct app *a = user;

    (void)engine;
    power_off(&a->power);
}

static void
stop(struct app *a)
{
    if (a->cocotpm != NULL)
        feature_cocotpm()->stop(a->cocotpm);
    if (a->tpm != NULL && server_started(a->tpm))
        server_call(a->tpm, run_off, a);
    else if (a->engine != NULL)
        power_off(&a->power);
    server_free(a->tpm);
    ctrl_free(a->control);
    data_free(a->data);
}

static void
clear(struct app *a)
{
    engine_close(a->engine);
    if (a->cocotpm != NULL)
        feature_cocotpm()->free(a->cocotpm);
    store_free(a->store);
    state_key_free(a->migration_key);
    sockets_close(&a->server_sockets);
    sockets_close(&a->ctrl_sockets);
    channel_options_clear(&a->server);
    channel_options_clear(&a->ctrl);
    pidfile_remove(a->pid.file);
    g_free(a->pid.file);
    g_free(a->log.file);
    g_free(a->log.prefix);
    g_free(a->seccomp);
    io_close(&a->ready_fd);
    io_close(&a->signal_fd);
    g_clear_pointer(&a->loop, g_main_loop_unref);
}

/* ---- the whole ---- */

static gboolean
print(struct app *a, GError **error)
{
    const struct swtpm_config *c = a->config;
    g_autofree char *text = NULL;

    if (c->print_states) {
        if (!open_plain_store(a, error))
            return FALSE;
        text = print_states(a->store);
    } else if (c->print_profiles) {
        text = print_profiles();
    } else {
        const struct engine_settings settings = { .tpm2 = c->tpm2 };

        a->engine = engine_open(&settings, error);
        if (a->engine == NULL)
            return FALSE;
        if (c->print_info != NULL && !print_info(a->engine, c->print_info, &text, error))
            return FALSE;
        if (text == NULL)
            text = print_capabilities(c, a->engine);
    }
    fputs(text, stdout);
    return TRUE;
}

static gboolean
prints(const struct swtpm_config *c)
{
    return c->print_capabilities || c->print_states || c->print_profiles || c->print_info != NULL;
}

static gboolean
serve(struct app *a, GError **error)
{
    if (!isolate_root(a->config->chroot, a->config->runas, error) || !open_log(a, error) ||
        !open_sockets(a, error) || !open_state(a, error))
        return FALSE;
    if (store_of(a) == NULL)
        return TRUE;                       /* --cocotpm provision= did what there was to do */
    if (a->config->daemonize && !daemon_start(&a->ready_fd, error))
        return FALSE;
    if (!pidfile_write(a->pid.file, a->pid.fd, error))
        return FALSE;
    a->loop = g_main_loop_new(NULL, FALSE);
    if (!start(a, error)) {
        stop(a);
        return FALSE;
    }
    daemon_notify(a->config->notify_socket, "READY=1");
    daemon_ready(&a->ready_fd);
    g_main_loop_run(a->loop);
    stop(a);
    if (a->ctrl_shutdown && a->cocotpm != NULL &&
        !feature_cocotpm()->finish(a->cocotpm, error))
        return FALSE;
    return !a->failed || error_system(error, "ended for want of the lock on the state");
}

gboolean
run_swtpm(const struct swtpm_config *config, gboolean *ret_logs, GError **error)
{
    struct app *a = g_new0(struct app, 1);
    gboolean ok;

    a->config = config;
    a->ready_fd = a->signal_fd = -1;
    a->log = (struct log_options) { .fd = -1, .level = 1 };
    a->pid.fd = -1;
    a->server.fd = a->server.clientfd = a->ctrl.fd = a->ctrl.clientfd = -1;
    a->server_sockets = a->ctrl_sockets = (struct sockets) { .listen_fd = -1, .client_fd = -1 };
    ok = parse_lists(a, error) && check_lists(a, error) &&
         (config->cocotpm == NULL || feature_cocotpm()->check(config, error)) &&
         (prints(config) ? print(a, error) : serve(a, error));
    *ret_logs = a->logs;
    clear(a);
    g_free(a);
    return ok;
}
