/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * localca - a certificate authority in a folder: root, signing key, issuer
 * certificate, serial numbers. Made when it is first needed, under a lock, each
 * file whole or not there, so that a process killed at any moment leaves a CA
 * that the next one completes.
 */
#pragma once

#include "swtpm_setup/conf.h"
#include "swtpm_setup/report.h"

struct localca {
    char *state_dir;
    char *signing_key;               /* file or URL */
    char *issuer_cert;
    char *serial_file;
    char *key_password;              /* NULL: none */
    char *parent_password;           /* NULL: none */
    const char *user;                /* who works with it, for messages */
};

/* @path: the configuration's, for messages. */
gboolean localca_open(const Conf *conf, const char *path, struct localca *ret, GError **error);
void localca_clear(struct localca *ca);

/* Makes what is missing. @root_password may be NULL. */
gboolean localca_prepare(const struct localca *ca, const char *root_password, Report *report,
                         GError **error);
/* A serial number that was never given before, in decimal; to be freed. */
char *localca_next_serial(const struct localca *ca, GError **error);
