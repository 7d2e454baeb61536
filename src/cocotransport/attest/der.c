/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * der - see der.h.
 */
#include "config.h"

#include <libtasn1.h>
#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/der.h"

#define OID_RSASSA_PSS "1.2.840.113549.1.1.10"
#define OID_MGF1 "1.2.840.113549.1.1.8"
#define OID_SHA384 "2.16.840.1.101.3.4.2.2"
#define OID_ECDSA_SHA256 "1.2.840.10045.4.3.2"
#define PSS_SALT 48

extern const asn1_static_node amd_asn1_tab[];

struct Der {
    asn1_node module;
};

typedef asn1_node asn1_element;
static void
element_clear(asn1_element *element)
{
    asn1_delete_structure(element);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(asn1_element, element_clear)

static gboolean
asn1_ok(int rc, const char *what, GError **error)
{
    return rc == ASN1_SUCCESS || error_malformed(error, "%s: %s", what, asn1_strerror(rc));
}

Der *
der_new(GError **error)
{
    g_autoptr(Der) der = g_new0(Der, 1);

    if (asn1_array2tree(amd_asn1_tab, &der->module, NULL) != ASN1_SUCCESS) {
        error_system(error, "the ASN.1 module cannot be read");
        return NULL;
    }
    return g_steal_pointer(&der);
}

void
der_free(Der *der)
{
    if (der == NULL)
        return;
    asn1_delete_structure(&der->module);
    g_free(der);
}

size_t
der_element_size(const void *data, size_t len)
{
    const unsigned char *bytes = data;
    unsigned char class;
    unsigned long tag;
    int tag_len, length_len;
    long content;

    if (len == 0 || len > INT32_MAX)
        return 0;
    if (asn1_get_tag_der(bytes, (int)len, &class, &tag_len, &tag) != ASN1_SUCCESS)
        return 0;
    content = asn1_get_length_der(bytes + tag_len, (int)len - tag_len, &length_len);
    if (content < 0 || (size_t)content > len - (size_t)tag_len - (size_t)length_len)
        return 0;
    return (size_t)tag_len + (size_t)length_len + (size_t)content;
}

static gboolean
decode(const Der *der, const char *type, const gnutls_datum_t *in, asn1_element *ret,
       GError **error)
{
    char complaint[ASN1_MAX_ERROR_DESCRIPTION_SIZE];
    g_autofree char *name = g_strdup_printf("AMD.%s", type);
    int len = (int)in->size;

    if (in->size > INT32_MAX ||
        asn1_create_element(der->module, name, ret) != ASN1_SUCCESS)
        return error_system(error, "ASN.1 type %s is not usable", type);
    return asn1_ok(asn1_der_decoding2(ret, in->data, &len, ASN1_DECODE_FLAG_STRICT_DER, complaint),
                   type, error);
}

/* A value that is text to libtasn1 (an OID), compared. */
static gboolean
oid_is(asn1_node element, const char *field, const char *oid)
{
    char text[128];
    int len = sizeof(text);

    return asn1_read_value(element, field, text, &len) == ASN1_SUCCESS && strcmp(text, oid) == 0;
}

static gboolean
number_of(asn1_node element, const char *field, uint8_t *ret)
{
    unsigned char bytes[8];
    int len = sizeof(bytes);

    if (asn1_read_value(element, field, bytes, &len) != ASN1_SUCCESS)
        return FALSE;
    if (len == 2 && bytes[0] == 0 && bytes[1] >= 0x80)
        *ret = bytes[1];
    else if (len == 1 && bytes[0] < 0x80)
        *ret = bytes[0];
    else
        return FALSE;
    return TRUE;
}

/* What a field of type ANY holds, copied; @size is the most it may be. */
static gboolean
any_of(asn1_node element, const char *field, unsigned char *out, size_t size, gnutls_datum_t *ret)
{
    int len = (int)size;

    if (asn1_read_value(element, field, out, &len) != ASN1_SUCCESS)
        return FALSE;
    *ret = (gnutls_datum_t) { out, (unsigned)len };
    return TRUE;
}

/* RFC 4055, section 3.1: every parameter is named, none is left to its default. */
static gboolean
pss_is_sha384(const Der *der, asn1_node object, GError **error)
{
    g_auto(asn1_element) pss = NULL;
    g_auto(asn1_element) mask = NULL;
    unsigned char pss_bytes[256], mask_bytes[128];
    gnutls_datum_t pss_der, mask_der;
    uint8_t salt, trailer;
    unsigned char other[8];
    int other_len = sizeof(other);

    if (!oid_is(object, "algorithm.algorithm", OID_RSASSA_PSS))
        return error_denied(error, "not signed with RSASSA-PSS");
    if (!any_of(object, "algorithm.parameters", pss_bytes, sizeof(pss_bytes), &pss_der) ||
        !decode(der, "PssParameters", &pss_der, &pss, NULL) ||
        !oid_is(pss, "hash.algorithm", OID_SHA384) ||
        !oid_is(pss, "maskGen.algorithm", OID_MGF1) ||
        !any_of(pss, "maskGen.parameters", mask_bytes, sizeof(mask_bytes), &mask_der) ||
        !decode(der, "AlgorithmIdentifier", &mask_der, &mask, NULL) ||
        !oid_is(mask, "algorithm", OID_SHA384) ||
        !number_of(pss, "saltLength", &salt) || salt != PSS_SALT)
        return error_denied(error, "the signature is RSASSA-PSS, but not with SHA-384, MGF1 of "
                            "SHA-384 and %d bytes of salt", PSS_SALT);
    /* The default, 1, is also what everybody writes. */
    if (asn1_read_value(pss, "trailer", other, &other_len) != ASN1_ELEMENT_NOT_FOUND &&
        !(number_of(pss, "trailer", &trailer) && trailer == 1))
        return error_denied(error, "the signature has an unknown trailer");
    return TRUE;
}

static gboolean
part_of(asn1_node object, const gnutls_datum_t *in, const char *field, gnutls_datum_t *ret)
{
    int start, end;

    if (asn1_der_decoding_startEnd(object, in->data, (int)in->size, field, &start, &end) !=
        ASN1_SUCCESS)
        return FALSE;
    if (start < 0 || end < start || (unsigned)end >= in->size)
        return FALSE;
    *ret = (gnutls_datum_t) { in->data + start, (unsigned)(end - start + 1) };
    return TRUE;
}

static gboolean
signed_parts(asn1_node object, const gnutls_datum_t *in, struct der_signed *ret, GError **error)
{
    struct der_signed out;
    gnutls_datum_t bits;
    int skip, length_len;
    long bits_len;

    if (!part_of(object, in, "toBeSigned", &out.body) ||
        !part_of(object, in, "signature", &bits) || bits.size < 4)
        return error_malformed(error, "the signed object is not whole");
    /* BIT STRING: tag, length, a byte of unused bits (none), then the signature. */
    bits_len = asn1_get_length_der(bits.data + 1, (int)bits.size - 1, &length_len);
    skip = 1 + length_len + 1;
    if (bits_len < 2 || (unsigned)skip >= bits.size || bits.data[skip - 1] != 0)
        return error_malformed(error, "the signature is no whole number of bytes");
    out.signature = (gnutls_datum_t) { bits.data + skip, bits.size - (unsigned)skip };
    *ret = out;
    return TRUE;
}

gboolean
der_signed_pss384(const Der *der, const gnutls_datum_t *in, struct der_signed *ret, GError **error)
{
    g_auto(asn1_element) object = NULL;

    return decode(der, "Signed", in, &object, error) && pss_is_sha384(der, object, error) &&
           signed_parts(object, in, ret, error);
}

gboolean
der_signed_ecdsa256(const Der *der, const gnutls_datum_t *in, struct der_signed *ret,
                    GError **error)
{
    g_auto(asn1_element) object = NULL;

    if (!decode(der, "Signed", in, &object, error))
        return FALSE;
    return oid_is(object, "algorithm.algorithm", OID_ECDSA_SHA256)
           ? signed_parts(object, in, ret, error)
           : error_denied(error, "not signed with ECDSA and SHA-256");
}

gboolean
der_byte(const Der *der, const gnutls_datum_t *in, uint8_t *ret, GError **error)
{
    g_auto(asn1_element) element = NULL;

    if (!decode(der, "Number", in, &element, error))
        return FALSE;
    return number_of(element, "", ret) || error_malformed(error, "a number is not from 0 to 255");
}

gboolean
der_u16(const Der *der, const gnutls_datum_t *in, uint16_t *ret, GError **error)
{
    g_auto(asn1_element) element = NULL;
    unsigned char bytes[8];
    int len = sizeof(bytes);
    unsigned value = 0;

    if (!decode(der, "Number", in, &element, error))
        return FALSE;
    if (asn1_read_value(element, "", bytes, &len) != ASN1_SUCCESS || len < 1 || len > 3 ||
        bytes[0] >= 0x80 || (len == 3 && bytes[0] != 0))
        return error_malformed(error, "a number is not from 0 to 65535");
    for (int i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    *ret = (uint16_t)value;
    return TRUE;
}

gboolean
der_text(const Der *der, const gnutls_datum_t *in, char *ret, size_t size, GError **error)
{
    g_auto(asn1_element) element = NULL;
    char text[256];
    int len = sizeof(text) - 1;

    if (!decode(der, "Text", in, &element, error))
        return FALSE;
    if (asn1_read_value(element, "", text, &len) != ASN1_SUCCESS || len <= 0 ||
        (size_t)len >= size)
        return error_malformed(error, "a text is empty or longer than %zu", size - 1);
    for (int i = 0; i < len; i++) {
        if (!g_ascii_isprint(text[i]))
            return error_malformed(error, "a text holds a byte that is not printable");
    }
    memcpy(ret, text, (size_t)len);
    ret[len] = '\0';
    return TRUE;
}

gboolean
der_octets(const Der *der, const gnutls_datum_t *in, void *ret, size_t len, GError **error)
{
    g_auto(asn1_element) element = NULL;
    unsigned char bytes[256];
    int got = sizeof(bytes);

    if (!decode(der, "Octets", in, &element, error))
        return FALSE;
    if (asn1_read_value(element, "", bytes, &got) != ASN1_SUCCESS || got < 0 || (size_t)got != len)
        return error_malformed(error, "an OCTET STRING of %zu bytes is wanted", len);
    memcpy(ret, bytes, len);
    return TRUE;
}

static gboolean
pair_of(asn1_node list, const gnutls_datum_t *in, int number, struct der_pair *ret)
{
    g_autofree char *id = g_strdup_printf("?%d.id", number);
    g_autofree char *value = g_strdup_printf("?%d.value", number);
    int len = sizeof(ret->oid);

    return asn1_read_value(list, id, ret->oid, &len) == ASN1_SUCCESS &&
           part_of(list, in, value, &ret->value);
}

static gboolean
has_pair(const struct der_pair *pairs, size_t count, const char *oid)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].oid, oid) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
der_pairs(const Der *der, const gnutls_datum_t *in, struct der_pair *ret, size_t max,
          size_t *ret_count, GError **error)
{
    g_auto(asn1_element) list = NULL;
    int count = 0;

    if (!decode(der, "Pairs", in, &list, error))
        return FALSE;
    if (asn1_number_of_elements(list, "", &count) != ASN1_SUCCESS || count < 0 ||
        (size_t)count > max)
        return error_malformed(error, "not 0 to %zu pairs", max);
    for (int i = 0; i < count; i++) {
        if (!pair_of(list, in, i + 1, &ret[i]))
            return error_malformed(error, "a pair cannot be read");
        if (has_pair(ret, (size_t)i, ret[i].oid))
            return error_malformed(error, "%s is there twice", ret[i].oid);
    }
    *ret_count = (size_t)count;
    return TRUE;
}
