/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * envelope - the cryptography of a sealed file: a fresh DEK for every write,
 * wrapped in each slot by a KEK that encrypts once, and the body under it.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "cocotransport/seal/header.h"

/* Borrowed; what is NULL is not there. */
struct seal_keys {
    const Secret *chip;                  /* what the platform derived */
    const Secret *owner;                 /* given: slot 3 in place of slot 1 */
    const Secret *recovery;              /* given: a slot 2 as well */
};

/*
 * Opens @file by its chip slot, or by its recovery slot when only that key is
 * given. DENIED when no slot or the body does not open.
 */
Secret *envelope_open(const void *file, size_t len, const struct seal_keys *keys,
                      struct sealed_header *ret_header, GError **error);

/* Of @header the derivation, UUID, digest, epoch, generation and previous hash count. */
GBytes *envelope_write(const struct sealed_header *header, const struct seal_keys *keys,
                       const Secret *body, GError **error);

/* The chain hash of a file: SHA-256(previous, header, sealed body). */
gboolean envelope_chain(const void *file, size_t len, guint8 ret[static 32], GError **error);
