/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * der - the little DER that GnuTLS does not read for us, through libtasn1 and
 * the module amd.asn. Strict DER; anything left over is an error.
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Der Der;

Der *der_new(GError **error);
void der_free(Der *der);

/* The length of the DER element at the start of @data; 0 when there is none. */
size_t der_element_size(const void *data, size_t len);

/* A signed object with exactly RSASSA-PSS, SHA-384, MGF1 with SHA-384, 48 bytes of salt. */
struct der_signed {
    gnutls_datum_t body;             /* inside the input */
    gnutls_datum_t signature;        /* inside the input */
};

gboolean der_signed_pss384(const Der *der, const gnutls_datum_t *in, struct der_signed *ret,
                           GError **error);

/* The same with ECDSA and SHA-256, as Intel's are. */
gboolean der_signed_ecdsa256(const Der *der, const gnutls_datum_t *in, struct der_signed *ret,
                             GError **error);

/* INTEGER from 0 to 255. */
gboolean der_byte(const Der *der, const gnutls_datum_t *in, uint8_t *ret, GError **error);
/* INTEGER from 0 to 65535. */
gboolean der_u16(const Der *der, const gnutls_datum_t *in, uint16_t *ret, GError **error);
/* IA5String of printable characters, 1 to @size - 1 of them. */
gboolean der_text(const Der *der, const gnutls_datum_t *in, char *ret, size_t size, GError **error);
/* OCTET STRING of exactly @len bytes. */
gboolean der_octets(const Der *der, const gnutls_datum_t *in, void *ret, size_t len,
                    GError **error);

/* SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, anything }: at most @max of them, no OID twice. */
struct der_pair {
    char oid[64];
    gnutls_datum_t value;            /* inside the input */
};

gboolean der_pairs(const Der *der, const gnutls_datum_t *in, struct der_pair *ret, size_t max,
                   size_t *ret_count, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Der, der_free)
