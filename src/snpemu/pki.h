/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki - the emulator's own ARK, ASK and ASVK, made once in a folder, with the
 * names, algorithms and extensions of AMD's ("VCEK and VLEK Certificate and KDS
 * Interface Specification") and the word "emulated" in their subject.
 */
#pragma once

#include "cocotransport/attest/report.h"
#include "cocotransport/keys/secret.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

enum pki_authority { PKI_ARK, PKI_ASK, PKI_ASVK, PKI_AUTHORITIES };

struct authority {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

typedef struct pki pki_t;

struct pki {
    char *folder;
    enum snp_product product;
    struct authority authorities[PKI_AUTHORITIES];
    Secret *secret;                  /* VLEK seeds follow from it: one CSP, many chips */
};

/* A versioned endorsement key: signs reports. */
struct vek {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

/* What a VEK certificate says: of a chip (VCEK) or, with @csp_id, of a provider (VLEK). */
struct vek_subject {
    enum snp_product product;
    struct snp_tcb tcb;
    const uint8_t *chip_id;
    const char *csp_id;
    gboolean expired;
};

/* Loads what the folder has and makes what it lacks; processes take turns. */
struct pki *pki_open(const char *folder, enum snp_product product, GError **error);
/* The ASVK, which only a VLEK needs: a third RSA key costs seconds. */
gboolean pki_need_asvk(struct pki *p, GError **error);
void pki_free(struct pki *p);

/* SHA-256 of the ARK's SubjectPublicKeyInfo: what a policy pins. */
gboolean pki_pin(const struct pki *p, uint8_t ret[static 32], GError **error);

/* The key in @key_path (made when it is not there; NULL: only in memory) and a certificate. */
struct vek *vek_open(const struct pki *p, const struct vek_subject *subject, const char *key_path,
                     GError **error);
void vek_free(struct vek *v);

/* In the slots of a report: r and s, 72 bytes each, little-endian, then zeroes. */
gboolean vek_sign(const struct vek *v, const void *data, size_t len, uint8_t ret[static 512],
                  GError **error);

/* A big number without a sign into 72 bytes, little-endian; FALSE when it has over 48. */
gboolean number_little(const gnutls_datum_t *n, uint8_t ret[static 72]);

/* DER and PEM of a certificate. */
GBytes *certificate_der(gnutls_x509_crt_t certificate, GError **error);
GBytes *certificate_pem(gnutls_x509_crt_t certificate, GError **error);

/* The AMD extensions of a VEK (vek_extensions.c). */
gboolean vek_extensions_add(gnutls_x509_crt_t certificate, const struct vek_subject *subject,
                            GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pki_t, pki_free)
