/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pubkey - public keys in PEM: which one it is, and what it signed.
 */
#pragma once

#include <glib.h>
#include <gnutls/abstract.h>
#include <stdint.h>

/* What gnutls_pubkey_t points to, for g_autoptr. */
typedef struct gnutls_pubkey_st pubkey_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pubkey_t, gnutls_pubkey_deinit)

/* SHA-256 of its SubjectPublicKeyInfo, which is how policies name a key. */
gboolean pubkey_id(GBytes *pem, uint8_t ret[static 32], GError **error);

/*
 * A signature with SHA-256 over @text, as `openssl dgst -sha256 -sign` makes
 * it: RSA with PKCS #1 1.5, ECDSA. DENIED when it is not good.
 */
gboolean pubkey_verify(GBytes *pem, const char *text, GBytes *signature, GError **error);
