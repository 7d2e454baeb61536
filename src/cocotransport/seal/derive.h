/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * derive - the platform's key for what a header or an option asks for. What may
 * be asked is clamp's to say, before.
 */
#pragma once

#include "cocotransport/attest/provider.h"
#include "cocotransport/keys/secret.h"
#include "cocotransport/seal/header.h"

/* 32 bytes; NULL when the platform gives none, or one of zeroes. */
Secret *seal_derive(Provider *provider, const struct seal_derivation *key, GError **error);
