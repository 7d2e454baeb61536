/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * setup - one run of swtpm_setup: what was asked for, what it works with, what
 * it made. The steps of TPM 2 and TPM 1.2 work on it.
 */
#pragma once

#include "swtpm_setup/certs.h"
#include "swtpm_setup/child.h"
#include "swtpm_setup/command.h"
#include "swtpm_setup/confidential.h"
#include "swtpm_setup/made.h"
#include "swtpm_setup/report.h"
#include "swtpm_setup/tpm2.h"

struct setup {
    const struct setup_config *config;
    Report *report;
    Conf *conf;                      /* NULL: none was needed */
    Child *child;
    Confidential *confidential;      /* NULL: a plain TPM */
    struct cert_facts facts;

    char *pcr_banks;                 /* "sha256,…"; "-": leave all */
    const struct key_algorithm *spk;     /* --ecc or --rsa-keysize */
    const struct key_algorithm *ek[2];
    const struct key_algorithm *iak;     /* NULL: none */
    const struct key_algorithm *idevid;  /* NULL: none */

    Tpm2 *tpm;                       /* TPM 2 only */
    gboolean platform_certified;
    GPtrArray *ek_publics;           /* GBytes of TPMT_PUBLIC, of each EK made */
    struct made made;
    GPtrArray *imports;              /* --import-ek-cert, and nothing else; NULL: no */
};

/* A running TPM 2: keys, certificates, banks. */
gboolean setup_tpm2(struct setup *s, GError **error);
/* What binds keys and policy to a report goes into the NV memory; @renew: in place of what is there. */
gboolean setup_evidence(struct setup *s, gboolean renew, GError **error);
/* A running TPM 1.2. */
gboolean setup_tpm12(struct setup *s, GError **error);
