/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/daemon.h"
#include "base/error.h"
#include "base/io.h"
#include "base/isolate.h"
#include "swtpm/print.h"
#include "swtpm/run_private.h"
#include "swtpm/sandbox.h"
#include "swtpm/settle.h"
#include "swtpm/store/codec.h"

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

static gboolean
catch_signals(struct app *a, GError **error)
{
    if (!daemon_signals(&a->signal_fd, error))
        return FALSE;
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

    if (!a->server.disconnect)
        g_message("Data client disconnected");
    if (a->config->terminate || a->connected)
        end(a);
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

static void
on_capture_failed(gpointer user)
{
    (void)user;
    g_warning("The capture file could not be written; it ends here");
}

/* On the TPM thread. The length only, as with control commands. */
static void
on_traffic(gpointer user, gboolean answer, const guint8 *bytes, gsize len)
{
    struct app *a = user;

    if (a->log.level >= 2)
        g_message(" SWTPM_IO_%s: length %zu", answer ? "Write" : "Read", len);
    if (a->capture != NULL && !pcap_message(a->capture, answer, bytes, len, NULL)) {
        g_clear_pointer(&a->capture, pcap_close);
        server_notify(on_capture_failed, a);
    }
}

/* ---- start ---- */

static gboolean
power_up(struct app *a, GError **error)
{
    g_autoptr(GError) why = NULL;
    guint32 rc = 0;

    if (!power_on(&a->power, FALSE, &why)) {
        g_warning("%s", why->message);
        return error_system(error, "Error: Could not initialize libtpms.");
    }
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
    a->dispatch.trace = a->capture != NULL || a->log.level >= 2 ? on_traffic : NULL;
    a->dispatch.trace_data = a;
    a->data = data_new(&data, &a->dispatch);
    server_set_data(a->tpm, a->data);
    with_data.data = a->data;
    a->connected = a->server_sockets.client_fd >= 0;
    if (a->config->ctrl != NULL)
        a->control = ctrl_new(&with_data);
    a->server_sockets.listen_fd = a->server_sockets.client_fd = -1;
    a->ctrl_sockets.listen_fd = a->ctrl_sockets.client_fd = -1;
}

/* Nobody asked for it: where it cannot be, a plain TPM serves without, as 0.7.1 does. */
static gboolean
close_sandbox(const struct app *a, GError **error)
{
    if (a->seccomp != NULL || a->cocotpm != NULL || sandbox_possible())
        return sandbox_close(a->seccomp, error);
    g_warning("There is no seccomp(2) here, and so no sandbox; --seccomp action=kill insists on it");
    return TRUE;
}

static gboolean
start(struct app *a, GError **error)
{
    if (!catch_signals(a, error) || !app_open_engine(a, error))
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
    if (!close_sandbox(a, error))
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
    pcap_close(a->capture);
    g_free(a->pcap.file);
    if (a->cocotpm != NULL)
        feature_cocotpm()->free(a->cocotpm);
    store_free(a->store);
    state_key_free(a->migration_key);
    sockets_close(&a->server_sockets);
    sockets_close(&a->ctrl_sockets);
    channel_options_clear(&a->server);
    channel_options_clear(&a->ctrl);
    if (a->pid_written)
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
        if (c->tpmstate == NULL)
            return error_malformed(error, "Error: --tpmstate option is required for "
                                   "--print-states");
        if (!app_open_plain_store(a, error))
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

gboolean
run_only_prints(const struct swtpm_config *c)
{
    return c->print_capabilities || c->print_states || c->print_profiles || c->print_info != NULL;
}

static gboolean
serve(struct app *a, GError **error)
{
    if (!isolate_root(a->config->chroot, a->config->runas, error) || !app_open_log(a, error) ||
        !app_open_sockets(a, error) || !app_open_state(a, error) || !app_open_capture(a, error))
        return FALSE;
    if (app_store(a) == NULL)
        return TRUE;                       /* --cocotpm provision= did what there was to do */
    if (a->config->daemonize && !daemon_start(&a->ready_fd, error))
        return FALSE;
    if (!pidfile_write(a->pid.file, a->pid.fd, error))
        return FALSE;
    a->pid_written = TRUE;
    if (a->pid.file == NULL)
        a->pid.file = pidfile_path(a->pid.fd);
    a->loop = g_main_loop_new(NULL, FALSE);
    if (!start(a, error)) {
        stop(a);
        return FALSE;
    }
    daemon_notify(a->config->notify_socket, "READY=1");
    daemon_ready(&a->ready_fd);
    settle_later();
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
    ok = app_read_options(a, error) &&
         (config->cocotpm == NULL || feature_cocotpm()->check(config, error)) &&
         (run_only_prints(config) ? print(a, error) : serve(a, error));
    *ret_logs = a->logger != NULL;
    clear(a);
    g_free(a);
    return ok;
}
