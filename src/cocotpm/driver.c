/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-driver - in the confidential VM: attaches to the VM's CoCoTPM and
 * serves it to the programs of the VM.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "base/isolate.h"
#include "cocotpm/driver_ask.h"
#include "cocotpm/driver_check.h"
#include "cocotpm/driver_config.h"
#include "cocotpm/driver_front.h"
#include "cocotpm/driver_ima.h"
#include "cocotpm/driver_link.h"
#include "cocotpm/driver_receipt.h"
#include "cocotpm/driver_vtpm.h"
#include "cocotpm/initrd.h"
#include "cocotpm/resume_file.h"
#include "cocotransport/wire/eventlog.h"
#include "cocotransport/wire/statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define DETACH_SECONDS 30
#define DETACH_LOOK_MS 100
#define NICE (-10)

struct driver {
    struct driver_config config;
    struct driver_setup setup;
    Program *program;
    char *notify;                    /* of the environment */
    DriverSession *session;
    DriverFront *front;
    DriverVtpm *vtpm;
    DriverIma *ima;
    DriverAsk *evidence, *check;
    DriverReceipt *receipt;
    struct driver_link link;
    ResumeFile *resume;
    int data, control;               /* listening */
    gboolean listening;
    guint detaching;                 /* timer, once a signal has come */
    gint64 give_up;
};

static void
stop(gpointer data)
{
    program_stop(((struct driver *)data)->program);
}

/* The session is over: nobody may resume it, and we end. */
static void
stop_detached(gpointer data)
{
    struct driver *d = data;
    g_autoptr(GError) error = NULL;

    if (d->resume && !resume_file_wipe(d->resume, &error))
        g_warning("--resume: %s", error->message);
    stop(d);
}

static void
detached(guint32 result, gpointer data)
{
    (void)result;
    stop_detached(data);
}

/* A CoCoTPM that ends at the same time, or waits for its disk or witness, does not answer. */
static gboolean
still_detaching(gpointer data)
{
    struct driver *d = data;

    if (!driver_session_lost(d->session) && g_get_monotonic_time() < d->give_up)
        return G_SOURCE_CONTINUE;
    g_message("ending without an answer to DETACH");
    d->detaching = 0;
    stop(d);
    return G_SOURCE_REMOVE;
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
    else {
        d->give_up = g_get_monotonic_time() + DETACH_SECONDS * G_USEC_PER_SEC;
        d->detaching = g_timeout_add(DETACH_LOOK_MS, still_detaching, d);
        tpm->ops->shutdown(tpm, detached, d);
    }
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

static void
take_receipt(const Client *client, gpointer data)
{
    struct driver *d = data;

    if (d->receipt)
        driver_receipt_take(d->receipt, client);
}

static void
stale_detached(guint32 result, gpointer data)
{
    (void)result;
    driver_session_fail(((struct driver *)data)->session, "its state was rolled back or forked");
}

/* A receipt does not hold: this is not the TPM that the receipt's owner used. What this one says
 * of its state must not take that receipt's place. */
static void
stale(gpointer data)
{
    struct driver *d = data;
    struct driver_tpm *tpm = driver_session_tpm(d->session);

    g_warning("the CoCoTPM's state is stale or forked, detaching");
    if (d->receipt)
        driver_receipt_stop(d->receipt);
    tpm->ops->shutdown(tpm, stale_detached, d);
}

static void
receipt_checked(enum coco_status status, gpointer data)
{
    if (status == COCO_STALE)
        stale(data);
}

/* The sockets of the VM's own beside those of the TPM. */
static gboolean
open_asks(struct driver *d, GError **error)
{
    const struct driver_ask_config evidence = {
        .path = d->config.evidence,
        .code = COCO_EVIDENCE,
        .least = STATEMENT_NONCE_MIN + 4,
        .most = STATEMENT_NONCE_MAX + 4,
    };
    const struct driver_ask_config check = {
        .path = d->config.check_socket,
        .code = COCO_CHECK_RECEIPT,
        .least = RECEIPT_SIZE,
        .most = RECEIPT_SIZE,
        .answered = receipt_checked,
        .data = d,
    };

    if (evidence.path)
        d->evidence = driver_ask_new(&evidence, error);
    if (evidence.path && !d->evidence)
        return FALSE;
    if (check.path)
        d->check = driver_ask_new(&check, error);
    return !check.path || d->check;
}

static gboolean
open_receipt(struct driver *d, GError **error)
{
    if (!d->config.receipt)
        return TRUE;
    d->receipt = driver_receipt_new(d->config.receipt, d->setup.attach.uuid, error);
    if (!d->receipt)
        return FALSE;
    d->setup.attach.receipt = driver_receipt_known(d->receipt);
    return TRUE;
}

/* The session of an older process (--resume); NULL in @ret when there was none. */
static gboolean
resume(struct driver *d, gint64 deadline, Client **ret, GError **error)
{
    g_autoptr(Client) client = NULL;

    if (!d->config.resume)
        return TRUE;
    d->resume = resume_file_open(d->config.resume, deadline, error);
    if (!d->resume || !resume_file_load(d->resume, &client, error))
        return FALSE;
    if (!client)
        return TRUE;
    client_on_change(client, resume_file_save, d->resume);
    if (!resume_client_take_over(client, &d->setup.attach, driver_link_connect, &d->link, deadline,
                                 error)) {
        g_prefix_error(error, "%s: ", d->config.resume);
        return FALSE;
    }
    g_message("resumed the session of an older process");
    *ret = g_steal_pointer(&client);
    return TRUE;
}

static Client *
attach_new(struct driver *d, gint64 deadline, GError **error)
{
    g_autoptr(Client) client = attach_client_run(&d->setup.attach, driver_link_connect, &d->link,
                                                 deadline, NULL, error);

    if (!client || (d->config.eventlog && !write_eventlog(d->config.eventlog, client, error)))
        return NULL;
    if (d->resume) {
        client_on_change(client, resume_file_save, d->resume);
        if (!resume_file_save(client, d->resume, error))
            return NULL;
    }
    return g_steal_pointer(&client);
}

static gboolean
attach(struct driver *d, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + d->config.timeout * G_USEC_PER_SEC;
    const struct driver_session_config session = {
        .attach = &d->setup.attach,
        .connect = driver_link_connect,
        .connect_data = &d->link,
        .on_loss = d->setup.on_loss,
        .answered = take_receipt,
        .answered_data = d,
    };
    Client *client = NULL;

    if (!resume(d, deadline, &client, error))
        return FALSE;
    if (!client)
        client = attach_new(d, deadline, error);
    /* What it pointed to changes from here on. */
    d->setup.attach.receipt = NULL;
    if (!client)
        return FALSE;
    d->session = driver_session_new(client, &session);
    if (d->receipt) {
        driver_receipt_start(d->receipt, d->session, stale, d);
        driver_receipt_take(d->receipt, client);
    }
    if (d->evidence)
        driver_ask_start(d->evidence, d->session);
    if (d->check)
        driver_ask_start(d->check, d->session);
    return TRUE;
}

static gboolean
serve(struct driver *d, GError **error)
{
    if (!d->config.server)
        return TRUE;
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

/* Programs that run unmeasured from here on must not find a TPM that vouches for the others. */
static void
ima_failed(const char *why, gpointer data)
{
    g_autofree char *words = g_strdup_printf("--ima: %s", why);

    driver_session_fail(((struct driver *)data)->session, words);
}

static gboolean
place_there(const char *option, const char *path, int mode, GError **error)
{
    return access(path, mode) == 0 || error_errno(error, errno, "--%s: %s", option, path);
}

/* Asked before the one attach that a launch has: it is not to be spent on a name that is wrong. */
static gboolean
places_there(const struct driver_config *c, GError **error)
{
    const char *list = c->ima && c->ima[0] ? c->ima : IMA_LIST;
    g_autofree char *folder = c->eventlog ? g_path_get_dirname(c->eventlog) : NULL;

    return (!c->ima || place_there("ima", list, R_OK, error)) &&
           (!folder || place_there("eventlog", folder, W_OK, error)) &&
           (!c->vtpm_proxy || driver_vtpm_there(error));
}

static void
vtpm_ready(gpointer data)
{
    struct driver *d = data;
    g_autoptr(GError) error = NULL;

    if (program_ready(d->program, &error))
        return;
    g_warning("%s", error->message);
    stop(d);
}

static const struct driver_vtpm_events vtpm_events = { vtpm_ready, stop };

/* The TPM is there for programs when this returns, or, as a kernel device, when the kernel has
 * made one of it. What IMA has measured comes before what they ask for. */
static gboolean
offer(struct driver *d, GError **error)
{
    struct driver_tpm *tpm = driver_session_tpm(d->session);

    if (d->config.ima) {
        d->ima = driver_ima_new(d->config.ima[0] ? d->config.ima : IMA_LIST, tpm, ima_failed, d,
                                error);
        if (!d->ima)
            return FALSE;
    }
    if (d->listening) {
        d->front = driver_front_new(d->data, d->control, tpm, stop_detached, d);
        d->data = d->control = -1;
    }
    if (!d->config.vtpm_proxy)
        return program_ready(d->program, error);
    d->vtpm = driver_vtpm_new(tpm, &vtpm_events, d, error);
    return d->vtpm != NULL;
}

/* FALSE: a thread still uses what should be freed. */
static gboolean
driver_clear(struct driver *d)
{
    g_clear_handle_id(&d->detaching, g_source_remove);
    io_close(&d->data);
    io_close(&d->control);
    if (d->listening) {
        remove_socket(&d->setup.data);
        remove_socket(&d->setup.control);
    }
    g_clear_pointer(&d->ima, driver_ima_free);
    g_clear_pointer(&d->vtpm, driver_vtpm_free);
    g_clear_pointer(&d->front, driver_front_free);
    g_clear_pointer(&d->evidence, driver_ask_free);
    g_clear_pointer(&d->check, driver_ask_free);
    g_clear_pointer(&d->receipt, driver_receipt_free);
    g_clear_pointer(&d->program, program_free);
    g_clear_pointer(&d->notify, g_free);
    if (!driver_session_free(d->session))
        return FALSE;
    driver_link_close(&d->link);
    resume_file_free(d->resume);
    driver_setup_clear(&d->setup);
    options_clear(driver_rows, &d->config);
    return TRUE;
}

static gboolean
check_receipt(const struct driver_config *c, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + c->timeout * G_USEC_PER_SEC;
    guint8 uuid[16];

    return driver_config_uuid(c, uuid, error) &&
           driver_check_run(c->check_receipt, c->check_socket, uuid, deadline, error);
}

/* Who uses the TPM sleeps until we have answered, so nobody has to wait for us to get our turn. As
 * far as we may: without the right to it, we are as others are. */
static void
run_ahead(void)
{
    (void)setpriority(PRIO_PROCESS, 0, NICE);
}

static gboolean
driver_main(struct driver *d, int argc, char **argv, GError **error)
{
    if (!isolate_descriptors(error) || !isolate_memory(error))
        return FALSE;
    driver_config_init(&d->config);
    d->program = program_start("cocotpm-driver", "--link ADDRESS --policy FILE --id UUID "
                               "--server type=unixio,path=P [options]", driver_rows, argc, argv,
                               &d->config.program, error);
    if (!d->program || !driver_config_check(&d->config, error))
        return FALSE;
    d->notify = g_strdup(getenv("NOTIFY_SOCKET"));
    program_notify(d->program, d->notify);
    isolate_environment();
    if (d->config.check_receipt)
        return check_receipt(&d->config, error);
    run_ahead();
    initrd_stay(argv);
    if (!driver_setup_load(&d->config, &d->setup, error)
        || !driver_link_open(&d->link, &d->setup.link, d->config.other_tpm, error)
        || !open_receipt(d, error) || !places_there(&d->config, error) || !serve(d, error)
        || !open_asks(d, error) || !attach(d, error) || !offer(d, error))
        return FALSE;
    program_on_signal(d->program, on_signal, d);
    program_run(d->program);
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
