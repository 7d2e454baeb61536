/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vek - the extensions of VCEK and VLEK certificates (AMD 57230, tables of
 * "VCEK and VLEK certificate extensions"), read by rows.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/certificate.h"

#define EXTENSIONS_MAX 64

enum vek_value { VEK_BYTE, VEK_PRODUCT, VEK_HWID, VEK_CSP_ID };

#define AMD_OID "1.3.6.1.4.1.3704.1."
#define BYTE_ROW(oid, has, member) \
    { AMD_OID oid, VEK_BYTE, offsetof(struct vek_extensions, has), \
      offsetof(struct vek_extensions, member) }


static const struct vek_row {
    const char *oid;
    enum vek_value value;
    size_t has;
    size_t field;
} vek_rows[] = {
    { AMD_OID "2", VEK_PRODUCT, offsetof(struct vek_extensions, has_product), 0 },
    BYTE_ROW("1", has_struct_version, struct_version),
    BYTE_ROW("3.1", has_bootloader, tcb.bootloader),
    BYTE_ROW("3.2", has_tee, tcb.tee),
    BYTE_ROW("3.3", has_snp, tcb.snp),
    BYTE_ROW("3.4", has_reserved, reserved_spl[0]),
    BYTE_ROW("3.5", has_reserved, reserved_spl[1]),
    BYTE_ROW("3.6", has_reserved, reserved_spl[2]),
    BYTE_ROW("3.7", has_reserved, reserved_spl[3]),
    BYTE_ROW("3.8", has_microcode, tcb.microcode),
    BYTE_ROW("3.9", has_fmc, tcb.fmc),
    { AMD_OID "4", VEK_HWID, offsetof(struct vek_extensions, has_hwid), 0 },
    { AMD_OID "5", VEK_CSP_ID, offsetof(struct vek_extensions, has_csp_id), 0 },
};

/* Raw bytes, or wrapped in an OCTET STRING: both are found in the field. */
static gboolean
read_hwid(const Der *der, const gnutls_datum_t *value, struct vek_extensions *out, GError **error)
{
    static const size_t lengths[] = { 64, 8 };

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        if (value->size == lengths[i])
            memcpy(out->hwid, value->data, lengths[i]);
        else if (!der_octets(der, value, out->hwid, lengths[i], NULL))
            continue;
        out->hwid_len = lengths[i];
        return TRUE;
    }
    return error_malformed(error, "hwID has neither 64 nor 8 bytes");
}

static gboolean
read_value(const Der *der, const struct vek_row *row, const gnutls_datum_t *value,
           struct vek_extensions *out, GError **error)
{
    switch (row->value) {
    case VEK_BYTE:
        return der_byte(der, value, (guint8 *)out + row->field, error);
    case VEK_PRODUCT:
        return der_text(der, value, out->product, sizeof(out->product), error);
    case VEK_HWID:
        return read_hwid(der, value, out, error);
    case VEK_CSP_ID:
        return der_text(der, value, out->csp_id, sizeof(out->csp_id), error);
    }
    return error_system(error, "extension %s has no reader", row->oid);
}

static const struct vek_row *
row_of(const char *oid, size_t *ret_number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vek_rows); i++) {
        if (strcmp(vek_rows[i].oid, oid) == 0) {
            *ret_number = i;
            return &vek_rows[i];
        }
    }
    return NULL;
}

static gboolean
read_extension(const Der *der, const struct certificate *c, unsigned index, const char *oid,
               unsigned critical, struct vek_extensions *out, guint *seen, GError **error)
{
    gnutls_datum_t value = { NULL, 0 };
    size_t number;
    const struct vek_row *row = row_of(oid, &number);
    gboolean ok;

    if (row == NULL)
        return !critical || error_denied(error, "unknown critical extension %s", oid);
    if (*seen & 1u << number)
        return error_malformed(error, "extension %s is there twice", oid);
    *seen |= 1u << number;
    if (gnutls_x509_crt_get_extension_data2(c->crt, index, &value) < 0)
        return error_malformed(error, "extension %s cannot be read", oid);
    ok = read_value(der, row, &value, out, error);
    gnutls_free(value.data);
    *(gboolean *)(void *)((guint8 *)out + row->has) = ok;
    if (!ok)
        g_prefix_error(error, "extension %s: ", oid);
    return ok;
}

gboolean
vek_extensions_parse(const Der *der, const struct certificate *c, struct vek_extensions *ret,
                     GError **error)
{
    struct vek_extensions out = { 0 };
    guint seen = 0;

    for (unsigned i = 0; i <= EXTENSIONS_MAX; i++) {
        char oid[128];
        size_t len = sizeof(oid);
        unsigned critical;
        int rc = gnutls_x509_crt_get_extension_info(c->crt, i, oid, &len, &critical);

        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            *ret = out;
            return TRUE;
        }
        if (rc < 0)
            return error_malformed(error, "the certificate's extensions cannot be read");
        if (!read_extension(der, c, i, oid, critical, &out, &seen, error))
            return FALSE;
    }
    return error_malformed(error, "more than %d extensions", EXTENSIONS_MAX);
}
