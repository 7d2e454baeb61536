/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * certificate - see certificate.h. The extensions are in vek.c, revocation
 * lists in crl.c.
 */
#include "config.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/keys/crypto.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define EXTENSIONS_MAX 64
#define PEM_END "-----END CERTIFICATE-----"

void
certificate_free(struct certificate *c)
{
    if (c == NULL)
        return;
    if (c->crt != NULL)
        gnutls_x509_crt_deinit(c->crt);
    if (c->key != NULL)
        gnutls_pubkey_deinit(c->key);
    g_clear_pointer(&c->der, g_bytes_unref);
    g_free(c->subject);
    g_free(c);
}

typedef int (*name_reader)(gnutls_x509_crt_t crt, const char *oid, unsigned index, unsigned raw,
                           void *buf, size_t *size);

/* A common name with a zero byte in it would read as another: it counts as none. */
static char *
common_name(gnutls_x509_crt_t crt, name_reader read)
{
    char name[256];
    size_t len = sizeof(name);

    if (read(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) < 0 || strlen(name) != len)
        return g_strdup("");
    return g_strdup(name);
}

char *
certificate_issuer(const struct certificate *c)
{
    return common_name(c->crt, gnutls_x509_crt_get_issuer_dn_by_oid);
}

static gboolean
key_digest(gnutls_pubkey_t key, guint8 ret[static 32], GError **error)
{
    guint8 digest[32];
    size_t len = sizeof(digest);

    if (!gnutls_ok(gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, digest, &len),
                   "digest of the certificate's key", error))
        return FALSE;
    memcpy(ret, digest, sizeof(digest));
    return TRUE;
}

gboolean
certificate_spki_sha256(const struct certificate *c, guint8 ret[static 32], GError **error)
{
    if (!c->self_issued)
        return key_digest(c->key, ret, error);
    memcpy(ret, c->root_spki, sizeof(c->root_spki));
    return TRUE;
}

static gboolean
is_self_issued(gnutls_x509_crt_t crt)
{
    gnutls_datum_t subject = { NULL, 0 }, issuer = { NULL, 0 };
    gboolean same = gnutls_x509_crt_get_raw_dn(crt, &subject) >= 0 &&
                    gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer) >= 0 &&
                    subject.size == issuer.size &&
                    memcmp(subject.data, issuer.data, subject.size) == 0;

    gnutls_free(subject.data);
    gnutls_free(issuer.data);
    return same;
}

static gboolean
read_fields(struct certificate *c, GError **error)
{
    if (gnutls_x509_crt_get_version(c->crt) != 3)
        return error_malformed(error, "the certificate is not of version 3");
    /* Once, for every question about the key: reading it is dear beside a signature check. */
    if (!gnutls_ok(gnutls_pubkey_init(&c->key), "public key", error) ||
        !gnutls_ok(gnutls_pubkey_import_x509(c->key, c->crt, 0), "the certificate's key", error))
        return FALSE;
    c->subject = common_name(c->crt, gnutls_x509_crt_get_dn_by_oid);
    c->self_issued = is_self_issued(c->crt);
    /* A root is held against the pins each time, and may have been read long before. */
    if (c->self_issued && !key_digest(c->key, c->root_spki, error))
        return FALSE;
    c->from = gnutls_x509_crt_get_activation_time(c->crt);
    c->until = gnutls_x509_crt_get_expiration_time(c->crt);
    if (c->from == (time_t)-1 || c->until == (time_t)-1)
        return error_malformed(error, "the certificate's dates cannot be read");
    return TRUE;
}

static struct certificate *
certificate_import(const void *data, size_t len, gnutls_x509_crt_fmt_t format, GError **error)
{
    g_autoptr(certificate_t) c = g_new0(struct certificate, 1);
    const gnutls_datum_t in = { (void *)data, (unsigned)len };
    gnutls_datum_t der = { NULL, 0 };

    if (len > CERTIFICATE_MAX) {
        error_malformed(error, "a certificate is larger than %d bytes", CERTIFICATE_MAX);
        return NULL;
    }
    if (!gnutls_ok(gnutls_x509_crt_init(&c->crt), "certificate", error))
        return NULL;
    if (gnutls_x509_crt_import(c->crt, &in, format) < 0) {
        error_malformed(error, "a certificate cannot be read");
        return NULL;
    }
    if (format == GNUTLS_X509_FMT_DER) {
        c->der = g_bytes_new(data, len);
    } else {
        if (!gnutls_ok(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &der), "certificate",
                       error))
            return NULL;
        c->der = g_bytes_new_with_free_func(der.data, der.size, (GDestroyNotify)gnutls_free,
                                            der.data);
    }
    if (!read_fields(c, error))
        return NULL;
    return g_steal_pointer(&c);
}

static void
skip_blanks(const char **pos, const char *end)
{
    while (*pos < end && (g_ascii_isspace(**pos) || **pos == '\0'))
        (*pos)++;
}

static gboolean
looks_like_der(const char *pos, const char *end)
{
    return *pos == '0' && der_element_size(pos, (size_t)(end - pos)) > 0;
}

/* The next certificate of a bundle; text before a PEM one is skipped, as openssl writes it. */
static struct certificate *
certificate_next(const char **pos, const char *end, GError **error)
{
    const size_t left = (size_t)(end - *pos);
    size_t len = der_element_size(*pos, left);
    const char *begin, *stop;
    struct certificate *c;

    if (looks_like_der(*pos, end)) {
        c = certificate_import(*pos, len, GNUTLS_X509_FMT_DER, error);
        *pos += len;
        return c;
    }
    begin = g_strstr_len(*pos, (gssize)left, PEM_BEGIN);
    stop = begin == NULL ? NULL : g_strstr_len(begin, end - begin, PEM_END);
    if (stop == NULL) {
        error_malformed(error, "this is no certificate, neither DER nor PEM");
        return NULL;
    }
    len = (size_t)(stop - begin) + strlen(PEM_END);
    c = certificate_import(begin, len, GNUTLS_X509_FMT_PEM, error);
    *pos = begin + len;
    return c;
}

/* RFC 7468, section 2: text after a PEM certificate counts no more than that before it. */
static gboolean
is_only_text(const char *pos, const char *end)
{
    return g_strstr_len(pos, end - pos, "-----BEGIN") == NULL && !looks_like_der(pos, end);
}

GPtrArray *
certificates_parse(GBytes *in, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)certificate_free);
    gsize len;
    const char *pos = g_bytes_get_data(in, &len), *end = len > 0 ? pos + len : pos;

    if (len > CHAIN_MAX) {
        error_malformed(error, "certificates of more than %d bytes", CHAIN_MAX);
        return NULL;
    }
    skip_blanks(&pos, end);
    do {
        const gboolean der = pos < end && looks_like_der(pos, end);
        struct certificate *c = NULL;

        if (pos == end)
            error_malformed(error, "there is no certificate");
        else if (list->len == CHAIN_COUNT)
            error_malformed(error, "more than %d certificates", CHAIN_COUNT);
        else
            c = certificate_next(&pos, end, error);
        if (c == NULL)
            return NULL;
        g_ptr_array_add(list, c);
        skip_blanks(&pos, end);
        if (!der && pos < end && is_only_text(pos, end))
            pos = end;
    } while (pos < end);
    return g_steal_pointer(&list);
}

struct certificate *
certificate_parse(GBytes *in, GError **error)
{
    g_autoptr(GPtrArray) list = certificates_parse(in, error);

    if (list == NULL)
        return NULL;
    /* Some sources add the chain after the certificate itself; the first one counts. */
    g_ptr_array_set_free_func(list, NULL);
    for (guint i = 1; i < list->len; i++)
        certificate_free(g_ptr_array_index(list, i));
    return g_ptr_array_index(list, 0);
}

gboolean
certificate_is_ca(const struct certificate *c)
{
    unsigned critical;

    return gnutls_x509_crt_get_ca_status(c->crt, &critical) > 0;
}

gboolean
certificate_is_authority(const struct certificate *c, gboolean below)
{
    unsigned critical, ca = 0, usage = 0;
    int path = -1;
    int rc = gnutls_x509_crt_get_basic_constraints(c->crt, &critical, &ca, &path);

    if (rc < 0 || !ca || (below && path == 0))
        return FALSE;
    rc = gnutls_x509_crt_get_key_usage(c->crt, &usage, &critical);
    return rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
           (rc >= 0 && (usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0);
}

gboolean
certificate_critical_known(const struct certificate *c)
{
    static const char *const known[] = { "2.5.29.19", "2.5.29.15", NULL };

    for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
        char oid[128];
        size_t len = sizeof(oid);
        unsigned critical;
        int rc = gnutls_x509_crt_get_extension_info(c->crt, i, oid, &len, &critical);

        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return TRUE;
        if (rc < 0 || (critical && !g_strv_contains(known, oid)))
            return FALSE;
    }
    return FALSE;
}

gboolean
certificate_in_date(const struct certificate *c, time_t now)
{
    return now >= c->from && now <= c->until;
}

static gboolean
names_match(const struct certificate *c, const struct certificate *issuer)
{
    gnutls_datum_t wanted = { NULL, 0 }, is = { NULL, 0 };
    gboolean same = gnutls_x509_crt_get_raw_issuer_dn(c->crt, &wanted) >= 0 &&
                    gnutls_x509_crt_get_raw_dn(issuer->crt, &is) >= 0 && wanted.size == is.size &&
                    memcmp(wanted.data, is.data, is.size) == 0;

    gnutls_free(wanted.data);
    gnutls_free(is.data);
    return same;
}

gboolean
certificate_verify_pss384(const Der *der, const struct certificate *issuer,
                          const gnutls_datum_t *object, GError **error)
{
    struct der_signed parts;
    unsigned bits = 0;

    if (!der_signed_pss384(der, object, &parts, error))
        return FALSE;
    if (gnutls_pubkey_get_pk_algorithm(issuer->key, &bits) != GNUTLS_PK_RSA || bits != 4096)
        return error_denied(error, "the issuer's key is not RSA of 4096 bits");
    if (gnutls_pubkey_verify_data2(issuer->key, GNUTLS_SIGN_RSA_PSS_SHA384, 0, &parts.body,
                                   &parts.signature) < 0)
        return error_denied(error, "the signature of %s does not verify", issuer->subject);
    return TRUE;
}

gboolean
certificate_signed_by(const Der *der, const struct certificate *c, const struct certificate *issuer,
                      GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(c->der, &len);
    const gnutls_datum_t object = { (void *)data, (unsigned)len };

    if (!names_match(c, issuer)) {
        g_autofree char *named = certificate_issuer(c);

        return error_denied(error, "the certificate names another issuer (%s) than %s", named,
                            issuer->subject);
    }
    return certificate_verify_pss384(der, issuer, &object, error);
}

gboolean
certificate_is_p384(const struct certificate *c)
{
    gnutls_ecc_curve_t curve;
    gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 };
    gboolean is = gnutls_pubkey_export_ecc_raw2(c->key, &curve, &x, &y, 0) >= 0 &&
                  curve == GNUTLS_ECC_CURVE_SECP384R1;

    gnutls_free(x.data);
    gnutls_free(y.data);
    return is;
}

gboolean
certificate_verify_p384(const struct certificate *c, const void *data, size_t len,
                        const guint8 r[static 48], const guint8 s[static 48], GError **error)
{
    const gnutls_datum_t r_part = { (void *)r, 48 }, s_part = { (void *)s, 48 };
    const gnutls_datum_t signed_data = { (void *)data, (unsigned)len };
    gnutls_datum_t signature = { NULL, 0 };
    int rc;

    if (!gnutls_ok(gnutls_encode_rs_value(&signature, &r_part, &s_part), "signature", error))
        return FALSE;
    rc = gnutls_pubkey_verify_data2(c->key, GNUTLS_SIGN_ECDSA_SHA384, 0, &signed_data, &signature);
    gnutls_free(signature.data);
    return rc >= 0 || error_denied(error, "the signature does not verify with the key of %s",
                                   c->subject);
}
