/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * birth - what the owner of a new confidential TPM gets: secrets made here,
 * encrypted to the owner's key, and the birth statement that names them.
 */
#pragma once

#include "cocotransport/attest/policy.h"
#include "cocotransport/keys/secret.h"

#include <glib.h>

/*
 * The file of the secrets: JSON, each in base64, RSA-OAEP with SHA-256 and the
 * secret's name as label. @key: the owner's public key, PEM. NULL secrets are
 * left out.
 */
GBytes *delivery_write(GBytes *key, const Secret *psk, const Secret *recovery, GError **error);
/* Whether that key is the one of the policy: SHA-256 of its SubjectPublicKeyInfo. */
gboolean delivery_key_check(GBytes *key, const struct policy *policy, GError **error);

struct birth {
    const char *nonce;               /* hex, 32 to 64 bytes */
    const char *state;               /* the sealed file, for where it stands */
    const char *platform;            /* as given to provider_open(); NULL: auto */
    const char *certificate;         /* file of the VEK certificate; NULL: the platform's */
    const guint8 *uuid;
    const struct policy *policy;
    gboolean recoverable;
    GPtrArray *eks;                  /* GBytes of TPMT_PUBLIC */
    GBytes *delivery;                /* NULL: nothing was delivered */
};

/* A bundle (cocotpm-bundle(5)) without a quote, to be freed. */
char *birth_write(const struct birth *birth, const guint8 lineage[static 16], GError **error);
