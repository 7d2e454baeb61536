/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cbc - the older primitives that swtpm's state format is made of. Nothing new
 * is built on them.
 */
#pragma once

#include "cocotransport/keys/crypto.h"

#define CBC_BLOCK 16

/* In place; AES-128 or -256 by the key's length; @len is a multiple of CBC_BLOCK. */
gboolean cbc_encrypt(const Secret *key, const uint8_t iv[static CBC_BLOCK], uint8_t *data,
                     size_t len, GError **error);
gboolean cbc_decrypt(const Secret *key, const uint8_t iv[static CBC_BLOCK], uint8_t *data,
                     size_t len, GError **error);

gboolean crypto_hmac_sha256(const Secret *key, const struct crypto_piece *pieces, size_t count,
                            uint8_t ret[static SHA256_SIZE], GError **error);

Secret *crypto_pbkdf2_sha512(const Secret *password, const void *salt, size_t salt_len,
                             unsigned rounds, size_t len, GError **error);
