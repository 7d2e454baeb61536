/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * program - what the driver and the relay have in common: --log, --pid, going
 * to the background, stopping on a signal.
 */
#pragma once

#include "base/log.h"
#include "base/options.h"
#include "cocotransport/link/link.h"

#include <glib.h>

/* First member of each program's config. */
struct program_config {
    gboolean help, version, daemon;
    char *log, *pid;
};

#define PROGRAM_ROWS(config) \
    { "log", 0, OPTION_STRING, offsetof(config, program.log), \
      "file=FILE|fd=N[,level=N][,prefix=TEXT][,truncate]", "where messages go, and how many" }, \
    { "pid", 0, OPTION_STRING, offsetof(config, program.pid), "file=FILE|fd=N", \
      "write the process id once everything serves" }, \
    { "daemon", 'd', OPTION_FLAG, offsetof(config, program.daemon), NULL, \
      "go to the background once everything serves" }, \
    { "help", 'h', OPTION_FLAG, offsetof(config, program.help), NULL, "show this text" }, \
    { "version", 'V', OPTION_FLAG, offsetof(config, program.version), NULL, "show the version" }

/* --log FILE and --pid FILE are opened here; the daemon's parent waits from here on. */
typedef struct Program Program;

/* Parses the command line into @config and starts the program's surroundings. NULL with @error;
 * exits after --help and --version. @synopsis stands at the top of --help. */
Program *program_start(const char *name, const char *synopsis, const struct option_row *rows,
                       int argc, char **argv, struct program_config *config, GError **error);
/* systemd's NOTIFY_SOCKET, which main() finds in the environment; NULL: none. */
void program_notify(Program *p, const char *socket);
/* Everything serves: pid file, the waiting parent, systemd. */
gboolean program_ready(Program *p, GError **error);
/* Runs the main loop until program_stop() or SIGTERM, SIGINT, SIGHUP. */
void program_run(Program *p);
/* What to do at a signal instead of stopping at once. */
void program_on_signal(Program *p, void (*stop)(gpointer), gpointer data);
void program_stop(Program *p);
void program_free(Program *p);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Program, program_free)

/* "type=unixio,path=P[,mode=M]" or "type=tcp,port=N[,bindaddr=A]", as swtpm's --server and --ctrl. */
gboolean program_socket_parse(const char *option, const char *text, struct link_address *ret,
                              GError **error);
