/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * binding - the certificate extension that says what an endorsement key of a
 * confidential TPM is bound to (tcg.asn, Binding). Without it an EK certificate
 * says who made a TPM; with it, what was attested of its making.
 */
#pragma once

#include <glib.h>

/* Of a UUID, by the arc that is for those; nobody else can have it. Not critical. */
#define BINDING_OID "1.2.840.113556.1.8000.2554.17216.48528.62782.18042.38770.6397068.14805661.1"
#define BINDING_DER_MAX 512

struct binding {
    guint8 uuid[16];                 /* of the instance */
    guint8 policy_digest[32];        /* SHA-256 of the policy that is sealed with it */
    guint32 flags;                   /* CLAIM_FLAG_*, such as recoverable */
    guint8 evidence[32];             /* SHA-256 of the endorsement in the TPM's NV memory */
};

GBytes  *binding_write(const struct binding *b, GError **error);
/* Strict DER of version 1, nothing left over. */
gboolean binding_parse(const void *der, gsize len, struct binding *ret, GError **error);
