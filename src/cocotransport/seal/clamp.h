/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clamp - what a header may ask the platform for. Judged before any key is
 * asked, since a host that could choose would have a new image open a state
 * that a broken old firmware or image forged.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "cocotransport/seal/header.h"

#include <stdbool.h>

/* This VM as its own report shows it, and the floors that its image carries. */
struct seal_platform {
    guint8   source;                     /* enum seal_source */
    guint8   vmpl;
    guint32  svn;                        /* GUEST_SVN of the report */
    guint64  tcb;                        /* COMMITTED_TCB of the report, raw */
    gboolean author_key;                 /* AUTHOR_KEY_EN */
    guint64  tcb_floor;
    guint32  svn_floor;
};

/* What this VM asks for when it seals now. DENIED for signer without an author key. */
gboolean seal_derivation_now(const struct seal_platform *platform, enum seal_bind bind,
                             struct seal_derivation *ret, GError **error);

/* Whether a key as @key says may be asked for at all. */
gboolean seal_clamp(const struct seal_derivation *key, const struct seal_platform *platform,
                    GError **error);
/* Once the body is open: what the policy wants as well. */
gboolean seal_clamp_policy(const struct seal_derivation *key, enum seal_bind bind,
                           guint64 tcb_floor, guint32 svn_floor, GError **error);

/*
 * Component-wise: a TCB_VERSION has one component a byte in every product's
 * layout, and zeroes between, so bytes are compared and no layout is needed.
 */
bool tcb_bytes_at_least(guint64 a, guint64 b);

/* "measurement", "signer"; "neither" for other fields. */
const char *seal_bind_name(guint64 fields);
