/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kinds - the kinds of certificate as a table.
 */
#pragma once

#include "swtpm_cert/cert.h"
#include "swtpm_cert/tcg.h"

#define CERT_NAMES_MAX 6

struct cert_kind {
    const char *type;                /* of --type */
    const char *purpose;             /* ExtendedKeyUsage */
    gboolean tpm2;                   /* for TPM 2, or for TPM 1.2 */
    gboolean specification;          /* says which specification the TPM keeps to */
    gboolean signs;                  /* a signature key */
    gboolean purpose_last;           /* ExtendedKeyUsage is the last extension, else the first */
    gboolean tpm_names;              /* what is in the alternative name */
    gboolean platform_names;
};

const struct cert_kind *cert_kind_find(const struct cert_config *config, GError **error);
/* At most CERT_NAMES_MAX, then the end of the list. */
gboolean cert_kind_names(const struct cert_kind *kind, const struct cert_config *config,
                         struct tcg_name *ret, GError **error);
