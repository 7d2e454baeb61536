/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/ctrl_state.h"

#include <string.h>

#include "base/builder.h"

#define GET_HEAD 16                  /* result, flags, totlength, length */
#define UNKNOWN_BLOB 9
#define FORMAT_HEADER 10

void
job_failed(struct ctrl_job *job, const GError *error, const char *what)
{
    job->result = error->domain == ENGINE_ERROR || error->domain == FORMAT_ERROR
                      ? (guint32)error->code : PTM_FAIL;
    g_free(job->message);
    job->message = what != NULL ? g_strdup_printf("%s: %s", what, error->message)
                                : g_strdup(error->message);
}

static void
wipe_bytes(gpointer data)
{
    GByteArray *a = data;

    explicit_bzero(a->data, a->len);
    g_byte_array_unref(a);
}

/* As swtpm: everything from the offset on in one answer. */
static GBytes *
state_answer(guint32 result, guint32 flags, const guint8 *data, gsize len)
{
    GByteArray *a = g_byte_array_sized_new((guint)(GET_HEAD + len));
    struct builder out;

    g_byte_array_set_size(a, (guint)(GET_HEAD + len));
    out = builder_on(a->data, a->len);
    builder_be32(&out, result);
    builder_be32(&out, flags);
    builder_be32(&out, (guint32)len);
    builder_be32(&out, (guint32)len);
    builder_bytes(&out, data, len);
    return g_bytes_new_with_free_func(a->data, a->len, wipe_bytes, a);
}

static GBytes *
read_blob(Engine *engine, struct ctrl_job *job, const StateKey *key, guint32 type)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) state = NULL;
    GBytes *blob = NULL;

    state = engine_get_state(engine, (enum engine_state)type, &error);
    if (state != NULL)
        blob = format_blob_write(state, key, job->migration_key, &error);
    if (error != NULL)
        job_failed(job, error, "GET_STATEBLOB");
    else if (blob == NULL)
        job->result = PTM_RETRY;
    return blob;
}

void
run_get_state(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;
    guint32 flags = cursor_be32(&job->body);
    guint32 type = cursor_be32(&job->body);
    guint32 offset = cursor_be32(&job->body);
    const StateKey *key = (flags & PTM_STATE_FLAG_DECRYPTED) != 0 ? NULL : job->key;
    /* Of the file's key alone; the taker's swtpm 0.7.1 believes this, not what is in the blob. */
    guint32 encrypted = key != NULL ? PTM_STATE_FLAG_ENCRYPTED : 0;
    g_autoptr(GBytes) blob = NULL;
    const guint8 *bytes = NULL;
    gsize len = 0;

    if (type < ENGINE_STATE_PERMANENT || type > ENGINE_STATE_SAVE)
        job->result = UNKNOWN_BLOB;
    else
        blob = read_blob(engine, job, key, type);
    if (blob != NULL)
        bytes = g_bytes_get_data(blob, &len);
    offset = MIN(offset, (guint32)len);
    job->answer = state_answer(job->result, blob != NULL ? encrypted : 0,
                               len > offset ? bytes + offset : NULL, len - offset);
    /* PTM_RETRY: there is none, but it was asked for last all the same */
    if (type == ENGINE_STATE_SAVE && (blob != NULL || job->result == PTM_RETRY))
        power_state_sent(job->power);
}

static gboolean
write_blob(Engine *engine, struct ctrl_job *job, enum engine_state type, const guint8 *data,
           gsize len, GError **error)
{
    g_autoptr(GBytes) blob = g_bytes_new(data, len);
    g_autoptr(GBytes) state = format_blob_parse(blob, job->key, job->migration_key, error);
    gconstpointer bytes;
    gsize size;

    if (state == NULL)
        return FALSE;
    bytes = g_bytes_get_data(state, &size);
    return engine_set_state(engine, type, bytes, size, error);
}

void
run_set_state(Engine *engine, gpointer data)
{
    struct ctrl_job *job = data;
    g_autoptr(GError) error = NULL;
    guint32 type;
    gsize len;

    (void)cursor_be32(&job->body);
    type = cursor_be32(&job->body);
    (void)cursor_be32(&job->body);
    len = cursor_left(&job->body);
    if (type < ENGINE_STATE_PERMANENT || type > ENGINE_STATE_SAVE
        || (len > 0 && len < FORMAT_HEADER)) {
        job->result = PTM_BAD_PARAMETER;
        return;
    }
    if (!power_lock(job->power, POWER_LOCK_RETRIES, &error)
        || (len == 0 ? !engine_set_state(engine, (enum engine_state)type, NULL, 0, &error)
                     : !write_blob(engine, job, (enum engine_state)type, job->body.pos, len,
                                   &error)))
        job_failed(job, error, "SET_STATEBLOB");
}
