/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/ctrl.h"

#include <string.h>

#include "base/builder.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm/ctrl_state.h"

#define INFO_FLAGS 7u                /* what libtpms 0.9 knows; other bits are asked for then */

struct Ctrl {
    struct ctrl_config config;
    Channel *channel;
    char *info[INFO_FLAGS + 1];
    struct ctrl_job job;     /* one at a time, as requests are */
    guint64 info_wanted;
    guint32 info_offset;
};

static gboolean
tpm2(const Ctrl *c)
{
    return engine_is_tpm2(c->config.engine);
}

/* ---- answered at once ---- */

static void
do_capability(Ctrl *c, struct ptm_call *call)
{
    guint8 bytes[8];
    struct builder out = builder_on(bytes, sizeof(bytes));

    (void)call;
    builder_be32(&out, PTM_OK);
    builder_be32(&out, ptm_capabilities(tpm2(c)));
    channel_answer(c->channel, bytes, sizeof(bytes));
}

static void
do_established(Ctrl *c, struct ptm_call *call)
{
    guint8 bytes[8];
    struct builder out = builder_on(bytes, sizeof(bytes));
    struct engine_view view;

    (void)call;
    engine_view(c->config.engine, &view);
    builder_be32(&out, PTM_OK);
    builder_u8(&out, view.established ? 1 : 0);
    builder_zero(&out, 3);
    channel_answer(c->channel, bytes, sizeof(bytes));
}

static void
do_locality(Ctrl *c, struct ptm_call *call)
{
    guint8 locality = cursor_u8(&call->body);
    gboolean ok = dispatch_locality_ok(c->config.dispatch, locality);

    if (ok)
        engine_set_locality(c->config.engine, locality);
    channel_answer_result(c->channel, ok ? PTM_OK : PTM_BAD_LOCALITY);
}

static void
do_cancel(Ctrl *c, struct ptm_call *call)
{
    (void)call;
    if (!tpm2(c)) {
        channel_answer_result(c->channel, PTM_FAIL);
        return;
    }
    engine_cancel(c->config.engine);
    channel_answer_result(c->channel, PTM_OK);
}

static void
do_config(Ctrl *c, struct ptm_call *call)
{
    guint8 bytes[8];
    struct builder out = builder_on(bytes, sizeof(bytes));

    (void)call;
    builder_be32(&out, PTM_OK);
    builder_be32(&out, (c->config.key != NULL ? PTM_CONFIG_FLAG_FILE_KEY : 0) |
                           (c->config.migration_key != NULL ? PTM_CONFIG_FLAG_MIGRATION_KEY : 0));
    channel_answer(c->channel, bytes, sizeof(bytes));
}

static void
run_nothing(Engine *engine, gpointer data)
{
    (void)engine;
    (void)data;
}

static void
do_datafd(Ctrl *c, struct ptm_call *call)
{
    if (call->fd < 0) {
        channel_answer_result(c->channel, data_has_fd(c->config.data) ? PTM_IOERROR
                                                                      : PTM_BAD_PARAMETER);
        return;
    }
    if (!data_offer_fd(c->config.data, call->fd)) {
        channel_answer_result(c->channel, PTM_IOERROR);
        return;
    }
    call->fd = -1;
    server_post(c->config.server, run_nothing, NULL, NULL);   /* wakes the TPM thread's poll */
    channel_answer_result(c->channel, PTM_OK);
}

static void
answer_buffer_size(Ctrl *c)
{
    guint8 bytes[16];
    struct builder out = builder_on(bytes, sizeof(bytes));
    struct engine_view view;

    engine_view(c->config.engine, &view);
    builder_be32(&out, PTM_OK);
    builder_be32(&out, view.buffer_size);
    builder_be32(&out, view.buffer_min);
    builder_be32(&out, view.buffer_max);
    channel_answer(c->channel, bytes, sizeof(bytes));
}

static void
answer_info(Ctrl *c, const char *text)
{
    gsize total = strlen(text) + 1;
    g_autofree guint8 *bytes = NULL;
    struct builder out;
    gsize len;

    if (c->info_offset >= total) {
        channel_answer_result(c->channel, PTM_BAD_PARAMETER);
        return;
    }
    len = MIN(total - c->info_offset, PTM_INFO_MAX);
    bytes = g_malloc(12 + len);
    out = builder_on(bytes, 12 + len);
    builder_be32(&out, PTM_OK);
    builder_be32(&out, (guint32)total);
    builder_be32(&out, (guint32)len);
    builder_bytes(&out, text + c->info_offset, len);
    channel_answer(c->channel, bytes, builder_len(&out));
}

/* ---- jobs of the TPM thread ---- */

static void
run_init(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;
    g_autoptr(GError) error = NULL;

    if (power_on(job->power, (job->argument & PTM_INIT_FLAG_DELETE_VOLATILE) != 0, &error))
        return;
    job_failed(job, error, "INIT");
    /* What is amiss with a state, but for a length, TPM 1.2 says; TPM 2 says one thing of all. */
    if (error->domain == FORMAT_ERROR && engine_is_tpm2(engine))
        job->result = TPM_RC_FAILURE_CODE;
    else if (g_error_matches(error, FORMAT_ERROR, FORMAT_ERROR_LENGTH))
        job->result = PTM_FAIL;
}

static void
run_stop(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;

    (void)engine;
    power_off(job->power);
}

static void
run_hash_start(Engine *engine, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!engine_hash_start(engine, &error))
        job_failed(data, error, NULL);
}

static void
run_hash_data(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;
    g_autoptr(GError) error = NULL;

    if (job->result == PTM_OK &&
        !engine_hash_data(engine, job->body.pos, cursor_left(&job->body), &error))
        job_failed(job, error, NULL);
}

static void
run_hash_end(Engine *engine, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!engine_hash_end(engine, &error))
        job_failed(data, error, NULL);
}

static void
run_store_volatile(Engine *engine, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!engine_store_volatile(engine, &error))
        job_failed(data, error, "STORE_VOLATILE");
}

static void
run_reset_established(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;
    guint8 locality = cursor_u8(&job->body);
    g_autoptr(GError) error = NULL;

    if (locality > 4)
        job->result = PTM_BAD_LOCALITY;
    else if (!engine_reset_established(engine, locality, &error))
        job_failed(job, error, NULL);
}

static void
run_buffer_size(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;

    if (engine_running(engine))
        job->result = PTM_BAD_ORDINAL;
    else
        engine_set_buffer_size(engine, job->argument);
}

static void
run_info(Engine *engine, gpointer data)
{
    Ctrl *c = data;

    g_free(c->job.text);
    c->job.text = engine_info(engine, c->info_wanted);
}

static void
run_lock(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;
    g_autoptr(GError) error = NULL;

    (void)engine;
    if (!power_lock(job->power, job->argument, &error))
        job_failed(job, error, "LOCK_STORAGE");
}

/* ---- the table ---- */

static const struct {
    guint32 code;
    void (*at_once)(Ctrl *c, struct ptm_call *call);   /* NULL: a job */
    server_run run;
} handlers[] = {
    { CMD_GET_CAPABILITY, do_capability, NULL },
    { CMD_GET_TPMESTABLISHED, do_established, NULL },
    { CMD_SET_LOCALITY, do_locality, NULL },
    { CMD_CANCEL_TPM_CMD, do_cancel, NULL },
    { CMD_GET_CONFIG, do_config, NULL },
    { CMD_SET_DATAFD, do_datafd, NULL },
    { CMD_INIT, NULL, run_init },
    { CMD_SHUTDOWN, NULL, run_stop },
    { CMD_STOP, NULL, run_stop },
    { CMD_HASH_START, NULL, run_hash_start },
    { CMD_HASH_DATA, NULL, run_hash_data },
    { CMD_HASH_END, NULL, run_hash_end },
    { CMD_STORE_VOLATILE, NULL, run_store_volatile },
    { CMD_RESET_TPMESTABLISHED, NULL, run_reset_established },
    { CMD_GET_STATEBLOB, NULL, run_get_state },
    { CMD_SET_STATEBLOB, NULL, run_set_state },
    { CMD_LOCK_STORAGE, NULL, run_lock },
};

static void
on_done(gpointer data)
{
    struct ctrl_job *job = data;
    Ctrl *c = job->owner;
    g_autoptr(GBytes) answer = g_steal_pointer(&job->answer);
    g_autofree char *message = g_steal_pointer(&job->message);
    gsize len;
    gconstpointer bytes;

    if (message != NULL)
        g_warning("%s", message);
    if (job->row->code == CMD_HASH_DATA && !job->last) {
        channel_answer(c->channel, NULL, 0);
    } else if (answer != NULL) {
        bytes = g_bytes_get_data(answer, &len);
        channel_answer(c->channel, bytes, len);
    } else {
        channel_answer_result(c->channel, job->result);
    }
    if (job->row->code == CMD_SHUTDOWN) {
        channel_flush(c->channel);
        c->config.shutdown(c->config.user);
    }
}

static void
on_buffer_size_done(gpointer data)
{
    struct ctrl_job *job = data;
    Ctrl *c = job->owner;

    if (job->result != PTM_OK)
        channel_answer_result(c->channel, job->result);
    else
        answer_buffer_size(c);
}

static void
on_info_done(gpointer data)
{
    Ctrl *c = data;
    g_autofree char *text = g_steal_pointer(&c->job.text);

    answer_info(c, text);
}

static void
start_job(Ctrl *c, struct ptm_call *call)
{
    gboolean first_piece = call->row->code != CMD_HASH_DATA || c->job.last;
    struct cursor argument = call->body;

    c->job.row = call->row;
    c->job.body = call->body;
    if (first_piece)
        c->job.result = PTM_OK;
    c->job.last = call->last;
    c->job.argument = call->row->body >= 4 ? cursor_be32(&argument) : 0;
}

static void
handle_buffer_size(Ctrl *c, struct ptm_call *call)
{
    start_job(c, call);
    if (c->job.argument == 0)
        answer_buffer_size(c);
    else
        server_post(c->config.server, run_buffer_size, on_buffer_size_done, &c->job);
}

static void
handle_info(Ctrl *c, struct ptm_call *call)
{
    c->info_wanted = cursor_be64(&call->body);
    c->info_offset = cursor_be32(&call->body);
    if (c->info_wanted <= INFO_FLAGS)
        answer_info(c, c->info[c->info_wanted]);
    else
        server_post(c->config.server, run_info, on_info_done, c);
}

static void
on_request(Channel *channel, struct ptm_call *call, gpointer user)
{
    Ctrl *c = user;

    (void)channel;
    if (call->row->code == CMD_SET_BUFFERSIZE) {
        handle_buffer_size(c, call);
        return;
    }
    if (call->row->code == CMD_GET_INFO) {
        handle_info(c, call);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++) {
        if (handlers[i].code != call->row->code)
            continue;
        if (handlers[i].at_once != NULL) {
            handlers[i].at_once(c, call);
        } else {
            start_job(c, call);
            server_post(c->config.server, handlers[i].run, on_done, &c->job);
        }
        return;
    }
    channel_answer_result(c->channel, PTM_BAD_ORDINAL);
}

static gboolean
is_running(gpointer user)
{
    Ctrl *c = user;
    struct engine_view view;

    engine_view(c->config.engine, &view);
    return view.running;
}

static void
on_lost(gpointer user)
{
    Ctrl *c = user;

    c->config.lost(c->config.user);
}

/* The length only: bodies hold authorization values and state. */
static void
on_trace(gpointer user, const struct ptm_row *row, gsize len)
{
    (void)user;
    g_message(" Ctrl Cmd: length %zu: %s", len, row->name);
}

Ctrl *
ctrl_new(const struct ctrl_config *config)
{
    Ctrl *c = g_new0(Ctrl, 1);

    c->config = *config;
    c->job.owner = c;
    c->job.power = config->power;
    c->job.key = config->key;
    c->job.migration_key = config->migration_key;
    c->job.last = TRUE;
    for (guint flags = 0; flags <= INFO_FLAGS; flags++)
        c->info[flags] = engine_info(config->engine, flags);
    return c;
}

void
ctrl_start(Ctrl *c)
{
    const struct channel_config config = {
        .listen_fd = c->config.listen_fd,
        .client_fd = c->config.client_fd,
        .handle = on_request,
        .running = is_running,
        .lost = on_lost,
        .trace = c->config.trace ? on_trace : NULL,
        .user = c,
    };

    c->channel = channel_new(&config);
}

void
ctrl_free(Ctrl *c)
{
    if (c == NULL)
        return;
    channel_free(c->channel);
    for (guint flags = 0; flags <= INFO_FLAGS; flags++)
        g_free(c->info[flags]);
    if (c->job.answer != NULL)
        g_bytes_unref(c->job.answer);
    g_free(c->job.text);
    g_free(c->job.message);
    g_free(c);
}
