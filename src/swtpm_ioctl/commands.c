/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm_ioctl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm/control/client.h"
#include "swtpm_ioctl/device.h"

#define HASH_PIECE 4096

gboolean
target_open_device(const char *path, struct target *ret, GError **error)
{
    ret->fd = open(path, O_RDWR | O_CLOEXEC);
    ret->device = TRUE;
    if (ret->fd < 0)
        return error_system(error, "Unable to open device '%s'.", path);
    return TRUE;
}

static gboolean
request(const struct target *t, guint32 code, const guint8 *body, gsize body_len, guint8 *ret,
        gsize len, GError **error)
{
    if (t->device)
        return device_request(t->fd, code, body, body_len, ret, len, error);
    return ptm_request(t->fd, code, body, body_len, ret, len, error);
}

static gboolean
request_u32(const struct target *t, guint32 code, guint32 value, guint8 *ret, gsize len,
            GError **error)
{
    guint8 body[4] = { 0 };
    struct builder out = builder_on(body, sizeof(body));

    builder_be32(&out, value);
    return request(t, code, body, sizeof(body), ret, len, error);
}

static gboolean
parse_locality(const char *text, guint8 *ret, GError **error)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);

    if (end == text || *end != '\0')
        return error_malformed(error, "Could not get locality number from %s.", text);
    if (value > 4)
        return error_malformed(error, "Locality outside valid range of [0..4].");
    *ret = (guint8)value;
    return TRUE;
}

static gboolean
parse_number(const char *text, const char *what, guint64 *ret, GError **error)
{
    char *end;

    errno = 0;
    *ret = strtoull(text, &end, 0);
    if (end == text || *end != '\0' || errno != 0)
        return error_malformed(error, "Cannot parse %s.", what);
    return TRUE;
}

static gboolean
parse_size(const char *text, guint64 *ret, GError **error)
{
    return parse_number(text, "buffer size", ret, NULL) ||
           error_malformed(error, "Could not get buffersize from %s.", text);
}

static gboolean
parse_type(const char *text, guint32 *ret, GError **error)
{
    static const char *const types[] = {
        [PTM_BLOB_TYPE_PERMANENT] = "permanent",
        [PTM_BLOB_TYPE_VOLATILE] = "volatile",
        [PTM_BLOB_TYPE_SAVESTATE] = "savestate",
    };

    for (guint32 i = 1; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i], text) == 0) {
            *ret = i;
            return TRUE;
        }
    }
    return error_malformed(error, "Unknown TPM state type '%s'", text);
}

gboolean
command_check(const struct ioctl_options *o, enum run_command which, GError **error)
{
    const char *value = o->value[which];
    guint64 number;
    guint32 type;
    guint8 locality;

    switch (which) {
    case RUN_RESET:
    case RUN_LOCALITY:
        return parse_locality(value, &locality, error);
    case RUN_BUFFER:
        return parse_size(value, &number, error);
    case RUN_INFO:
        return parse_number(value, "info flags", &number, error);
    case RUN_LOCK:
        return parse_number(value, "number of retries", &number, error);
    case RUN_SAVE:
        return parse_type(o->save[0], &type, error);
    case RUN_LOAD:
        return parse_type(o->load[0], &type, error);
    default:
        return TRUE;
    }
}

static gboolean
run_capability(const struct target *t, GError **error)
{
    guint8 bytes[8] = { 0 };
    struct cursor in = cursor_from(bytes, sizeof(bytes));
    guint64 bits = 0;
    gboolean ok;

    if (t->device) {
        ok = device_capability(t->fd, &bits, error);
    } else {
        ok = ptm_send(t->fd, CMD_GET_CAPABILITY, NULL, 0, error) &&
             ptm_receive(t->fd, bytes, sizeof(bytes), error);
        bits = cursor_be64(&in);
    }
    if (ok)
        printf("ptm capability is 0x%" G_GINT64_MODIFIER "x\n", bits);
    return ok;
}

static gboolean
run_established(const struct target *t, GError **error)
{
    guint8 bytes[4] = { 0 };

    if (!request(t, CMD_GET_TPMESTABLISHED, NULL, 0, bytes, sizeof(bytes), error))
        return FALSE;
    printf("tpmEstablished is %d\n", bytes[0]);
    return TRUE;
}

static gboolean
run_locality(const struct target *t, guint32 code, const char *text, GError **error)
{
    guint8 locality = 0;

    return parse_locality(text, &locality, error) &&
           request(t, code, &locality, sizeof(locality), NULL, 0, error);
}

static gboolean
hash_piece(const struct target *t, const guint8 *data, gsize len, GError **error)
{
    guint8 body[4 + HASH_PIECE] = { 0 };
    struct builder out = builder_on(body, sizeof(body));

    builder_be32(&out, (guint32)len);
    builder_bytes(&out, data, len);
    return request(t, CMD_HASH_DATA, body, builder_len(&out), NULL, 0, error);
}

static gboolean
hash_input(const struct target *t, GError **error)
{
    guint8 buf[HASH_PIECE] = { 0 };
    ssize_t n;

    while ((n = read(STDIN_FILENO, buf, sizeof(buf))) != 0) {
        if (n < 0 && errno != EINTR)
            return error_errno(error, errno, "Could not read from standard input");
        if (n > 0 && !hash_piece(t, buf, (gsize)n, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
run_hash(const struct target *t, const char *text, GError **error)
{
    gsize len = strlen(text);

    if (!request(t, CMD_HASH_START, NULL, 0, NULL, 0, error))
        return FALSE;
    if (strcmp(text, "-") == 0) {
        if (!hash_input(t, error))
            return FALSE;
    } else {
        for (gsize at = 0; at < len; at += HASH_PIECE) {
            if (!hash_piece(t, (const guint8 *)text + at, MIN(len - at, HASH_PIECE), error))
                return FALSE;
        }
    }
    return request(t, CMD_HASH_END, NULL, 0, NULL, 0, error);
}

static gboolean
run_save(const struct target *t, const char *type, const char *path, GError **error)
{
    guint8 body[12], head[12 + PTM_STATE_BLOB_SIZE] = { 0 };
    struct builder out = builder_on(body, sizeof(body));
    struct cursor in = cursor_from(head, sizeof(head));
    gsize want = t->device ? sizeof(head) : 12;
    g_autofree guint8 *data = NULL;
    gboolean ok;
    GError *refused = NULL;
    guint32 number = 0, total = 0;

    if (!parse_type(type, &number, error))
        return FALSE;
    /* Without the layer of the file key, so that a swtpm with another takes it. */
    builder_be32(&out, PTM_STATE_FLAG_DECRYPTED);
    builder_be32(&out, number);
    builder_be32(&out, 0);
    /* "There is no such state" is no failure: an empty file says so (savestate before it is saved). */
    if (!request(t, CMD_GET_STATEBLOB, body, sizeof(body), head, want, &refused)) {
        if (!g_str_has_suffix(refused->message, ": 0x800")) {
            g_propagate_error(error, refused);
            return FALSE;
        }
        g_clear_error(&refused);
    } else {
        (void)cursor_be32(&in);
        total = cursor_be32(&in);
    }
    if (total > PTM_ANSWER_MAX)
        return error_malformed(error, "The state has %u bytes, which is too much", total);
    data = g_malloc(total + 1);
    ok = t->device ? device_read_state(t->fd, head + 12, data, total, error)
                   : total == 0 || ptm_receive(t->fd, data, total, error);
    return ok && io_write_file(path, data, total, S_IRUSR | S_IWUSR, error);
}

static gboolean
run_load(const struct target *t, const char *type, const char *path, GError **error)
{
    g_autoptr(GBytes) blob = NULL;
    g_autofree guint8 *body = NULL;
    struct builder out;
    guint32 number = 0;
    gconstpointer data;
    gsize len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(error, errno, "Could not open file '%s' for reading", path);
    blob = io_read_fd(fd, PTM_BLOB_MAX, error);
    io_close(&fd);
    if (blob == NULL || !parse_type(type, &number, error))
        return FALSE;
    data = g_bytes_get_data(blob, &len);
    body = g_malloc(12 + len);
    out = builder_on(body, 12 + len);
    builder_be32(&out, 0);
    builder_be32(&out, number);
    builder_be32(&out, (guint32)len);
    builder_bytes(&out, data, len);
    if (t->device)
        return device_set_state(t->fd, body, builder_len(&out), error);
    return request(t, CMD_SET_STATEBLOB, body, builder_len(&out), NULL, 0, error);
}

static gboolean
run_config(const struct target *t, GError **error)
{
    guint8 bytes[4] = { 0 };
    struct cursor in = cursor_from(bytes, sizeof(bytes));

    if (!request(t, CMD_GET_CONFIG, NULL, 0, bytes, sizeof(bytes), error))
        return FALSE;
    printf("ptm configuration flags: 0x%x\n", cursor_be32(&in));
    return TRUE;
}

static gboolean
run_buffer(const struct target *t, const char *text, GError **error)
{
    guint8 bytes[12] = { 0 };
    struct cursor in = cursor_from(bytes, sizeof(bytes));
    guint64 size = 0;

    if (!parse_size(text, &size, error) ||
        !request_u32(t, CMD_SET_BUFFERSIZE, (guint32)size, bytes, sizeof(bytes), error))
        return FALSE;
    printf("TPM buffersize: %u\n", cursor_be32(&in));
    printf("minimum size  : %u\n", cursor_be32(&in));
    printf("maximum size  : %u\n", cursor_be32(&in));
    return TRUE;
}

static gboolean
info_piece(const struct target *t, guint64 flags, guint32 offset, GString *text, guint32 *ret_total,
           GError **error)
{
    guint8 body[16], head[8 + PTM_INFO_MAX] = { 0 };
    struct builder out = builder_on(body, sizeof(body));
    struct cursor in = cursor_from(head, sizeof(head));
    gsize want = t->device ? sizeof(head) : 8;
    guint32 len;

    builder_be64(&out, flags);
    builder_be32(&out, offset);
    builder_be32(&out, 0);
    if (!request(t, CMD_GET_INFO, body, sizeof(body), head, want, error))
        return FALSE;
    *ret_total = cursor_be32(&in);
    len = cursor_be32(&in);
    if (len == 0 || len > PTM_INFO_MAX)
        return error_malformed(error, "PTM_GET_INFO gives %u bytes at once", len);
    if (!t->device && !ptm_receive(t->fd, head + 8, len, error))
        return FALSE;
    g_string_append_len(text, (const char *)head + 8, len);
    return TRUE;
}

static gboolean
run_info(const struct target *t, const char *value, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint32 total = 0;
    guint64 flags = 0;

    if (!parse_number(value, "info flags", &flags, error))
        return FALSE;
    do {
        if (!info_piece(t, flags, (guint32)text->len, text, &total, error))
            return FALSE;
    } while (text->len < total && total <= PTM_BLOB_MAX);
    printf("%s\n", text->str);
    return TRUE;
}

static gboolean
run_lock(const struct target *t, const char *text, GError **error)
{
    guint64 retries = 0;

    return parse_number(text, "number of retries", &retries, error) &&
           request_u32(t, CMD_LOCK_STORAGE, (guint32)retries, NULL, 0, error);
}

gboolean
command_run(const struct ioctl_options *o, enum run_command which, const struct target *t,
            GError **error)
{
    const char *value = o->value[which];

    switch (which) {
    case RUN_CAPABILITY:
        return run_capability(t, error);
    case RUN_INIT:
        return request_u32(t, CMD_INIT, PTM_INIT_FLAG_DELETE_VOLATILE, NULL, 0, error);
    case RUN_STOP:
        return request(t, CMD_STOP, NULL, 0, NULL, 0, error);
    case RUN_SHUTDOWN:
        return request(t, CMD_SHUTDOWN, NULL, 0, NULL, 0, error);
    case RUN_ESTABLISHED:
        return run_established(t, error);
    case RUN_RESET:
        return run_locality(t, CMD_RESET_TPMESTABLISHED, value, error);
    case RUN_STORE:
        return request(t, CMD_STORE_VOLATILE, NULL, 0, NULL, 0, error);
    case RUN_CANCEL:
        return request(t, CMD_CANCEL_TPM_CMD, NULL, 0, NULL, 0, error);
    case RUN_LOCALITY:
        return run_locality(t, CMD_SET_LOCALITY, value, error);
    case RUN_HASH:
        return run_hash(t, value, error);
    case RUN_SAVE:
        return run_save(t, o->save[0], o->save[1], error);
    case RUN_LOAD:
        return run_load(t, o->load[0], o->load[1], error);
    case RUN_CONFIG:
        return run_config(t, error);
    case RUN_BUFFER:
        return run_buffer(t, value, error);
    case RUN_INFO:
        return run_info(t, value, error);
    case RUN_LOCK:
        return run_lock(t, value, error);
    default:
        return error_malformed(error, "No valid command.");
    }
}
