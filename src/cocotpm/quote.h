/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quote - TPM structures of a quote (TPM 2.0 Part 2), read by tpm2-tss's
 * marshalling, and signatures checked with GnuTLS.
 */
#pragma once

#include <glib.h>
#include <tss2/tss2_tpm2_types.h>

#define TPM_NAME_MAX 66

/* All of the bytes have to be one TPMT_PUBLIC. */
gboolean tpm_public_parse(const void *data, gsize len, TPMT_PUBLIC *ret, GError **error);
/* The name of a public area: algorithm and digest (Part 1, 16). @ret_len: 34, 50 or 66. */
gboolean tpm_public_name(const void *data, gsize len, guint8 ret[static TPM_NAME_MAX],
                         gsize *ret_len, GError **error);

/* A key that signs nothing but what its TPM made, cannot leave it, and was made in it. */
gboolean tpm_public_is_ak(const TPMT_PUBLIC *key, GError **error);
/* A restricted decryption key that cannot leave its TPM. */
gboolean tpm_public_is_ek(const TPMT_PUBLIC *key, GError **error);

/* Its SubjectPublicKeyInfo, DER. */
GBytes *tpm_public_spki(const TPMT_PUBLIC *key, GError **error);

struct quote {
    GBytes *attest_bytes;
    TPMS_ATTEST attest;
    TPMT_SIGNATURE signature;
};

/* TPMS_ATTEST of type quote with the TPM's magic, and TPMT_SIGNATURE; nothing left over. */
gboolean quote_parse(GBytes *attest, GBytes *signature, struct quote *ret, GError **error);
/* A bare RSASSA signature with SHA-256, as Azure's blobs have it. */
gboolean quote_parse_attest(GBytes *attest, struct quote *ret, GError **error);
void     quote_clear(struct quote *q);

gboolean quote_verify(const struct quote *q, const TPMT_PUBLIC *key, GError **error);
gboolean quote_verify_rsa(const struct quote *q, const void *modulus, gsize modulus_len,
                          const void *exponent, gsize exponent_len, GBytes *signature,
                          GError **error);

gboolean quote_selects(const struct quote *q, guint pcr);
/* The hash algorithm (TPM_ALG_ID) that the quote's signature and its PCR digest use. */
guint16  quote_hash(const struct quote *q);

/* One call of GnuTLS by TPM_ALG_ID; the length of the digest, 0 for an unknown algorithm. */
gsize tpm_hash(guint16 alg, const void *data, gsize len, guint8 ret[static 64]);
