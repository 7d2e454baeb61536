/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pck - Intel's extension of a PCK certificate (SGX PCK Certificate and CRL
 * Profile Specification, section 1.3.5): pairs of OID and value, one of which,
 * the TCB, is again such a list.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/certificate.h"

#define PCK_OID "1.2.840.113741.1.13.1"
#define PAIRS_MAX 32

/* The value of PCK_OID.@suffix; NULL when it is not there. */
static const gnutls_datum_t *
value_of(const struct der_pair *pairs, size_t count, const char *suffix)
{
    const size_t prefix = strlen(PCK_OID);

    for (size_t i = 0; i < count; i++) {
        if (g_str_has_prefix(pairs[i].oid, PCK_OID) && strcmp(pairs[i].oid + prefix, suffix) == 0)
            return &pairs[i].value;
    }
    return NULL;
}

static gboolean
read_octets(const Der *der, const struct der_pair *pairs, size_t count, const char *suffix,
            guint8 *ret, size_t len, GError **error)
{
    const gnutls_datum_t *value = value_of(pairs, count, suffix);

    if (value == NULL)
        return error_malformed(error, "the PCK certificate lacks " PCK_OID "%s", suffix);
    return der_octets(der, value, ret, len, error);
}

/* 2.1 to 2.16 are the components, 2.17 is PCESVN, 2.18 (CPUSVN) says the same once more. */
static gboolean
read_tcb(const Der *der, const gnutls_datum_t *in, struct pck_extensions *out, GError **error)
{
    struct der_pair pairs[PAIRS_MAX];
    size_t count;
    const gnutls_datum_t *value;

    if (!der_pairs(der, in, pairs, PAIRS_MAX, &count, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(out->components); i++) {
        char suffix[8];

        g_snprintf(suffix, sizeof(suffix), ".2.%u", (unsigned)(i + 1));
        value = value_of(pairs, count, suffix);
        if (value == NULL)
            return error_malformed(error, "the PCK certificate lacks " PCK_OID "%s", suffix);
        if (!der_byte(der, value, &out->components[i], error))
            return FALSE;
    }
    value = value_of(pairs, count, ".2.17");
    if (value == NULL)
        return error_malformed(error, "the PCK certificate lacks the PCE's SVN");
    return der_u16(der, value, &out->pce_svn, error);
}

static gboolean
read_all(const Der *der, const gnutls_datum_t *in, struct pck_extensions *out, GError **error)
{
    struct der_pair pairs[PAIRS_MAX];
    size_t count;
    const gnutls_datum_t *tcb;

    if (!der_pairs(der, in, pairs, PAIRS_MAX, &count, error) ||
        !read_octets(der, pairs, count, ".3", out->pce_id, sizeof(out->pce_id), error) ||
        !read_octets(der, pairs, count, ".4", out->fmspc, sizeof(out->fmspc), error))
        return FALSE;
    tcb = value_of(pairs, count, ".2");
    if (tcb == NULL)
        return error_malformed(error, "the PCK certificate lacks its TCB");
    return read_tcb(der, tcb, out, error);
}

gboolean
pck_extensions_parse(const Der *der, const struct certificate *c, struct pck_extensions *ret,
                     GError **error)
{
    gnutls_datum_t value = { NULL, 0 };
    struct pck_extensions out = { 0 };
    gboolean ok;

    if (gnutls_x509_crt_get_extension_by_oid2(c->crt, PCK_OID, 0, &value, NULL) < 0)
        return error_malformed(error, "the PCK certificate has no extension " PCK_OID);
    ok = read_all(der, &value, &out, error);
    gnutls_free(value.data);
    if (ok)
        *ret = out;
    return ok;
}
