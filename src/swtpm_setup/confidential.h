/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * confidential - --cocotpm: what a sealed state is made of, and how it gets to
 * the swtpm that makes it (cocotransport/seal/provision.h).
 */
#pragma once

#include "cocotransport/seal/provision.h"
#include "swtpm_setup/made.h"

#include <glib.h>

typedef struct Confidential Confidential;

/*
 * MAKE: reads policy and secrets, makes what the policy wants made. Else: the secrets that the
 * action on a state needs. @text as given to --cocotpm.
 */
Confidential *confidential_new(const char *text, enum provision_action action, GError **error);
void confidential_free(Confidential *c);         /* NULL is fine */

/* Whether this is a change of policy that its owner has signed. */
gboolean confidential_changes(const Confidential *c);
/* After it: from now on these are the words that open the TPM to renew its evidence. */
gboolean confidential_renew(Confidential *c, GError **error);
/* Where such a TPM stands: its lineage in hex, and " recovered" behind it when that is so. */
gboolean confidential_set_standing(Confidential *c, const char *words, GError **error);

/* What swtpm's own --cocotpm gets beside provision=FD ("platform=…"); borrowed. */
const char *confidential_words(const Confidential *c);
/* The descriptor that carries it all; borrowed. */
int confidential_fd(const Confidential *c);

/* Secrets made here go to their file; before the state becomes real, since it is useless without. */
gboolean confidential_deliver(const Confidential *c, GError **error);

/* Of a TPM whose keys are made; what the birth statement names afterwards. @nonce may be NULL. */
gboolean confidential_endorse(Confidential *c, const char *nonce, GPtrArray *eks, GError **error);
/* The TPM's NV memory holds these, in this order; NULL: there is none. All borrowed. */
enum { EVIDENCE_PARTS = 3 };
struct confidential_part {
    const char *role;                /* "evidence", … */
    guint32 index;
    GBytes *bytes;
};
void confidential_evidence(const Confidential *c, struct confidential_part ret[EVIDENCE_PARTS]);

struct confidential_birth {
    const char *dir;                 /* of the state, which is whole */
    const char *nonce;               /* hex */
    const char *path;                /* where the statement goes */
    GPtrArray *eks;                  /* GBytes of TPMT_PUBLIC */
};
gboolean confidential_state_birth(const Confidential *c, const struct confidential_birth *in,
                                  GError **error);

/* UUID and policy digest. */
void confidential_report(const Confidential *c, struct made *made);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Confidential, confidential_free)
