/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vek_extensions - the private extensions of a VCEK or VLEK certificate under
 * 1.3.6.1.4.1.3704.1 ("VCEK and VLEK Certificate and KDS Interface
 * Specification", certificate extensions). None is critical.
 */
#include "snpemu/pki.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"

#include <libtasn1.h>
#include <string.h>

#define OID_AMD "1.3.6.1.4.1.3704.1"
#define EXTENSION_MAX 160

static gboolean
extension_raw(gnutls_x509_crt_t certificate, const char *oid, const void *data, size_t len,
              GError **error)
{
    return gnutls_ok(gnutls_x509_crt_set_extension_by_oid(certificate, oid, data, len, 0), oid,
                     error);
}

static gboolean
extension_der(gnutls_x509_crt_t certificate, const char *oid, unsigned type, const void *value,
              unsigned len, GError **error)
{
    uint8_t out[EXTENSION_MAX];
    uint8_t tag[ASN1_MAX_TL_SIZE];
    unsigned tag_len = sizeof(tag);

    if (asn1_encode_simple_der(type, value, len, tag, &tag_len) != ASN1_SUCCESS
        || tag_len + len > sizeof(out))
        return error_system(error, "extension %s cannot be encoded", oid);
    memcpy(out, tag, tag_len);
    memcpy(out + tag_len, value, len);
    return extension_raw(certificate, oid, out, tag_len + len, error);
}

static gboolean
extension_integer(gnutls_x509_crt_t certificate, const char *oid, uint8_t value, GError **error)
{
    const uint8_t bytes[2] = { 0, value };       /* DER: a leading zero keeps it positive */
    const unsigned skip = value < 0x80 ? 1 : 0;

    return extension_der(certificate, oid, ASN1_ETYPE_INTEGER, bytes + skip,
                         (unsigned)sizeof(bytes) - skip, error);
}

static gboolean
extension_string(gnutls_x509_crt_t certificate, const char *oid, const char *text, GError **error)
{
    return extension_der(certificate, oid, ASN1_ETYPE_IA5_STRING, text, (unsigned)strlen(text),
                         error);
}

/* The numbered components of a TCB; Turin has an FMC and lacks the fourth. */
static gboolean
extensions_tcb(gnutls_x509_crt_t certificate, const struct vek_subject *subject, GError **error)
{
    const gboolean turin = subject->product == SNP_PRODUCT_TURIN;
    const struct snp_tcb *tcb = &subject->tcb;
    const struct {
        const char *oid;
        uint8_t value;
        gboolean there;
    } rows[] = {
        { OID_AMD ".3.1", tcb->bootloader, TRUE },
        { OID_AMD ".3.2", tcb->tee, TRUE },
        { OID_AMD ".3.4", 0, !turin },
        { OID_AMD ".3.5", 0, TRUE },
        { OID_AMD ".3.6", 0, TRUE },
        { OID_AMD ".3.7", 0, TRUE },
        { OID_AMD ".3.3", tcb->snp, TRUE },
        { OID_AMD ".3.8", tcb->microcode, TRUE },
        { OID_AMD ".3.9", tcb->fmc, turin },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].there && !extension_integer(certificate, rows[i].oid, rows[i].value, error))
            return FALSE;
    return TRUE;
}

gboolean
vek_extensions_add(gnutls_x509_crt_t certificate, const struct vek_subject *subject,
                   GError **error)
{
    const gboolean turin = subject->product == SNP_PRODUCT_TURIN;
    static const char *const products[SNP_PRODUCTS] = {
        [SNP_PRODUCT_MILAN] = "Milan-B0",
        [SNP_PRODUCT_GENOA] = "Genoa",
        [SNP_PRODUCT_TURIN] = "Turin",
    };

    if (!extension_integer(certificate, OID_AMD ".1", turin ? 1 : 0, error)
        || !extension_string(certificate, OID_AMD ".2", products[subject->product], error)
        || !extensions_tcb(certificate, subject, error))
        return FALSE;
    if (subject->csp_id != NULL)
        return extension_string(certificate, OID_AMD ".5", subject->csp_id, error);
    /* Raw bytes without a tag, as on AMD's certificates; Turin's are eight. */
    return extension_raw(certificate, OID_AMD ".4", subject->chip_id, turin ? 8 : 64, error);
}
