/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm12_crypto - what taking ownership of a TPM 1.2 needs: RSA-OAEP with SHA-1
 * and the label "TCPA", and HMAC-SHA1 authorisation.
 */
#pragma once

#include <glib.h>

/* SHA-1 of the password (NULL: twenty zero bytes) under the EK, exponent 65537. */
gboolean tpm12_encrypt_password(const guint8 modulus[static 256], const char *password,
                                guint8 ret[static 256], GError **error);

struct tpm12_auth {
    const char *password;            /* NULL: twenty zero bytes */
    const guint8 *parameters;        /* from the ordinal on */
    gsize len;
    guint8 even[20];                 /* the TPM's nonce */
    guint8 odd[20];                  /* ours, made here */
    guint8 mac[20];                  /* made here */
};

gboolean tpm12_authorise(struct tpm12_auth *auth, GError **error);
