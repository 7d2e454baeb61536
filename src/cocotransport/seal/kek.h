/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kek - the key-encryption keys of a sealed file's slots. The slot's random
 * bytes and the generation enter each, so every KEK encrypts exactly once and
 * its nonce may be zero.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "cocotransport/seal/header.h"

/*
 * Slot 1: @key is what the platform derived. Slot 3: with @owner after it.
 * Slot 2: @key is the recovery secret, @owner NULL.
 */
Secret *kek_derive(const struct sealed_header *header, const struct seal_slot *slot,
                   const Secret *key, const Secret *owner, GError **error);
