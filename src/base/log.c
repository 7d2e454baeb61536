/* SPDX-License-Identifier: BSD-3-Clause */
/* log - where a program's words go; see log.h. */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"

struct Log {
    int fd;                  /* -1: silent */
    int level;
    char *prefix;
};

/* The least level at which a message of this kind is written. */
static int
level_of(GLogLevelFlags flags)
{
    if ((flags & G_LOG_LEVEL_DEBUG) != 0)
        return 4;
    if ((flags & G_LOG_LEVEL_INFO) != 0)
        return 3;
    if ((flags & G_LOG_LEVEL_MESSAGE) != 0)
        return 2;
    return 1;
}

/* A peer's words must not make lines of their own, nor speak to the terminal. */
static void
append_harmless(GString *out, const char *text, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        const guchar c = (guchar)text[i];

        if (c < 0x20 || c == 0x7f)
            g_string_append_printf(out, "\\x%02x", c);
        else
            g_string_append_c(out, text[i]);
    }
}

static const GLogField *
message_field(const GLogField *fields, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (strcmp(fields[i].key, "MESSAGE") == 0)
            return &fields[i];
    }
    return NULL;
}

static GLogWriterOutput
write_line(GLogLevelFlags flags, const GLogField *fields, gsize n, gpointer data)
{
    const Log *log = data;
    const GLogField *message = message_field(fields, n);
    g_autoptr(GString) line = NULL;

    if (log->fd < 0 || level_of(flags) > log->level || message == NULL)
        return G_LOG_WRITER_HANDLED;
    line = g_string_new(log->prefix);
    append_harmless(line, message->value, message->length < 0 ? strlen(message->value)
                                                              : (gsize)message->length);
    g_string_append_c(line, '\n');
    /* One write, so that lines of several processes do not mix; no way to report a failure. */
    if (!io_write_full(log->fd, line->str, line->len, NULL))
        return G_LOG_WRITER_UNHANDLED;
    return G_LOG_WRITER_HANDLED;
}

static int
open_target(const struct log_config *config, GError **error)
{
    const int how = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
                    (config->truncate ? O_TRUNC : 0);
    int fd;

    if (config->file == NULL)
        return config->fd >= 0 ? config->fd : STDERR_FILENO;
    fd = open(config->file, how, 0600);
    if (fd < 0)
        error_errno(error, errno, "could not open the log file %s", config->file);
    return fd;
}

Log *
log_open(const struct log_config *config, GError **error)
{
    const gboolean silent = g_strcmp0(config->file, "-") == 0;
    const int fd = silent ? -1 : open_target(config, error);
    Log *log;

    if (fd < 0 && !silent)
        return NULL;
    log = g_new0(Log, 1);
    log->fd = fd;
    log->level = config->level;
    log->prefix = g_strdup(config->prefix != NULL ? config->prefix : "");
    g_log_set_writer_func(write_line, log, NULL);
    return log;
}

int
log_fd(const Log *log)
{
    return log->fd;
}

gboolean
log_limit_burst(struct log_limit *state, guint seconds, guint burst, guint *ret_dropped)
{
    const gint64 now = g_get_monotonic_time();
    const gint64 each = (gint64)seconds * G_TIME_SPAN_SECOND;

    if (now < state->next - each * (burst - 1)) {
        state->dropped++;
        return FALSE;
    }
    *ret_dropped = state->dropped;
    state->dropped = 0;
    state->next = MAX(state->next, now) + each;
    return TRUE;
}

gboolean
log_limit_pass(struct log_limit *state, guint seconds, guint *ret_dropped)
{
    return log_limit_burst(state, seconds, 1, ret_dropped);
}
