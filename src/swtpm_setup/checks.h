/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * checks - what is judged before a TPM is touched, in the order and the words
 * of swtpm_setup.
 */
#pragma once

#include "swtpm_setup/command.h"

/* The TPM program and what it says it can do. */
struct tpm_program {
    char **argv;                     /* "…/swtpm", "socket" */
    char *capabilities;              /* its JSON line; NULL: not asked yet */
};

gboolean check_program(const struct setup_config *config, struct tpm_program *ret, GError **error);
/*
 * Whether it knows TPMs of this version: a process more, so it is asked only
 * where it matters. A TPM that runs is an answer, too.
 */
gboolean check_version(const struct setup_config *config, struct tpm_program *program,
                       GError **error);
void tpm_program_clear(struct tpm_program *program);

/* Options that want or forbid each other. */
gboolean check_combinations(const struct setup_config *config, GError **error);

/* Largest RSA EK the program can make; what --rsa-keysize means for it. */
gboolean check_rsa_keysize(const struct setup_config *config, struct tpm_program *program,
                           guint *ret, GError **error);

/* The folder for certificates is there, before a TPM is made. */
gboolean check_cert_folder(const struct setup_config *config, const char *user, GError **error);

/* Text of --key for the program, or NULL in @ret; and the descriptor it needs, or -1. */
gboolean check_key(const struct setup_config *config, const char *user, char **ret, int *ret_fd,
                   GError **error);
