/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settings - the command line of swtpm as structs: filled by options.c, changed
 * by nobody after. Texts of comma lists are parsed by those whom they concern.
 */
#pragma once

#include <glib.h>

enum swtpm_interface {
    SWTPM_SOCKET,
    SWTPM_CHARDEV,
    SWTPM_CUSE,
};

struct swtpm_config {
    enum swtpm_interface interface;
    gboolean tpm2;
    int port;                /* -1: not given */
    int fd;                  /* -1: not given */
    gboolean terminate;
    gboolean daemonize;
    char *server;
    char *ctrl;
    char *tpmstate;
    char *key;
    char *migration_key;
    char *log;
    char *locality;
    char *pid;
    char *flags;
    char *runas;
    char *chroot;
    char *seccomp;
    char *migration;
    char *profile;
    char *pcap;
    char *print_info;        /* NULL: not given */
    gboolean print_capabilities;
    gboolean print_states;
    gboolean print_profiles;
    gboolean help;
    gboolean version;

    char *chardev;           /* chardev only */
    gboolean vtpm_proxy;
    char *name;              /* cuse only */
    int major, minor;

    /* From the environment. */
    char *tpm_path;          /* TPM_PATH: the state's folder without --tpmstate */
    char *tpm_port;          /* TPM_PORT: the port of --server type=tcp without one */
    char *notify_socket;

    char *cocotpm;           /* the comma list of --cocotpm; NULL: plain swtpm */
};
