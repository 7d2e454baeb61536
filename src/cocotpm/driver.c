/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-driver - in the confidential VM: attaches to the VM's CoCoTPM and
 * serves it to the programs of the VM.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "base/isolate.h"
#include "cocotpm/driver_config.h"
#include "cocotpm/driver_evidence.h"
#include "cocotpm/driver_front.h"
#include "cocotransport/link/tunnel.h"
#include "cocotransport/wire/eventlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct driver {
    struct driver_config config;
    struct driver_setup setup;
    Program *program;
    DriverSession *session;
    DriverFront *front;
    DriverEvidence *evidence;
    gboolean connected;              /* once, at least */
    int data, control;               /* listening */
    gboolean listening;
};

/* Each attempt to attach or to resume takes a link of its own. */
static int
driver_connect(gpointer data, gint64 deadline, GError **error)
{
    struct driver *d = data;

    if (d->setup.link.kind == LINK_FD && d->connected) {
        error_denied(error, "an inherited descriptor is lost for good when it is lost");
        return -1;
    }
    d->connected = TRUE;
    if (d->setup.link.kind == LINK_TUNNEL)
        return tunnel_connect(d->setup.link.path, deadline, error);
    return link_connect(&d->setup.link, deadline, error);
}

static void
stop(gpointer data)
{
    program_stop(((struct driver *)data)->program);
}

static void
detached(guint32 result, gpointer data)
{
    (void)result;
    stop(data);
}

/* A signal: DETACH first, which nobody would answer while the link is lost; a second one, or one
 * then, ends us at once. */
static void
on_signal(gpointer data)
{
    struct driver *d = data;
    struct driver_tpm *tpm = driver_session_tpm(d->session);

    program_on_signal(d->program, stop, d);
    if (driver_session_lost(d->session))
        stop(d);
    else
        tpm->ops->shutdown(tpm, detached, d);
}

static gboolean
write_eventlog(const char *path, const Client *client, GError **error)
{
    gsize len = 0;
    const void *entry = g_bytes_get_data(client_attachment(client)->event, &len);
    g_autoptr(GBytes) log = eventlog_of(entry, len, error);

    if (!log)
        return FALSE;
    entry = g_bytes_get_data(log, &len);
    return io_write_file(path, entry, len, 0644, error);
}

static gboolean
attach(struct driver *d, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + d->config.timeout * G_USEC_PER_SEC;
    const struct driver_session_config session = {
        .attach = &d->setup.attach,
        .connect = driver_connect,
        .connect_data = d,
        .on_loss = d->setup.on_loss,
    };
    Client *client = attach_client_run(&d->setup.attach, driver_connect, d, deadline, NULL, error);

    if (!client)
        return FALSE;
    if (d->config.eventlog && !write_eventlog(d->config.eventlog, client, error)) {
        client_free(client);
        return FALSE;
    }
    d->session = driver_session_new(client, &session);
    if (!d->config.evidence)
        return TRUE;
    d->evidence = driver_evidence_new(d->config.evidence, d->session, error);
    return d->evidence != NULL;
}

static gboolean
serve(struct driver *d, GError **error)
{
    d->data = link_listen(&d->setup.data, error);
    if (d->data < 0)
        return FALSE;
    d->control = link_listen(&d->setup.control, error);
    if (d->control < 0)
        return FALSE;
    d->listening = TRUE;
    return TRUE;
}

static void
remove_socket(const struct link_address *a)
{
    if (a->kind == LINK_UNIX)
        unlink(a->path);
}

static void
driver_run(struct driver *d)
{
    d->front = driver_front_new(d->data, d->control, driver_session_tpm(d->session), stop, d);
    d->data = d->control = -1;
    program_on_signal(d->program, on_signal, d);
    program_run(d->program);
}

/* FALSE: a thread still uses what should be freed. */
static gboolean
driver_clear(struct driver *d)
{
    io_close(&d->data);
    io_close(&d->control);
    if (d->listening) {
        remove_socket(&d->setup.data);
        remove_socket(&d->setup.control);
    }
    g_clear_pointer(&d->front, driver_front_free);
    g_clear_pointer(&d->evidence, driver_evidence_free);
    g_clear_pointer(&d->program, program_free);
    if (!driver_session_free(d->session))
        return FALSE;
    driver_setup_clear(&d->setup);
    options_clear(driver_rows, &d->config);
    return TRUE;
}

static gboolean
driver_main(struct driver *d, int argc, char **argv, GError **error)
{
    if (!isolate_memory(error))
        return FALSE;
    driver_config_init(&d->config);
    d->program = program_start("cocotpm-driver", "--link ADDRESS --policy FILE --id UUID "
                               "--server type=unixio,path=P [options]", driver_rows, argc, argv,
                               &d->config.program, error);
    if (!d->program || !driver_config_check(&d->config, error)
        || !driver_setup_load(&d->config, &d->setup, error) || !serve(d, error)
        || !attach(d, error) || !program_ready(d->program, error))
        return FALSE;
    driver_run(d);
    return TRUE;
}

int
main(int argc, char **argv)
{
    struct driver d = { .data = -1, .control = -1, .setup.link.fd = -1 };
    g_autoptr(GError) error = NULL;
    gboolean good = driver_main(&d, argc, argv, &error);

    if (!good)
        fprintf(stderr, "cocotpm-driver: %s\n", error->message);
    if (!driver_clear(&d))
        _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
