/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provision - what swtpm_setup hands to `swtpm socket --cocotpm provision=FD`
 * over that descriptor: everything that the sealed state is made of. Written
 * and read here; {u16 type, u32 length, value}, ascending, each once.
 */
#pragma once

#include "cocotransport/keys/secret.h"

#include <glib.h>

#define PROVISION_MAX (256u * 1024)

enum provision_action {
    PROVISION_MAKE = 1,                  /* a new instance; SHUTDOWN on the control channel makes it real */
    PROVISION_RECOVER = 2,               /* an existing state is opened by its recovery secret */
    PROVISION_CHANGE_POLICY = 3,         /* an existing state gets the policy given here, if its
                                            owner signed that; else prints what to sign */
    PROVISION_INSPECT = 4,               /* prints what a state says of itself as JSON, and ends */
    PROVISION_INSPECT_TEXT = 5,          /* the same in words */
    PROVISION_RENEW = 6,                 /* an existing state under the policy given here is served
                                            once more; prints its lineage, and
                                            " recovered" if it was */
};

typedef struct provision provision_t;

struct provision {
    enum provision_action action;
    guint8  uuid[16];
    guint8  lineage[16];                 /* MAKE: random; in the birth statement */
    GBytes *policy;                      /* the instance's policy file, byte for byte */
    GBytes *chain;                       /* certificates of roots given by file; NULL: none */
    Secret *psk;                         /* link secret, 32 bytes; NULL: bootstrap */
    Secret *owner;                       /* owner secret, as it is now; NULL: none */
    Secret *recovery;                    /* recovery secret, 32 bytes; NULL: not recoverable */
    Secret *witness_key;                 /* PEM; NULL: no witness */
    GBytes *witness_certificate;
    GBytes *owner_key;                   /* CHANGE_POLICY: the owner's public key, PEM */
    GBytes *signature;                   /* CHANGE_POLICY: by it; NULL: what to sign is asked */
    Secret *new_owner;                   /* CHANGE_POLICY: the owner secret from then on */
};

gboolean provision_parse(const Secret *data, struct provision *ret, GError **error);
Secret  *provision_write(const struct provision *p, GError **error);
void     provision_clear(struct provision *p);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(provision_t, provision_clear)
