/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * certificate - the certificates of an attestation key: a VCEK or VLEK, its
 * signer (ASK, ASVK) and the root (ARK), as AMD 57230 lays them out. Parsing
 * and single questions; what the answers have to be is judged in verify.
 */
#pragma once

#include "cocotransport/attest/der.h"
#include "cocotransport/attest/report.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <time.h>

#define CERTIFICATE_MAX 8192         /* bytes of one */
#define CHAIN_MAX 65536              /* bytes of a bundle */
#define CHAIN_COUNT 16               /* certificates in it */

typedef struct certificate certificate_t;

struct certificate {
    GBytes *der;
    gnutls_x509_crt_t crt;
    gnutls_pubkey_t key;
    char *subject;                   /* its common name; "" for none */
    gboolean self_issued;
    guint8 root_spki[32];            /* of a self-issued one: see certificate_spki_sha256() */
    time_t from, until;
};

/* The first of certificates_parse(); all have to be readable. */
struct certificate *certificate_parse(GBytes *in, GError **error);
/* At least one, PEM or DER, one after the other. */
GPtrArray *certificates_parse(GBytes *in, GError **error);
void certificate_free(struct certificate *c);

/* The issuer's common name, as subject; few ask, so it is read when they do. */
char *certificate_issuer(const struct certificate *c);
/* SHA-256 of the SubjectPublicKeyInfo, which is what roots are pinned by. */
gboolean certificate_spki_sha256(const struct certificate *c, guint8 ret[static 32],
                                 GError **error);
/* By its basic constraints alone. */
gboolean certificate_is_ca(const struct certificate *c);
/* It may sign certificates, by its basic constraints and its key usage; @below: authorities too. */
gboolean certificate_is_authority(const struct certificate *c, gboolean below);
/* Every critical extension is one that certificate_is_authority() looks at (RFC 5280, 4.2). */
gboolean certificate_critical_known(const struct certificate *c);
gboolean certificate_in_date(const struct certificate *c, time_t now);
/* Names match, the issuer has an RSA key of 4096 bits, and the signature is PSS as AMD makes it. */
gboolean certificate_signed_by(const Der *der, const struct certificate *c,
                               const struct certificate *issuer, GError **error);
/* The same for anything signed, names not asked. */
gboolean certificate_verify_pss384(const Der *der, const struct certificate *issuer,
                                   const gnutls_datum_t *object, GError **error);
gboolean certificate_is_p384(const struct certificate *c);
/* ECDSA over the SHA-384 of @data; r and s are big-endian. */
gboolean certificate_verify_p384(const struct certificate *c, const void *data, size_t len,
                                 const guint8 r[static 48], const guint8 s[static 48],
                                 GError **error);

/* The extensions under 1.3.6.1.4.1.3704.1. */
struct vek_extensions {
    gboolean has_struct_version, has_product, has_hwid, has_csp_id;
    gboolean has_fmc, has_bootloader, has_tee, has_snp, has_microcode, has_reserved;
    guint8 struct_version;
    char product[32];                /* "Milan-B0" */
    struct snp_tcb tcb;
    guint8 reserved_spl[4];          /* spl4 to spl7; 0 where absent */
    guint8 hwid[64];
    size_t hwid_len;                 /* 64, or 8 on Turin */
    char csp_id[128];
};

/* Fails on what is malformed or there twice; what has to be there is not asked here. */
gboolean vek_extensions_parse(const Der *der, const struct certificate *c,
                              struct vek_extensions *ret, GError **error);

/* Intel's extension of a PCK certificate: what the platform is, and the TCB its key is for. */
struct pck_extensions {
    guint8 fmspc[6];
    guint8 pce_id[2];
    guint8 components[16];           /* SGX TCB component SVNs */
    guint16 pce_svn;
};

gboolean pck_extensions_parse(const Der *der, const struct certificate *c,
                              struct pck_extensions *ret, GError **error);

/* A CRL, PEM or DER: signed by @issuer as certificates are, in date, none of @subjects in it. */
typedef struct crl crl_t;

struct crl *crl_parse(GBytes *in, GError **error);
void crl_free(struct crl *crl);
gboolean crl_signed_by(const Der *der, const struct crl *crl, const struct certificate *issuer,
                       GError **error);
/* The same for Intel's, which are signed with ECDSA. */
gboolean crl_signed_by_ecdsa(const Der *der, const struct crl *crl,
                             const struct certificate *issuer, GError **error);
gboolean crl_in_date(const struct crl *crl, time_t now);
gboolean crl_names(const struct crl *crl, const struct certificate *c);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(certificate_t, certificate_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(crl_t, crl_free)
