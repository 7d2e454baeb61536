/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_session - one session, requests in a queue, one in hand.
 *
 *     UP --- link lost ---> RESUMING --- resumed ---> UP
 *      |                        `--- refused ---> FAILED
 *      `--- DETACH answered ---> FAILED
 *
 * While RESUMING the client belongs to the worker thread. Requests are not
 * looked at then; the one in hand stays in hand. FAILED answers everything.
 */
#include "config.h"

#include "cocotpm/driver_session.h"

#include "cocotpm/driver_request.h"

#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/watch.h"

#include <fcntl.h>

/* One attempt to resume, and the pause before the next one. */
#define ATTEMPT_SECONDS 10
#define PAUSE_MS_FIRST 50
#define PAUSE_MS_LAST 2000

/* Lines about a link that was lost, at once; then one a second. */
#define LINES_AT_ONCE 60

/* Steps in a row. */
#define TURNS_MAX 8

enum state { UP, RESUMING, FAILED };

struct DriverSession {
    struct driver_tpm tpm;           /* first */
    struct driver_session_config config;
    Client *client;
    enum state state;
    GQueue requests;                 /* the first is in hand when @sent */
    gboolean sent;
    gboolean cancel;                 /* to be sent as soon as there is a link */
    gboolean pumping;
    guint kick;
    guint watch;                     /* on the link, for @watched, as long as there is one */
    GIOCondition watched;
    gboolean readable;               /* the client may have something for us */
    guint failing;                   /* idle source that answers while FAILED */
    gboolean thread;                 /* a worker runs */
    guint pause_ms;
    guint refusals;                  /* in a row */
    guint pause;
    gboolean unanswered;             /* the link was opened anew, and no answer came by it yet */
    struct log_limit lines;
    gboolean told;                   /* in the log, that the link is lost */
};

static void pump(DriverSession *s);
static gboolean kicked(gpointer data);
static void resume_start(DriverSession *s);

/* ---- what comes back ---- */

static void
answered(DriverSession *s, const guint8 *message, gsize len)
{
    DriverRequest *r = g_queue_pop_head(&s->requests);

    s->sent = FALSE;
    s->cancel = FALSE;
    s->pause_ms = PAUSE_MS_FIRST;
    s->unanswered = FALSE;
    if (s->config.answered)
        s->config.answered(s->client, s->config.answered_data);
    if (driver_request_detaches(r))
        s->state = FAILED;
    if (!driver_request_answer(r, message, len)) {
        driver_request_fail(r);
        driver_session_fail(s, "an answer that answers nothing");
    }
    driver_request_free(r);
}

/* ---- the end ---- */

static gboolean
fail_requests(gpointer data)
{
    DriverSession *s = data;
    DriverRequest *r = g_queue_pop_head(&s->requests);

    if (!r) {
        s->failing = 0;
        return G_SOURCE_REMOVE;
    }
    s->sent = FALSE;
    driver_request_fail(r);
    driver_request_free(r);
    return G_SOURCE_CONTINUE;
}

static void
failed(DriverSession *s)
{
    s->state = FAILED;
    g_clear_handle_id(&s->watch, g_source_remove);
    if (!s->failing && !g_queue_is_empty(&s->requests))
        s->failing = g_idle_add(fail_requests, s);
}

/* Software that goes on with a TPM that fails may go on unmeasured: so stop it all. */
static void
kernel_panic(void)
{
    g_auto(AutoFd) fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
    g_autoptr(GError) error = NULL;

    if (fd < 0 || !io_write_full(fd, "c", 1, &error))
        g_warning("--on-loss panic: /proc/sysrq-trigger cannot be written");
}

void
driver_session_fail(DriverSession *s, const char *why)
{
    g_warning("the TPM is lost: %s", why);
    failed(s);
    if (s->config.on_loss == DRIVER_LOSS_PANIC)
        kernel_panic();
}

/* ---- resuming, in a thread ---- */

struct attempt {
    DriverSession *session;
    gboolean resumed;
    GError *error;
};

static gboolean
attempt_again(gpointer data)
{
    DriverSession *s = data;

    s->pause = 0;
    resume_start(s);
    return G_SOURCE_REMOVE;
}

static void
pause_resuming(DriverSession *s)
{
    s->pause_ms = MIN(s->pause_ms * 2, PAUSE_MS_LAST);
    s->pause = g_timeout_add(s->pause_ms, attempt_again, s);
}

static void
resumed(DriverSession *s)
{
    if (s->told)
        g_message("the link to the CoCoTPM is back");
    s->state = UP;
    s->unanswered = TRUE;
    s->refusals = 0;
    s->readable = TRUE;
    pump(s);
}

static gboolean
attempt_done(gpointer data)
{
    struct attempt *a = data;
    DriverSession *s = a->session;

    s->thread = FALSE;
    if (s->state == FAILED) {
        /* Given up meanwhile. */
    } else if (a->resumed) {
        resumed(s);
    } else if (g_error_matches(a->error, COCO_ERROR, COCO_ERROR_SYSTEM)
               || ++s->refusals < RESUME_REFUSALS_MAX) {
        g_info("resuming: %s", a->error->message);
        pause_resuming(s);
    } else {
        driver_session_fail(s, a->error ? a->error->message : "resuming was refused");
    }
    g_clear_error(&a->error);
    g_free(a);
    return G_SOURCE_REMOVE;
}

static gpointer
attempt_run(gpointer data)
{
    struct attempt *a = data;
    DriverSession *s = a->session;
    gint64 deadline = g_get_monotonic_time() + ATTEMPT_SECONDS * G_USEC_PER_SEC;

    a->resumed = resume_client_run(s->client, s->config.attach, s->config.connect,
                                   s->config.connect_data, deadline, &a->error);
    g_idle_add(attempt_done, a);
    return NULL;
}

static void
resume_start(DriverSession *s)
{
    struct attempt *a = g_new0(struct attempt, 1);
    g_autoptr(GError) error = NULL;

    a->session = s;
    s->thread = thread_start("resume", attempt_run, a, &error);
    if (s->thread)
        return;
    /* No memory or no room for a process, which will pass; ending would end the TPM's session. */
    g_info("resuming: %s", error->message);
    g_free(a);
    pause_resuming(s);
}

static void
tell_lost(DriverSession *s, const char *why)
{
    guint dropped = 0;

    s->told = log_limit_burst(&s->lines, 1, LINES_AT_ONCE, &dropped);
    if (dropped > 0)
        g_message("that it was lost and came back was left out %u times", dropped);
    if (s->told)
        g_message("the link to the CoCoTPM is lost%s%s", why ? ": " : "", why ? why : "");
}

/* Whoever cuts each link before it has carried an answer would have us do nothing but open them. */
static void
link_lost(DriverSession *s, const char *why)
{
    tell_lost(s, why);
    s->state = RESUMING;
    g_clear_handle_id(&s->watch, g_source_remove);
    if (s->unanswered)
        pause_resuming(s);
    else
        resume_start(s);
}

/* ---- sending and receiving ---- */

/* What is due to be sent. Calls nobody back, so that requests may come with it. */
static enum tls_result
send_due(DriverSession *s, GError **error)
{
    DriverRequest *r = g_queue_peek_head(&s->requests);
    enum tls_result result = TLS_DONE;

    if (r && !s->sent) {
        s->sent = TRUE;
        result = driver_request_send(r, s->client, error);
    }
    if (result == TLS_DONE && s->cancel && s->sent) {
        s->cancel = FALSE;
        result = client_cancel(s->client, error);
    }
    return result;
}

/* TRUE: look again; FALSE: nothing to be done until the descriptor says so, or the link is lost. */
static gboolean
step(DriverSession *s)
{
    guint8 message[COCO_MESSAGE_MAX];
    gsize len = 0;
    g_autoptr(GError) error = NULL;
    enum tls_result result = send_due(s, &error);

    s->readable = s->readable || client_pending(s->client);
    if (result == TLS_DONE && !s->readable)
        return FALSE;
    if (result == TLS_DONE)
        result = client_receive(s->client, message, &len, &error);
    s->readable = client_pending(s->client);

    if (result == TLS_DONE && s->sent)
        answered(s, message, len);
    else if (result == TLS_DONE)
        driver_session_fail(s, "an answer to nothing");
    else if (result != TLS_AGAIN)
        link_lost(s, error ? error->message : NULL);
    gnutls_memset(message, 0, len);
    return result == TLS_DONE && s->state == UP;
}

static gboolean
link_ready(int fd, GIOCondition condition, gpointer data)
{
    DriverSession *s = data;

    (void)fd;
    (void)condition;
    s->readable = TRUE;
    pump(s);
    return G_SOURCE_CONTINUE;
}

/* Stays from one command to the next: a source that comes and goes wakes the main loop each time. */
static void
watch_link(DriverSession *s)
{
    const GIOCondition wanted = (GIOCondition)client_events(s->client) | G_IO_HUP | G_IO_ERR;

    if (s->watch && s->watched == wanted)
        return;
    g_clear_handle_id(&s->watch, g_source_remove);
    s->watched = wanted;
    s->watch = watch_fd(client_fd(s->client), wanted, link_ready, s);
}

/* Answers call back, and what is called back may ask for more, whose answer may be there at once:
 * others have their turn between. */
static void
pump(DriverSession *s)
{
    guint left = TURNS_MAX;

    s->pumping = TRUE;
    while (s->state == UP && left > 0 && step(s))
        left--;
    s->pumping = FALSE;
    if (s->state == FAILED)
        failed(s);
    if (s->state == UP && left > 0)
        watch_link(s);
    else if (s->state == UP && !s->kick)
        s->kick = g_idle_add_full(G_PRIORITY_DEFAULT, kicked, s, NULL);
}

static gboolean
kicked(gpointer data)
{
    DriverSession *s = data;

    s->kick = 0;
    pump(s);
    return G_SOURCE_REMOVE;
}

/* Something is to be sent, or answered as the session has failed. */
static void
kick(DriverSession *s)
{
    g_autoptr(GError) error = NULL;
    enum tls_result result;

    if (s->pumping || s->kick || s->state == RESUMING)
        return;
    if (s->state == FAILED) {
        s->kick = g_idle_add_full(G_PRIORITY_HIGH, kicked, s, NULL);
        return;
    }
    result = send_due(s, &error);
    s->readable = s->readable || client_pending(s->client);
    if (result != TLS_DONE && result != TLS_AGAIN)
        link_lost(s, error ? error->message : NULL);
    else if (s->readable)
        pump(s);
    else
        watch_link(s);
}

/* ---- requests ---- */

/* Its answer may be there before this returns. */
static void
request(DriverSession *s, DriverRequest *r)
{
    g_queue_push_tail(&s->requests, r);
    kick(s);
}

static void
session_command(struct driver_tpm *tpm, const guint8 *command, gsize len, driver_answer done,
                gpointer data)
{
    request((DriverSession *)tpm, driver_request_command(command, len, done, data));
}

static void
session_locality(struct driver_tpm *tpm, guint8 locality, driver_result done, gpointer data)
{
    request((DriverSession *)tpm, driver_request_locality(locality, done, data));
}

static void
session_shutdown(struct driver_tpm *tpm, driver_result done, gpointer data)
{
    request((DriverSession *)tpm, driver_request_detach(done, data));
}

static void
session_cancel(struct driver_tpm *tpm)
{
    DriverSession *s = (DriverSession *)tpm;

    if (!s->sent)
        return;
    s->cancel = TRUE;
    kick(s);
}

void
driver_session_request(DriverSession *s, enum coco_command code, const guint8 *body, gsize len,
                       driver_status done, gpointer data)
{
    request(s, driver_request_status(code, body, len, done, data));
}

static const struct driver_tpm_ops session_ops = {
    session_command, session_locality, session_shutdown, session_cancel,
};

DriverSession *
driver_session_new(Client *client, const struct driver_session_config *config)
{
    DriverSession *s = g_new0(DriverSession, 1);

    s->tpm.ops = &session_ops;
    s->config = *config;
    s->client = client;
    s->pause_ms = PAUSE_MS_FIRST;
    g_queue_init(&s->requests);
    s->readable = TRUE;
    s->kick = g_idle_add_full(G_PRIORITY_HIGH, kicked, s, NULL);
    return s;
}

struct driver_tpm *
driver_session_tpm(DriverSession *s)
{
    return &s->tpm;
}

gboolean
driver_session_lost(const DriverSession *s)
{
    return s->state == RESUMING;
}

gboolean
driver_session_free(DriverSession *s)
{
    if (!s)
        return TRUE;
    if (s->thread)
        return FALSE;
    g_clear_handle_id(&s->watch, g_source_remove);
    g_clear_handle_id(&s->kick, g_source_remove);
    g_clear_handle_id(&s->failing, g_source_remove);
    g_clear_handle_id(&s->pause, g_source_remove);
    g_queue_clear_full(&s->requests, driver_request_free);
    client_free(s->client);
    g_free(s);
    return TRUE;
}
