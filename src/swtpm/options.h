/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options - swtpm's command line: the rows of each interface, and of the comma
 * lists within.
 */
#pragma once

#include <glib.h>

#include "base/options.h"
#include "swtpm/settings.h"

const struct option_row *swtpm_rows(enum swtpm_interface interface);
char *swtpm_usage(enum swtpm_interface interface);

/* --server and --ctrl. */
struct channel_options {
    char *type;
    char *path;
    int port;                /* -1: not given; 0: the kernel finds one */
    char *bindaddr;
    char *ifname;
    int fd;                  /* -1: not given */
    int clientfd;
    guint mode;
    char *uid;
    char *gid;
    gboolean disconnect;
    gboolean terminate;
};
gboolean server_options_parse(const char *text, struct channel_options *ret, GError **error);
gboolean ctrl_options_parse(const char *text, struct channel_options *ret, GError **error);
void channel_options_clear(struct channel_options *o);

struct log_options {
    char *file;
    int fd;
    int level;
    char *prefix;
    gboolean truncate;
};
gboolean log_options_parse(const char *text, struct log_options *ret, GError **error);

struct file_options {
    char *file;
    int fd;
};
gboolean pid_options_parse(const char *text, struct file_options *ret, GError **error);

struct locality_options {
    gboolean reject_locality_4;
    gboolean allow_set_locality;
};
gboolean locality_options_parse(const char *text, struct locality_options *ret, GError **error);

struct flag_options {
    gboolean not_need_init;
    gboolean startup_clear;
    gboolean startup_state;
    gboolean startup_deactivated;
    gboolean startup_none;
    gboolean disable_auto_shutdown;
};
gboolean flag_options_parse(const char *text, struct flag_options *ret, GError **error);

struct migration_options {
    gboolean incoming;
    gboolean release_lock_outgoing;
};
gboolean migration_options_parse(const char *text, struct migration_options *ret, GError **error);

struct pcap_options {
    char *file;
    int fd;
    gboolean truncate;
    guint mode;
    gboolean checksums;
};
gboolean pcap_options_parse(const char *text, struct pcap_options *ret, GError **error);

/* "kill", "log" or "none", of --seccomp action=…; owned by the caller. */
char *seccomp_options_parse(const char *text, GError **error);
