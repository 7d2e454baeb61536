/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * program - the surroundings of cocotpm-driver and cocotpm-relay.
 */
#include "config.h"

#include "cocotpm/program.h"

#include "base/daemon.h"
#include "base/error.h"
#include "cocotransport/link/socket.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Program {
    GMainLoop *loop;
    char *pid_file;
    int pid_fd;
    gboolean pid_written;            /* else the file is another one's */
    int ready_fd;
    const char *notify;              /* systemd's socket */
    void (*stop)(gpointer);
    gpointer stop_data;
};

#define LOG_ROW(name, kind, field, help) \
    { name, 0, kind, offsetof(struct log_config, field), "", help }

static const struct option_row log_rows[] = {
    LOG_ROW("file", OPTION_STRING, file, "file to append to"),
    LOG_ROW("fd", OPTION_FD, fd, "descriptor to write to"),
    LOG_ROW("level", OPTION_INT, level, "0 nothing to 4 everything"),
    LOG_ROW("prefix", OPTION_STRING, prefix, "in front of each line"),
    LOG_ROW("truncate", OPTION_FLAG, truncate, "empty the file first"),
    { 0 }
};

struct pid_config {
    char *file;
    int fd;
};

static const struct option_row pid_rows[] = {
    { "file", 0, OPTION_STRING, offsetof(struct pid_config, file), "", "pid file" },
    { "fd", 0, OPTION_FD, offsetof(struct pid_config, fd), "", "descriptor" },
    { 0 }
};

struct socket_config {
    struct link_socket at;
};

static const struct option_row socket_rows[] = {
    LINK_SOCKET_ROWS(struct socket_config, "unixio|tcp"),
    { 0 }
};

static gboolean
open_log(const char *text, GError **error)
{
    struct log_config config = { .fd = -1, .level = 2 };
    gboolean good = !text || suboptions_parse(log_rows, "--log", text, &config, error);

    good = good && log_open(&config, error);
    options_clear(log_rows, &config);
    return good;
}

static gboolean
take_pid(Program *p, const char *text, GError **error)
{
    struct pid_config config = { .fd = -1 };

    if (!text)
        return TRUE;
    if (!suboptions_parse(pid_rows, "--pid", text, &config, error)) {
        options_clear(pid_rows, &config);
        return FALSE;
    }
    p->pid_file = config.file;
    p->pid_fd = config.fd;
    if (!p->pid_file && p->pid_fd < 0)
        return error_malformed(error, "--pid: file= or fd= is needed");
    return TRUE;
}

gboolean
program_socket_parse(const char *option, const char *text, struct link_address *ret, GError **error)
{
    struct socket_config c = { .at = LINK_SOCKET_NONE };
    const gboolean good = suboptions_parse(socket_rows, option, text, &c, error) &&
                          link_socket_address(&c.at, option, FALSE, ret, error);

    options_clear(socket_rows, &c);
    return good;
}

static void
show_help(const char *name, const char *synopsis, const struct option_row *rows)
{
    g_autofree char *lines = options_help(rows);

    printf("Usage: %s %s\n\n%s", name, synopsis, lines);
}

Program *
program_start(const char *name, const char *synopsis, const struct option_row *rows, int argc,
              char **argv, struct program_config *config, GError **error)
{
    g_autoptr(Program) p = g_new0(Program, 1);

    p->pid_fd = p->ready_fd = -1;
    if (!options_parse(rows, argc, argv, config, NULL, error))
        return NULL;
    if (config->help)
        show_help(name, synopsis, rows);
    if (config->version)
        printf("%s version %s\n", name, PACKAGE_VERSION);
    if (config->help || config->version)
        exit(EXIT_SUCCESS);

    if (!open_log(config->log, error) || !take_pid(p, config->pid, error))
        return NULL;
    if (config->daemon && !daemon_start(&p->ready_fd, error))
        return NULL;
    signal(SIGPIPE, SIG_IGN);
    p->loop = g_main_loop_new(NULL, FALSE);
    return g_steal_pointer(&p);
}

void
program_notify(Program *p, const char *socket)
{
    p->notify = socket;
}

gboolean
program_ready(Program *p, GError **error)
{
    if ((p->pid_file || p->pid_fd >= 0) && !pidfile_write(p->pid_file, p->pid_fd, error))
        return FALSE;
    p->pid_written = TRUE;
    daemon_ready(&p->ready_fd);
    daemon_notify(p->notify, "READY=1");
    return TRUE;
}

static gboolean
on_signal(gpointer data)
{
    Program *p = data;

    if (p->stop)
        p->stop(p->stop_data);
    else
        program_stop(p);
    return G_SOURCE_CONTINUE;
}

void
program_on_signal(Program *p, void (*stop)(gpointer), gpointer data)
{
    p->stop = stop;
    p->stop_data = data;
}

void
program_run(Program *p)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
    guint sources[G_N_ELEMENTS(signals)];

    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        sources[i] = g_unix_signal_add(signals[i], on_signal, p);
    g_main_loop_run(p->loop);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(sources[i]);
}

void
program_stop(Program *p)
{
    g_main_loop_quit(p->loop);
}

void
program_free(Program *p)
{
    if (!p)
        return;
    if (p->pid_written)
        pidfile_remove(p->pid_file);
    g_clear_pointer(&p->loop, g_main_loop_unref);
    g_free(p->pid_file);
    g_free(p);
}
