/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attested - a request for EK certificates that is a birth statement: nothing
 * is certified that the statement, judged by the CA's policy over the CA's
 * nonce, does not say.
 */
#pragma once

#include "cocotpm/bundle.h"
#include "swtpm_cert/binding.h"

struct attested_config {
    const char *request;             /* a bundle (cocotpm-bundle(5)) */
    const char *policy;              /* a driver's policy: who the TPM's VM has to be */
    const char *nonce;               /* the CA's own, hex */
    const char *chain;               /* NULL: AMD's, built in */
    char **argv;                     /* the whole command, for the program that can read it */
};

struct attested_key {
    char *name;                      /* "rsa2048", "secp384r1" */
    char *spki;                      /* SubjectPublicKeyInfo, hex */
};

struct attested {
    char *uuid;
    struct binding binding;
    guint count;
    struct attested_key keys[EK_NAMES_MAX];
};

/* swtpm_localca itself hands over here, and comes back only when it cannot. */
gboolean attested_read(const struct attested_config *config, struct attested *ret, GError **error);
void attested_clear(struct attested *a);
