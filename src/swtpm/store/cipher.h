/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cipher - keys for swtpm's format: AES-CBC, encrypt then MAC. Kept in a
 * library of its own, so that a swtpm without a key loads no GnuTLS.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "swtpm/store/format.h"

/* 16 or 32 bytes; takes the key. NULL is passed on: why there is none was told. */
StateKey *state_key_new(Secret *key, GError **error);
