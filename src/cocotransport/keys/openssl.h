/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * openssl - what GnuTLS 3.7 lacks, by libcrypto, which libtpms loads anyway: RSA-OAEP.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The library reads no configuration, which could name objects to load (OPENSSL_CONF). Before it is
 * used for anything else.
 */
gboolean openssl_without_config(GError **error);

enum oaep_hash {
    OAEP_SHA1,               /* TPM 1.2 knows nothing else */
    OAEP_SHA256,
};

/* With a modulus and the exponent 65537; @ret has @modulus_len bytes. */
gboolean oaep_encrypt_raw(const uint8_t *modulus, size_t modulus_len, enum oaep_hash hash,
                          const void *label, size_t label_len, const void *plain, size_t len,
                          uint8_t *ret, GError **error);

/* With a PEM public key of RSA, 2048 to 4096 bits. */
GBytes *oaep_encrypt_pem(const void *pem, size_t pem_len, enum oaep_hash hash, const void *label,
                         size_t label_len, const void *plain, size_t len, GError **error);
