/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert - builds a certificate of the TCG's profiles by GnuTLS: TPM 2 after the
 * EK Credential Profile for TPM 2.0, TPM 1.2 after Credential Profiles 1.2. The
 * order of the extensions is that of the certificates swtpm's users have.
 */
#include "config.h"

#include "swtpm_cert/cert.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/keys/pubkey.h"
#include "swtpm_cert/kinds.h"
#include "swtpm_cert/tcg.h"

#include <string.h>
#include <time.h>

#define FILE_MAX 65536
#define KEY_BYTES_MAX 1024
#define OID_ALTERNATIVE_NAME "2.5.29.17"
#define OID_DIRECTORY_ATTRIBUTES "2.5.29.9"
#define OID_SERIAL_NUMBER "2.5.4.5"
#define SECONDS_A_DAY (24 * 60 * 60)

typedef struct gnutls_x509_crt_int crt_t;
typedef struct gnutls_privkey_st privkey_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(crt_t, gnutls_x509_crt_deinit)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(privkey_t, gnutls_privkey_deinit)

static GBytes *
hex_bytes(const char *hex, const char *what, GError **error)
{
    gsize len = strlen(hex);
    g_autofree guint8 *bytes = NULL;

    if (len == 0 || len % 2 != 0 || len / 2 > KEY_BYTES_MAX) {
        error_malformed(error, "The %s is not an even number of hex digits.", what);
        return NULL;
    }
    bytes = g_malloc(len / 2);
    if (!hex_decode(hex, bytes, len / 2, error)) {
        g_prefix_error(error, "The %s: ", what);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), len / 2);
}

static gnutls_datum_t
datum_of(GBytes *bytes)
{
    return (gnutls_datum_t){ (void *)g_bytes_get_data(bytes, NULL),
                             (unsigned)g_bytes_get_size(bytes) };
}

static gboolean
import_rsa(gnutls_pubkey_t key, const struct cert_config *c, GError **error)
{
    g_autoptr(GBytes) modulus = hex_bytes(c->modulus, "modulus", error);
    guint8 exponent[] = { (guint8)(c->exponent >> 24), (guint8)(c->exponent >> 16),
                          (guint8)(c->exponent >> 8), (guint8)c->exponent };
    gnutls_datum_t e = { exponent, sizeof(exponent) };
    gnutls_datum_t m;

    if (modulus == NULL)
        return FALSE;
    m = datum_of(modulus);
    return gnutls_ok(gnutls_pubkey_import_rsa_raw(key, &m, &e), "The RSA key", error);
}

static gboolean
import_ecc(gnutls_pubkey_t key, const struct cert_config *c, GError **error)
{
    const char *name = c->ecc_curveid != NULL ? c->ecc_curveid : "secp256r1";
    gnutls_ecc_curve_t curve = gnutls_ecc_curve_get_id(name);
    g_autoptr(GBytes) x = hex_bytes(c->ecc_x, "x coordinate", error);
    g_autoptr(GBytes) y = NULL;
    gnutls_datum_t dx, dy;

    if (x == NULL)
        return FALSE;
    if (!g_str_has_prefix(name, "secp") || curve == GNUTLS_ECC_CURVE_INVALID)
        return error_malformed(error, "Unsupported ECC curve id: %s", name);
    y = hex_bytes(c->ecc_y, "y coordinate", error);
    if (y == NULL)
        return FALSE;
    dx = datum_of(x);
    dy = datum_of(y);
    return gnutls_ok(gnutls_pubkey_import_ecc_raw(key, curve, &dx, &dy), "The ECC key", error);
}

static gboolean
import_der(gnutls_pubkey_t key, const struct cert_config *c, GError **error)
{
    g_autoptr(GBytes) bytes = hex_bytes(c->public, "public key", error);
    gnutls_datum_t der;

    if (bytes == NULL)
        return FALSE;
    der = datum_of(bytes);
    return gnutls_ok(gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER), "The public key",
                     error);
}

static gboolean
import_pem(gnutls_pubkey_t key, const struct cert_config *c, GError **error)
{
    g_autoptr(GBytes) file = io_read_file(c->pubkey, FILE_MAX, error);
    gnutls_datum_t pem;

    if (file == NULL)
        return FALSE;
    pem = datum_of(file);
    return gnutls_ok(gnutls_pubkey_import(key, &pem, GNUTLS_X509_FMT_PEM), c->pubkey, error);
}

static gboolean
import_key(gnutls_pubkey_t key, const struct cert_config *c, GError **error)
{
    if (c->pubkey != NULL)
        return import_pem(key, c, error);
    if (c->modulus != NULL)
        return import_rsa(key, c, error);
    if (c->ecc_x != NULL && c->ecc_y != NULL)
        return import_ecc(key, c, error);
    if (c->public != NULL)
        return import_der(key, c, error);
    return error_malformed(error, "Missing public EK file and modulus or ECC parameters.");
}

static gnutls_x509_crt_t
open_issuer(const char *path, GError **error)
{
    g_autoptr(crt_t) issuer = NULL;
    g_autoptr(GBytes) file = NULL;
    gnutls_datum_t pem;

    if (path == NULL) {
        error_malformed(error, "The issuer certificate name is required.");
        return NULL;
    }
    file = io_read_file(path, FILE_MAX, error);
    if (file == NULL || !gnutls_ok(gnutls_x509_crt_init(&issuer), "certificate", error))
        return NULL;
    pem = datum_of(file);
    if (!gnutls_ok(gnutls_x509_crt_import(issuer, &pem, GNUTLS_X509_FMT_PEM), path, error))
        return NULL;
    return g_steal_pointer(&issuer);
}

static gboolean
set_extension(gnutls_x509_crt_t crt, const char *oid, GBytes *der, gboolean critical,
              GError **error)
{
    if (der == NULL)
        return FALSE;
    return gnutls_ok(gnutls_x509_crt_set_extension_by_oid(crt, oid, g_bytes_get_data(der, NULL),
                                                          g_bytes_get_size(der),
                                                          critical ? 1 : 0),
                     oid, error);
}

static gboolean
set_purpose(gnutls_x509_crt_t crt, const struct cert_kind *kind, GError **error)
{
    return gnutls_ok(gnutls_x509_crt_set_key_purpose_oid(crt, kind->purpose, 0),
                     "ExtendedKeyUsage", error);
}

static gboolean
set_names(gnutls_x509_crt_t crt, const struct cert_config *c, const struct cert_kind *kind,
          GError **error)
{
    struct tcg_name names[CERT_NAMES_MAX + 1];
    g_autoptr(GBytes) der = NULL;

    if (!cert_kind_names(kind, c, names, error))
        return FALSE;
    der = kind->tpm_names && kind->platform_names ? tcg_nested_names(names, 3, error)
                                                  : tcg_alternative_name(names, error);
    return set_extension(crt, OID_ALTERNATIVE_NAME, der, TRUE, error);
}

static gboolean
set_specification(gnutls_x509_crt_t crt, const struct cert_config *c,
                  const struct cert_kind *kind, GError **error)
{
    g_autoptr(GBytes) der = NULL;

    if (!kind->specification)
        return TRUE;
    if (c->tpm_spec_family == NULL || c->tpm_spec_level < 0 || c->tpm_spec_revision < 0)
        return error_malformed(error, "--tpm-spec-family and --tpm-spec-level and "
                               "--tpm-spec-revision must all be provided");
    der = tcg_specification(c->tpm_spec_family, (guint)c->tpm_spec_level,
                            (guint)c->tpm_spec_revision, error);
    return set_extension(crt, OID_DIRECTORY_ATTRIBUTES, der, FALSE, error);
}

static gboolean
set_issuer_key(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, GError **error)
{
    guint8 id[128];
    size_t len = sizeof(id);
    int rc = gnutls_x509_crt_get_subject_key_id(issuer, id, &len, NULL);

    if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
        len = sizeof(id);
        rc = gnutls_x509_crt_get_key_id(issuer, 0, id, &len);
    }
    return gnutls_ok(rc, "The issuer's key identifier", error)
           && gnutls_ok(gnutls_x509_crt_set_authority_key_id(crt, id, len), "AuthorityKeyId",
                        error);
}

static unsigned
key_usage(const struct cert_config *c, const struct cert_kind *kind, gnutls_pubkey_t key)
{
    gboolean rsa = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA;
    gboolean signing = c->allow_signing && c->tpm2;      /* an EK of TPM 1.2 cannot */
    unsigned usage = 0;

    if (kind->signs)
        return GNUTLS_KEY_DIGITAL_SIGNATURE;
    if (signing)
        usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
    if (!signing || c->decryption)
        usage |= rsa ? GNUTLS_KEY_KEY_ENCIPHERMENT : GNUTLS_KEY_KEY_AGREEMENT;
    return usage;
}

static gboolean
set_binding(gnutls_x509_crt_t crt, const struct cert_config *c, GError **error)
{
    g_autoptr(GBytes) der = NULL;

    if (c->binding == NULL)
        return TRUE;
    der = binding_write(c->binding, error);
    return set_extension(crt, BINDING_OID, der, FALSE, error);
}

static gboolean
set_extensions(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, gnutls_pubkey_t key,
               const struct cert_config *c, const struct cert_kind *kind, GError **error)
{
    return (kind->purpose_last || set_purpose(crt, kind, error))
           && set_names(crt, c, kind, error)
           && gnutls_ok(gnutls_x509_crt_set_basic_constraints(crt, 0, -1), "BasicConstraints",
                        error)
           && set_specification(crt, c, kind, error) && set_issuer_key(crt, issuer, error)
           && gnutls_ok(gnutls_x509_crt_set_key_usage(crt, key_usage(c, kind, key)), "KeyUsage",
                        error)
           && (!kind->purpose_last || set_purpose(crt, kind, error))
           && set_binding(crt, c, error);
}

static gboolean
set_validity(gnutls_x509_crt_t crt, const struct cert_config *c, GError **error)
{
    time_t now = time(NULL);
    time_t end = c->days < 0 ? (time_t)-1 : now + (time_t)c->days * SECONDS_A_DAY;

    return gnutls_ok(gnutls_x509_crt_set_activation_time(crt, now), "notBefore", error)
           && gnutls_ok(gnutls_x509_crt_set_expiration_time(crt, end), "notAfter", error);
}

static gboolean
set_subject(gnutls_x509_crt_t crt, const struct cert_config *c, GError **error)
{
    const char *where = NULL;

    if (c->subject != NULL && c->tpm2
        && !gnutls_ok(gnutls_x509_crt_set_dn(crt, c->subject, &where), "The subject", error))
        return FALSE;
    return c->tpm_serial_num == NULL
           || gnutls_ok(gnutls_x509_crt_set_dn_by_oid(crt, OID_SERIAL_NUMBER, 0, c->tpm_serial_num,
                                                      (unsigned)strlen(c->tpm_serial_num)),
                        "The subject's serial number", error);
}

static gboolean
set_basics(gnutls_x509_crt_t crt, gnutls_pubkey_t key, const struct cert_config *c,
           GError **error)
{
    guint8 serial[SERIAL_CONTENT_MAX];
    gsize len = 0;

    return serial_parse(c->serial != NULL ? c->serial : "1", serial, &len, error)
           && gnutls_ok(gnutls_x509_crt_set_version(crt, 3), "version", error)
           && gnutls_ok(gnutls_x509_crt_set_serial(crt, serial, len), "serial number", error)
           && set_validity(crt, c, error) && set_subject(crt, c, error)
           && gnutls_ok(gnutls_x509_crt_set_pubkey(crt, key), "public key", error);
}

static gboolean
sign_certificate(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, const struct cert_config *c,
                 char **env, GError **error)
{
    const char *text = c->signkey_pwd != NULL ? c->signkey_pwd : c->signkey_password;
    char *password = NULL;
    gnutls_privkey_t key;
    int rc;

    if (c->signkey == NULL)
        return error_malformed(error, "The signature key name is required.");
    if (text != NULL) {
        password = c->signkey_pwd != NULL ? cert_password(text, env, error) : g_strdup(text);
        if (password == NULL)
            return FALSE;
    }
    key = signer_open(c->signkey, password, env, error);
    rc = key == NULL ? 0 : gnutls_x509_crt_privkey_sign(crt, issuer, key,
                                                        c->tpm2 ? GNUTLS_DIG_SHA256
                                                                : GNUTLS_DIG_SHA1, 0);
    cert_password_free(password);
    if (key == NULL)
        return FALSE;
    gnutls_privkey_deinit(key);
    return gnutls_ok(rc, "Could not sign the certificate", error);
}

/* TCG_PCCLIENT_STORED_CERT (PC Client Implementation Specification 1.21, 7.4.5). */
static GBytes *
add_header(GBytes *der)
{
    gsize len = g_bytes_get_size(der);
    guint8 header[] = { 0x10, 0x01, 0x00, (guint8)((len + 2) >> 8), (guint8)(len + 2), 0x10, 0x02 };
    GByteArray *all = g_byte_array_new();

    g_byte_array_append(all, header, sizeof(header));
    g_byte_array_append(all, g_bytes_get_data(der, NULL), (guint)len);
    return g_byte_array_free_to_bytes(all);
}

static GBytes *
export(gnutls_x509_crt_t crt, const struct cert_config *c, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    gnutls_datum_t out;

    if (!gnutls_ok(gnutls_x509_crt_export2(crt, c->pem ? GNUTLS_X509_FMT_PEM
                                                       : GNUTLS_X509_FMT_DER, &out),
                   "Could not write the certificate", error))
        return NULL;
    bytes = g_bytes_new(out.data, out.size);
    gnutls_free(out.data);
    return c->add_header && !c->pem ? add_header(bytes) : g_steal_pointer(&bytes);
}

GBytes *
cert_issue(const struct cert_config *c, char **env, GError **error)
{
    const struct cert_kind *kind = cert_kind_find(c, error);
    g_autoptr(crt_t) issuer = NULL;
    g_autoptr(crt_t) crt = NULL;
    g_autoptr(pubkey_t) key = NULL;

    if (kind == NULL)
        return NULL;
    issuer = open_issuer(c->issuercert, error);
    if (issuer == NULL || !gnutls_ok(gnutls_pubkey_init(&key), "public key", error)
        || !import_key(key, c, error)
        || !gnutls_ok(gnutls_x509_crt_init(&crt), "certificate", error)
        || !set_basics(crt, key, c, error)
        || !set_extensions(crt, issuer, key, c, kind, error)
        || !sign_certificate(crt, issuer, c, env, error))
        return NULL;
    return export(crt, c, error);
}
