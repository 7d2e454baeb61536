/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run - one run of swtpm_setup on a state, from its options to what is printed.
 */
#pragma once

#include "swtpm_setup/checks.h"
#include "swtpm_setup/place.h"
#include "swtpm_setup/setup.h"

/* All that one run owns. */
struct run {
    struct setup_config config;
    char **env;
    char *user;
    char *group;
    struct tpm_program program;
    Place *place;
    char *key;                       /* text of --key */
    int key_fd;
    GError *no_child;                /* why there is none; NULL: there is */
    struct setup setup;
};

/* Refers to itself: stays where it is until run_clear(). */
void run_init(struct run *r);
void run_clear(struct run *r);

/* All that can be judged and read before there is a TPM; for run_asked(). @ret_done: a state is
 * there, and that is no error. */
gboolean run_prepare(struct run *r, gboolean *ret_done, GError **error);
/* What the options ask for. FALSE: it was said why. */
gboolean run_asked(struct run *r);
