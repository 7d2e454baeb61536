/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * birth - what the owner of a new confidential TPM gets: secrets made here,
 * encrypted to the owner's key, and the birth statement that names them; and
 * what the TPM itself keeps for everybody, the endorsement.
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
    const char *nonce;               /* hex, 32 to 64 bytes; NULL: a random one */
    const char *state;               /* the sealed file, for where it stands */
    const char *platform;            /* as given to provider_open(); NULL: auto */
    const char *certificate;         /* file of the VEK certificate; NULL: the platform's */
    const guint8 *uuid;
    const struct policy *policy;
    gboolean recoverable, recovered;
    GPtrArray *eks;                  /* GBytes of TPMT_PUBLIC */
    GBytes *delivery;                /* NULL: nothing was delivered */
    GBytes *evidence;                /* the endorsement's statement; NULL: none was stored */
};

/*
 * What binds the endorsement keys and the policy to a report of this VM. No
 * report, no error: the platform makes none. No certificate: the platform has
 * none, and whoever relies on the report gets it from the maker.
 */
struct endorsement {
    GBytes *statement;
    GBytes *report;                  /* NULL: nothing vouches */
    GBytes *certificate;             /* NULL: not known here */
};
gboolean endorsement_make(const struct birth *birth, const guint8 lineage[static 16],
                          struct endorsement *ret, GError **error);
void endorsement_clear(struct endorsement *e);

/* A bundle (cocotpm-bundle(5)) without a quote, to be freed. */
char *birth_write(const struct birth *birth, const guint8 lineage[static 16], GError **error);
