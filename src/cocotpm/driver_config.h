/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_config - the driver's command line, and what it names, loaded: policy,
 * certificates of its roots, secret, platform.
 */
#pragma once

#include "cocotpm/driver_session.h"
#include "cocotpm/program.h"

struct driver_config {
    struct program_config program;   /* first */
    char *link, *policy, *id;
    char *psk_file;
    int psk_fd;
    char *platform;
    char *server, *ctrl;
    gboolean vtpm_proxy;
    char *ima;                       /* "": the kernel's list */
    char *other_tpm;                 /* beside the carrier */
    char *eventlog;
    char *evidence;                  /* socket for cocotpm-bundle */
    char *receipt;
    char *resume;
    char *check_receipt;             /* ask the running driver and end */
    char *check_socket;
    gboolean keep_evidence;
    char *on_loss;
    guint timeout;
};

extern const struct option_row driver_rows[];

/* Defaults; before the command line is parsed. */
void driver_config_init(struct driver_config *c);
/* What contradicts itself, in the words the user typed. */
gboolean driver_config_check(const struct driver_config *c, GError **error);

/* --id */
gboolean driver_config_uuid(const struct driver_config *c, guint8 ret[static 16], GError **error);

/* Everything the command line names, opened. */
struct driver_setup {
    struct link_address link;
    struct link_address data, control;
    enum driver_loss on_loss;
    struct policy *policy;
    Secret *psk;
    Provider *provider;
    struct attach_client_config attach;
};

gboolean driver_setup_load(const struct driver_config *c, struct driver_setup *ret,
                           GError **error);
void driver_setup_clear(struct driver_setup *s);
