/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crl - a revocation list (RFC 5280, section 5). All VCEKs carry serial number
 * 0, so only ASK, ASVK and the root itself can be in the ARK's; Intel's root and
 * PCK authorities have one each.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/keys/crypto.h"

#define CRL_MAX 65536
#define CRL_ENTRIES_MAX 4096

struct crl {
    GBytes *der;
    gnutls_x509_crl_t handle;
};

void
crl_free(struct crl *crl)
{
    if (crl == NULL)
        return;
    if (crl->handle != NULL)
        gnutls_x509_crl_deinit(crl->handle);
    g_clear_pointer(&crl->der, g_bytes_unref);
    g_free(crl);
}

/* RFC 5280, section 5.2: a critical extension that is not understood forbids use. */
static gboolean
extensions_understood(gnutls_x509_crl_t handle)
{
    for (unsigned i = 0; i < 64; i++) {
        char oid[128];
        size_t len = sizeof(oid);
        unsigned critical;
        int rc = gnutls_x509_crl_get_extension_info(handle, i, oid, &len, &critical);

        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return TRUE;
        if (rc < 0 || critical)
            return FALSE;
    }
    return FALSE;
}

struct crl *
crl_parse(GBytes *in, GError **error)
{
    g_autoptr(crl_t) crl = g_new0(struct crl, 1);
    gsize len;
    const void *data = g_bytes_get_data(in, &len);
    const gnutls_datum_t bytes = { (void *)data, (unsigned)len };
    gnutls_datum_t der = { NULL, 0 };

    if (len == 0 || len > CRL_MAX) {
        error_malformed(error, "a CRL has 1 to %d bytes", CRL_MAX);
        return NULL;
    }
    if (!gnutls_ok(gnutls_x509_crl_init(&crl->handle), "CRL", error))
        return NULL;
    if ((gnutls_x509_crl_import(crl->handle, &bytes, GNUTLS_X509_FMT_DER) < 0 &&
         gnutls_x509_crl_import(crl->handle, &bytes, GNUTLS_X509_FMT_PEM) < 0) ||
        gnutls_x509_crl_export2(crl->handle, GNUTLS_X509_FMT_DER, &der) < 0) {
        error_malformed(error, "the CRL cannot be read");
        return NULL;
    }
    crl->der = g_bytes_new_with_free_func(der.data, der.size, (GDestroyNotify)gnutls_free, der.data);
    if (!extensions_understood(crl->handle)) {
        error_denied(error, "the CRL has a critical extension that is not known");
        return NULL;
    }
    if (gnutls_x509_crl_get_crt_count(crl->handle) > CRL_ENTRIES_MAX) {
        error_malformed(error, "the CRL has more than %d entries", CRL_ENTRIES_MAX);
        return NULL;
    }
    return g_steal_pointer(&crl);
}

static gboolean
issuer_matches(const struct crl *crl, const struct certificate *issuer, GError **error)
{
    gnutls_datum_t named = { NULL, 0 }, is = { NULL, 0 };
    gboolean same = gnutls_x509_crl_get_raw_issuer_dn(crl->handle, &named) >= 0 &&
                    gnutls_x509_crt_get_raw_dn(issuer->crt, &is) >= 0 && named.size == is.size &&
                    memcmp(named.data, is.data, is.size) == 0;

    gnutls_free(named.data);
    gnutls_free(is.data);
    return same || error_denied(error, "the CRL names another issuer than %s", issuer->subject);
}

gboolean
crl_signed_by(const Der *der, const struct crl *crl, const struct certificate *issuer,
              GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(crl->der, &len);
    const gnutls_datum_t object = { (void *)data, (unsigned)len };

    return issuer_matches(crl, issuer, error) &&
           certificate_verify_pss384(der, issuer, &object, error);
}

gboolean
crl_signed_by_ecdsa(const Der *der, const struct crl *crl, const struct certificate *issuer,
                    GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(crl->der, &len);
    const gnutls_datum_t object = { (void *)data, (unsigned)len };
    struct der_signed parts;

    if (!issuer_matches(crl, issuer, error) || !der_signed_ecdsa256(der, &object, &parts, error))
        return FALSE;
    return gnutls_pubkey_verify_data2(issuer->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &parts.body,
                                      &parts.signature) >= 0 ||
           error_denied(error, "the CRL's signature of %s does not verify", issuer->subject);
}

gboolean
crl_in_date(const struct crl *crl, time_t now)
{
    const time_t from = gnutls_x509_crl_get_this_update(crl->handle);
    const time_t until = gnutls_x509_crl_get_next_update(crl->handle);

    /* RFC 5280 wants both dates; without the second the list would be good for ever. */
    return from != (time_t)-1 && until != (time_t)-1 && now >= from && now <= until;
}

gboolean
crl_names(const struct crl *crl, const struct certificate *c)
{
    guint8 serial[64], entry[64];
    size_t serial_len = sizeof(serial);
    const int count = gnutls_x509_crl_get_crt_count(crl->handle);

    if (gnutls_x509_crt_get_serial(c->crt, serial, &serial_len) < 0)
        return TRUE;
    for (int i = 0; i < count; i++) {
        size_t len = sizeof(entry);
        time_t when;

        if (gnutls_x509_crl_get_crt_serial(crl->handle, (unsigned)i, entry, &len, &when) < 0 ||
            (len == serial_len && memcmp(entry, serial, len) == 0))
            return TRUE;
    }
    return FALSE;
}
