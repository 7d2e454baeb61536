/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libtss2-tcti-cocotpm - the CoCoTPM for programs that use the TCG software
 * stack, without a daemon: the first process attaches, each later one resumes
 * what the one before it left in a file (TCG TSS 2.0 TCTI Specification 1.0).
 *
 *   TPM2TOOLS_TCTI=cocotpm:link=ADDRESS,policy=FILE,id=UUID,resume=FILE[,…]
 *
 * One process has the session at a time, others wait for it. It is suspended, not
 * ended, when a process leaves: with detach, the last one ends it.
 */
#include "config.h"

#include "base/error.h"
#include "cocotpm/driver_config.h"
#include "cocotpm/driver_link.h"
#include "cocotpm/resume_file.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_tcti.h>
#include <unistd.h>

#define TCTI_MAGIC 0x436f436f54504d31u        /* "CoCoTPM1" */
#define ATTEMPT_SECONDS 10

struct tcti_config {
    struct driver_config driver;
    gboolean detach;
};

#define ROW(name, kind, field, help) \
    { name, 0, kind, offsetof(struct tcti_config, field), "", help }

static const struct option_row rows[] = {
    ROW("link", OPTION_STRING, driver.link, "the way to the CoCoTPM"),
    ROW("policy", OPTION_STRING, driver.policy, "what the CoCoTPM has to be"),
    ROW("id", OPTION_STRING, driver.id, "the instance"),
    ROW("resume", OPTION_STRING, driver.resume, "where the session is left, on a tmpfs"),
    ROW("psk-file", OPTION_STRING, driver.psk_file, "the instance's secret"),
    ROW("platform", OPTION_STRING, driver.platform, "where evidence comes from"),
    ROW("other-tpm", OPTION_STRING, driver.other_tpm, "may be there beside the carrier"),
    ROW("keep-evidence", OPTION_FLAG, driver.keep_evidence, "keep the means to make evidence"),
    ROW("timeout", OPTION_UINT, driver.timeout, "seconds for attaching, and for the session"),
    ROW("detach", OPTION_FLAG, detach, "end the session with this process"),
    { 0 }
};

struct tcti {
    TSS2_TCTI_CONTEXT_COMMON_CURRENT common;     /* first */
    struct tcti_config config;
    struct driver_setup setup;
    struct driver_link link;
    ResumeFile *file;
    Client *client;
    gsize answer_len;                            /* 0: not in yet */
    gboolean polled;                             /* somebody has the handle that answers show on */
    pid_t owner;
    guint8 answer[COCO_MESSAGE_MAX];
};

static gboolean
is_ours(TSS2_TCTI_CONTEXT *context)
{
    return context && TSS2_TCTI_MAGIC(context) == TCTI_MAGIC;
}

/*
 * A child that was forked has the keys and the numbers of its parent: what it sealed, its
 * goodbye included, would be sealed under a nonce that the parent uses too, which gives away
 * the key of GCM's tag. It has no TPM by this context.
 */
static struct tcti *
tcti_of(TSS2_TCTI_CONTEXT *context)
{
    struct tcti *t = (struct tcti *)context;

    return is_ours(context) && t->owner == getpid() ? t : NULL;
}

static gint64
seconds_from_now(guint seconds)
{
    return g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

/* ---- the session ---- */

/* A lost link is no error that a program should live with. */
static gboolean
resume(struct tcti *t, gint64 end, GError **error)
{
    return resume_client_insist(t->client, &t->setup.attach, driver_link_connect, &t->link, end,
                                error);
}

static gboolean
take_over(struct tcti *t, gint64 end, GError **error)
{
    client_on_change(t->client, resume_file_save, t->file);
    return resume_client_take_over(t->client, &t->setup.attach, driver_link_connect, &t->link, end,
                                   error);
}

static gboolean
attach(struct tcti *t, gint64 end, GError **error)
{
    t->client = attach_client_run(&t->setup.attach, driver_link_connect, &t->link, end, NULL,
                                  error);
    if (!t->client)
        return FALSE;
    client_on_change(t->client, resume_file_save, t->file);
    return resume_file_save(t->client, t->file, error);
}

static gboolean
config_check(const struct tcti_config *c, GError **error)
{
    if (!c->driver.link || !c->driver.policy || !c->driver.id || !c->driver.resume)
        return error_malformed(error, "link=, policy=, id= and resume= are needed");
    return (c->driver.timeout >= 1 && c->driver.timeout <= 3600) ||
           error_malformed(error, "timeout: 1 to 3600 seconds");
}

static gboolean
tcti_start(struct tcti *t, const char *conf, GError **error)
{
    gint64 end;

    driver_config_init(&t->config.driver);
    if (!suboptions_parse(rows, "cocotpm", conf, &t->config, error) ||
        !config_check(&t->config, error))
        return FALSE;
    end = seconds_from_now(t->config.driver.timeout);
    t->file = resume_file_open(t->config.driver.resume, end, error);
    if (!t->file || !driver_setup_load(&t->config.driver, &t->setup, error) ||
        !driver_link_open(&t->link, &t->setup.link, t->config.driver.other_tpm, error) ||
        !resume_file_load(t->file, &t->client, error))
        return FALSE;
    return t->client ? take_over(t, end, error) : attach(t, end, error);
}

static void
detach(struct tcti *t)
{
    enum coco_status status = COCO_INTERNAL;

    if (client_request(t->client, COCO_DETACH, NULL, 0, seconds_from_now(ATTEMPT_SECONDS), &status,
                       NULL, NULL, NULL) && status == COCO_OK)
        resume_file_wipe(t->file, NULL);
}

static void
tcti_stop(struct tcti *t)
{
    if (t->client && t->config.detach && !client_waiting(t->client))
        detach(t);
    client_free(t->client);
    driver_link_close(&t->link);
    resume_file_free(t->file);
    driver_setup_clear(&t->setup);
    options_clear(rows, &t->config);
    gnutls_memset(t->answer, 0, sizeof(t->answer));
    memset(&t->common, 0, sizeof(t->common));
}

/* ---- what the software stack calls ---- */

static TSS2_RC
tcti_transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct tcti *t = tcti_of(context);
    enum tls_result result;

    if (!t)
        return TSS2_TCTI_RC_BAD_CONTEXT;
    if (!command || size < MESSAGE_HEADER || size > TPM_MESSAGE_MAX)
        return TSS2_TCTI_RC_BAD_VALUE;
    if (client_waiting(t->client) || t->answer_len > 0)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    result = client_send(t->client, command, size, NULL);
    if (t->polled)
        (void)client_fd(t->client);
    /* A link that is gone is found when the answer is waited for. */
    return result == TLS_FAILED && !client_waiting(t->client) ? TSS2_TCTI_RC_IO_ERROR
                                                              : TSS2_RC_SUCCESS;
}

/* @timeout in ms; -1: as long as it takes. */
static TSS2_RC
answer_wait(struct tcti *t, int32_t timeout)
{
    gint64 end = timeout < 0 ? G_MAXINT64 : g_get_monotonic_time() + timeout * (gint64)1000;

    for (;;) {
        enum tls_result result = client_receive(t->client, t->answer, &t->answer_len, NULL);
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        struct pollfd p = { client_fd(t->client), client_events(t->client), 0 };

        if (result == TLS_DONE)
            return TSS2_RC_SUCCESS;
        if (result != TLS_AGAIN && !resume(t, G_MAXINT64, NULL))
            return TSS2_TCTI_RC_IO_ERROR;
        if (result == TLS_AGAIN && left <= 0)
            return TSS2_TCTI_RC_TRY_AGAIN;
        if (result == TLS_AGAIN)
            (void)poll(&p, 1, (int)MIN(left, 60000));
    }
}

static TSS2_RC
tcti_receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
    struct tcti *t = tcti_of(context);
    TSS2_RC rc = TSS2_RC_SUCCESS;

    if (!t)
        return TSS2_TCTI_RC_BAD_CONTEXT;
    if (!size || timeout < -1)
        return TSS2_TCTI_RC_BAD_VALUE;
    if (t->answer_len == 0 && !client_waiting(t->client))
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (t->answer_len == 0)
        rc = answer_wait(t, timeout);
    if (rc != TSS2_RC_SUCCESS)
        return rc;
    if (response && *size < t->answer_len)
        rc = TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    *size = t->answer_len;
    if (!response || rc != TSS2_RC_SUCCESS)
        return rc;
    memcpy(response, t->answer, t->answer_len);
    gnutls_memset(t->answer, 0, t->answer_len);
    t->answer_len = 0;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC
tcti_cancel(TSS2_TCTI_CONTEXT *context)
{
    struct tcti *t = tcti_of(context);

    if (!t)
        return TSS2_TCTI_RC_BAD_CONTEXT;
    if (!client_waiting(t->client))
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    (void)client_cancel(t->client, NULL);
    return TSS2_RC_SUCCESS;
}

/* A link that is lost meanwhile is opened again, as in the middle of a command. */
static TSS2_RC
tcti_locality(TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
    struct tcti *t = tcti_of(context);
    enum coco_status status = COCO_INTERNAL;
    TSS2_RC rc;

    if (!t)
        return TSS2_TCTI_RC_BAD_CONTEXT;
    if (client_waiting(t->client) || t->answer_len > 0)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (client_ask(t->client, COCO_SET_LOCALITY, &locality, 1, NULL) == TLS_FAILED &&
        !client_waiting(t->client))
        return TSS2_TCTI_RC_IO_ERROR;
    rc = answer_wait(t, TSS2_TCTI_TIMEOUT_BLOCK);
    if (rc != TSS2_RC_SUCCESS)
        return rc;
    (void)client_read_answer(t->answer, t->answer_len, &status, NULL, NULL, NULL);
    t->answer_len = 0;
    return status == COCO_OK ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_NOT_PERMITTED;
}

static TSS2_RC
tcti_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
    struct tcti *t = tcti_of(context);

    if (!t)
        return TSS2_TCTI_RC_BAD_CONTEXT;
    if (!count || (handles && *count < 1))
        return TSS2_TCTI_RC_BAD_VALUE;
    *count = 1;
    t->polled = TRUE;
    if (handles)
        *handles = (struct pollfd){ client_fd(t->client), POLLIN, 0 };
    return TSS2_RC_SUCCESS;
}

static TSS2_RC
tcti_make_sticky(TSS2_TCTI_CONTEXT *context, TPM2_HANDLE *handle, uint8_t sticky)
{
    (void)context;
    (void)handle;
    (void)sticky;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static void
tcti_finalize(TSS2_TCTI_CONTEXT *context)
{
    struct tcti *t = tcti_of(context);

    if (t)
        tcti_stop(t);
    else if (is_ours(context))                   /* a child's: the lock is not to outlive its parent */
        g_clear_pointer(&((struct tcti *)context)->file, resume_file_free);
}

static TSS2_RC
tcti_init(TSS2_TCTI_CONTEXT *context, size_t *size, const char *conf)
{
    struct tcti *t = (struct tcti *)context;
    g_autoptr(GError) error = NULL;

    if (!size || (context && *size < sizeof(*t)))
        return TSS2_TCTI_RC_BAD_VALUE;
    if (!context) {
        *size = sizeof(*t);
        return TSS2_RC_SUCCESS;
    }
    memset(t, 0, sizeof(*t));
    t->owner = getpid();
    t->setup.link.fd = -1;
    if (!tcti_start(t, conf ? conf : "", &error)) {
        /* A result code has no words, and the program would show a number. */
        fprintf(stderr, "cocotpm: %s\n", error->message);
        tcti_stop(t);
        return g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED) ? TSS2_TCTI_RC_BAD_VALUE
                                                                        : TSS2_TCTI_RC_IO_ERROR;
    }
    t->common.v1 = (TSS2_TCTI_CONTEXT_COMMON_V1){
        .magic = TCTI_MAGIC, .version = 2, .transmit = tcti_transmit, .receive = tcti_receive,
        .finalize = tcti_finalize, .cancel = tcti_cancel, .getPollHandles = tcti_poll_handles,
        .setLocality = tcti_locality,
    };
    t->common.makeSticky = tcti_make_sticky;
    return TSS2_RC_SUCCESS;
}

/* The one name that is looked up. */
const TSS2_TCTI_INFO *Tss2_Tcti_Info(void) __attribute__((visibility("default")));

const TSS2_TCTI_INFO *
Tss2_Tcti_Info(void)
{
    static const TSS2_TCTI_INFO info = {
        .version = 2,
        .name = "cocotpm",
        .description = "the CoCoTPM of a confidential VM, without a daemon",
        .config_help = "link=ADDRESS,policy=FILE,id=UUID,resume=FILE[,psk-file=FILE]"
                       "[,platform=KIND][,keep-evidence][,timeout=SECONDS][,detach]",
        .init = tcti_init,
    };

    return &info;
}
