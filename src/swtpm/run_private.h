/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_private - what run.c (a life from start to end) and run_open.c (what is
 * opened before it) share.
 */
#pragma once

#include "base/log.h"
#include "swtpm/ctrl.h"
#include "swtpm/data.h"
#include "swtpm/features.h"
#include "swtpm/options.h"
#include "swtpm/pcap.h"
#include "swtpm/sockets.h"

struct app {
    const struct swtpm_config *config;
    struct log_options log;
    struct file_options pid;
    gboolean pid_written;            /* else the file is another one's */
    struct locality_options locality;
    struct flag_options flags;
    struct migration_options migration;
    struct channel_options server, ctrl;
    struct pcap_options pcap;
    char *seccomp;

    struct sockets server_sockets, ctrl_sockets;
    StateKey *migration_key;
    Store *store;            /* NULL with --cocotpm, whose is not ours */
    Cocotpm *cocotpm;
    Engine *engine;
    Server *tpm;
    Data *data;
    Ctrl *control;
    Pcap *capture;
    struct power power;
    struct dispatch dispatch;

    GMainLoop *loop;
    int ready_fd;
    int signal_fd;
    Log *logger;             /* NULL: not open yet */
    gboolean connected;      /* commands come on a descriptor that cannot be connected to again */
    gboolean ctrl_shutdown;  /* CMD_SHUTDOWN was what ended us */
    gboolean failed;         /* something else than an end that was asked for */
};

/* The comma lists within the options, each read and all held against each other. */
gboolean app_read_options(struct app *a, GError **error);

/* In this order. */
gboolean app_open_log(struct app *a, GError **error);
gboolean app_open_sockets(struct app *a, GError **error);
gboolean app_open_state(struct app *a, GError **error);
gboolean app_open_capture(struct app *a, GError **error);
gboolean app_open_engine(struct app *a, GError **error);

/* The store of plain state alone, for --print-states. */
gboolean app_open_plain_store(struct app *a, GError **error);
Store *app_store(struct app *a);
