/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report - lines to the log file or the terminal. Each line is one write, so
 * that the certificate tool, which appends to the same file, tears none.
 */
#include "config.h"

#include "swtpm_setup/report.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct Report {
    char *path;
    int fd;                  /* -1: none */
    gboolean quiet;
    gboolean terminal;       /* somebody watches: what takes long is shown while it does */
    gboolean shown;
};

Report *
report_open(const char *path, gboolean quiet, GError **error)
{
    Report *r = g_new0(Report, 1);

    r->fd = -1;
    r->quiet = quiet;
    r->terminal = isatty(STDERR_FILENO) == 1;
    if (path == NULL)
        return r;
    r->path = g_strdup(path);
    r->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (r->fd >= 0)
        return r;
    if (errno == ELOOP)
        error_denied(error, "Logfile must not be a symlink.");
    else
        error_errno(error, errno, "Could not open logfile %s", path);
    report_close(r);
    return NULL;
}

/* Takes away what report_begin() has put on the terminal. */
static void
end_shown(Report *r)
{
    static const char clear[] = "\r\033[K";

    if (r->shown)
        io_write_full(STDERR_FILENO, clear, sizeof(clear) - 1, NULL);
    r->shown = FALSE;
}

void
report_begin(Report *r, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;
    va_list args;

    if (!r->terminal)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    end_shown(r);
    line = g_strconcat(text, " ...", NULL);
    r->shown = io_write_full(STDERR_FILENO, line, strlen(line), NULL);
}

void
report_close(Report *r)
{
    if (r == NULL)
        return;
    end_shown(r);
    io_close(&r->fd);
    g_free(r->path);
    g_free(r);
}

const char *
report_path(const Report *r)
{
    return r->path;
}

static void put_line(Report *r, int terminal, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);

static void
put_line(Report *r, int terminal, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    end_shown(r);
    /* Nobody can be told that nobody can be told. */
    io_write_full(r->fd >= 0 ? r->fd : terminal, line, strlen(line), NULL);
}

void
report_say(Report *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_line(r, r->quiet ? STDERR_FILENO : STDOUT_FILENO, format, args);
    va_end(args);
}

void
report_error(Report *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_line(r, STDERR_FILENO, format, args);
    va_end(args);
}
