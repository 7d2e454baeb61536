/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pki - the emulator's authorities: RSA-4096 keys and certificates signed with
 * RSASSA-PSS, SHA-384, made when they are first needed and kept as PEM files.
 */
#include "config.h"

#include "snpemu/pki.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/keys/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PEM_MAX 16384
#define YEAR ((time_t)365 * 24 * 3600)
#define VEK_SERIAL 1                 /* AMD's have 0, which GnuTLS does not write */

static const struct {
    const char *file;                /* "FILE-genoa.key" and ".pem" */
    const char *name;                /* common name, before the product */
    uint32_t serial[SNP_PRODUCTS];
    unsigned usage;
    int path_len;
} authorities[PKI_AUTHORITIES] = {
    [PKI_ARK]  = { "ark", "ARK-", { 0, 0x10000, 0x20000, 0x30000 },
                   GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN, -1 },
    [PKI_ASK]  = { "ask", "SEV-", { 0, 0x10001, 0x20002, 0x30001 },
                   GNUTLS_KEY_KEY_CERT_SIGN, 0 },
    [PKI_ASVK] = { "asvk", "SEV-VLEK-", { 0, 0x10101, 0x20101, 0x30101 },
                   GNUTLS_KEY_KEY_CERT_SIGN, 0 },
};

GBytes *
certificate_der(gnutls_x509_crt_t certificate, GError **error)
{
    gnutls_datum_t out = { 0 };
    GBytes *bytes = NULL;

    if (!gnutls_ok(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &out),
                   "exporting a certificate", error))
        return NULL;
    bytes = g_bytes_new(out.data, out.size);
    gnutls_free(out.data);
    return bytes;
}

GBytes *
certificate_pem(gnutls_x509_crt_t certificate, GError **error)
{
    gnutls_datum_t out = { 0 };
    GBytes *bytes = NULL;

    if (!gnutls_ok(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &out),
                   "exporting a certificate", error))
        return NULL;
    bytes = g_bytes_new(out.data, out.size);
    gnutls_free(out.data);
    return bytes;
}

/* The key in @path, made there when it is missing; @path may be NULL. */
static gnutls_x509_privkey_t
key_open(const char *path, gnutls_pk_algorithm_t algorithm, unsigned bits, GError **error)
{
    gnutls_x509_privkey_t key = NULL;
    gboolean ok = gnutls_ok(gnutls_x509_privkey_init(&key), "making a key", error);

    if (ok && path != NULL && access(path, F_OK) == 0) {
        g_autoptr(GBytes) pem = io_read_file(path, PEM_MAX, error);
        const gnutls_datum_t in = { pem ? (void *)g_bytes_get_data(pem, NULL) : NULL,
                                    pem ? (unsigned)g_bytes_get_size(pem) : 0 };

        ok = pem != NULL
             && gnutls_ok(gnutls_x509_privkey_import(key, &in, GNUTLS_X509_FMT_PEM), path, error);
    } else if (ok) {
        gnutls_datum_t out = { 0 };

        ok = gnutls_ok(gnutls_x509_privkey_generate(key, algorithm, bits, 0), "making a key",
                       error)
             && gnutls_ok(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out),
                          "exporting a key", error)
             && (path == NULL || io_write_file(path, out.data, out.size, 0600, error));
        gnutls_free(out.data);
    }
    if (!ok)
        g_clear_pointer(&key, gnutls_x509_privkey_deinit);
    return key;
}

static gboolean
certificate_sign(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer,
                 gnutls_x509_privkey_t issuer_key, GError **error)
{
    gnutls_privkey_t signer = NULL;
    gboolean ok = gnutls_ok(gnutls_privkey_init(&signer), "signing a certificate", error)
                  && gnutls_ok(gnutls_privkey_import_x509(signer, issuer_key, 0),
                               "signing a certificate", error)
                  && gnutls_ok(gnutls_x509_crt_privkey_sign(certificate, issuer, signer,
                                                            GNUTLS_DIG_SHA384,
                                                            GNUTLS_PRIVKEY_SIGN_FLAG_RSA_PSS),
                               "signing a certificate", error);

    g_clear_pointer(&signer, gnutls_privkey_deinit);
    return ok;
}

/* An hour back, for guests whose clock is late. */
static time_t
valid_from(void)
{
    return time(NULL) - 3600;
}

/* A certificate for @key that lacks its extensions and signature. */
static gnutls_x509_crt_t
certificate_begin(const char *name, uint32_t serial, gnutls_x509_privkey_t key, int years,
                  time_t from, GError **error)
{
    gnutls_x509_crt_t c = NULL;
    const uint8_t number[] = { (uint8_t)(serial >> 16), (uint8_t)(serial >> 8), (uint8_t)serial };
    g_autofree char *dn = g_strdup_printf("CN=%s,O=CoCoTPM emulated AMD-SP,ST=CA,L=Santa Clara,"
                                          "C=US,OU=Engineering", name);

    if (gnutls_ok(gnutls_x509_crt_init(&c), "making a certificate", error)
        && gnutls_ok(gnutls_x509_crt_set_version(c, 3), "certificate version", error)
        && gnutls_ok(gnutls_x509_crt_set_dn(c, dn, NULL), dn, error)
        && gnutls_ok(gnutls_x509_crt_set_serial(c, number, sizeof(number)),
                     "certificate serial", error)
        && gnutls_ok(gnutls_x509_crt_set_activation_time(c, from), "certificate time", error)
        && gnutls_ok(gnutls_x509_crt_set_expiration_time(c, from + years * YEAR),
                     "certificate time", error)
        && gnutls_ok(gnutls_x509_crt_set_key(c, key), "certificate key", error))
        return c;
    g_clear_pointer(&c, gnutls_x509_crt_deinit);
    return NULL;
}

static gnutls_x509_crt_t
certificate_load(const char *path, GError **error)
{
    gnutls_x509_crt_t c = NULL;
    g_autoptr(GBytes) pem = io_read_file(path, PEM_MAX, error);

    if (pem == NULL || !gnutls_ok(gnutls_x509_crt_init(&c), path, error))
        return NULL;
    const gnutls_datum_t in = { (void *)g_bytes_get_data(pem, NULL),
                                (unsigned)g_bytes_get_size(pem) };
    if (!gnutls_ok(gnutls_x509_crt_import(c, &in, GNUTLS_X509_FMT_PEM), path, error))
        g_clear_pointer(&c, gnutls_x509_crt_deinit);
    return c;
}

static gboolean
certificate_save(gnutls_x509_crt_t certificate, const char *path, GError **error)
{
    g_autoptr(GBytes) pem = certificate_pem(certificate, error);

    return pem != NULL
           && io_write_file(path, g_bytes_get_data(pem, NULL), g_bytes_get_size(pem), 0644, error);
}

static gnutls_x509_crt_t
authority_certificate(const struct pki *p, enum pki_authority which, gnutls_x509_privkey_t key,
                      GError **error)
{
    g_autofree char *name = g_strconcat(authorities[which].name, snp_product_name(p->product),
                                        NULL);
    gnutls_x509_crt_t c = certificate_begin(name, authorities[which].serial[p->product], key, 25,
                                            valid_from(), error);
    const gboolean root = which == PKI_ARK;

    if (c != NULL
        && gnutls_ok(gnutls_x509_crt_set_basic_constraints(c, 1, authorities[which].path_len),
                     "basic constraints", error)
        && gnutls_ok(gnutls_x509_crt_set_key_usage(c, authorities[which].usage), "key usage",
                     error)
        && certificate_sign(c, root ? c : p->authorities[PKI_ARK].certificate,
                            root ? key : p->authorities[PKI_ARK].key, error))
        return c;
    g_clear_pointer(&c, gnutls_x509_crt_deinit);
    return NULL;
}

static gboolean
authority_open(struct pki *p, enum pki_authority which, GError **error)
{
    struct authority *a = &p->authorities[which];
    g_autofree char *product = g_ascii_strdown(snp_product_name(p->product), -1);
    g_autofree char *key = g_strdup_printf("%s/%s-%s.key", p->folder, authorities[which].file,
                                           product);
    g_autofree char *pem = g_strdup_printf("%s/%s-%s.pem", p->folder, authorities[which].file,
                                           product);

    a->key = key_open(key, GNUTLS_PK_RSA, 4096, error);
    if (a->key == NULL)
        return FALSE;
    if (access(pem, F_OK) == 0) {
        a->certificate = certificate_load(pem, error);
        return a->certificate != NULL;
    }
    a->certificate = authority_certificate(p, which, a->key, error);
    return a->certificate != NULL && certificate_save(a->certificate, pem, error);
}

/* Three RSA keys take seconds: a second process waits for them rather than making its own. */
static int
folder_lock(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, ".lock", NULL);
    int fd = -1;

    if (g_mkdir_with_parents(folder, 0700) != 0) {
        error_errno(error, errno, "%s", folder);
        return -1;
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    error_errno(error, errno, "%s", path);
    io_close(&fd);
    return -1;
}

static Secret *
folder_secret(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "csp-secret", NULL);
    g_autoptr(Secret) secret = NULL;

    if (access(path, F_OK) == 0)
        return secret_read_file(path, 32, 32, error);
    secret = crypto_random_secret(32, error);
    if (secret == NULL || !io_write_file(path, secret_peek(secret), 32, 0600, error))
        return NULL;
    return g_steal_pointer(&secret);
}

struct pki *
pki_open(const char *folder, enum snp_product product, GError **error)
{
    g_autoptr(pki_t) p = g_new0(struct pki, 1);
    g_auto(AutoFd) lock = folder_lock(folder, error);

    p->folder = g_strdup(folder);
    p->product = product;
    if (lock < 0)
        return NULL;
    p->secret = folder_secret(folder, error);
    if (p->secret == NULL)
        return NULL;
    if (!authority_open(p, PKI_ARK, error) || !authority_open(p, PKI_ASK, error))
        return NULL;
    return g_steal_pointer(&p);
}

gboolean
pki_need_asvk(struct pki *p, GError **error)
{
    g_auto(AutoFd) lock = -1;

    if (p->authorities[PKI_ASVK].certificate != NULL)
        return TRUE;
    lock = folder_lock(p->folder, error);
    return lock >= 0 && authority_open(p, PKI_ASVK, error);
}

void
pki_free(struct pki *p)
{
    if (p == NULL)
        return;
    for (int i = 0; i < PKI_AUTHORITIES; i++) {
        g_clear_pointer(&p->authorities[i].key, gnutls_x509_privkey_deinit);
        g_clear_pointer(&p->authorities[i].certificate, gnutls_x509_crt_deinit);
    }
    secret_free(p->secret);
    g_free(p->folder);
    g_free(p);
}

gboolean
pki_pin(const struct pki *p, uint8_t ret[static 32], GError **error)
{
    size_t len = 32;

    return gnutls_ok(gnutls_x509_crt_get_key_id(p->authorities[PKI_ARK].certificate,
                                                GNUTLS_KEYID_USE_SHA256, ret, &len),
                     "digest of the ARK's key", error);
}

struct vek *
vek_open(const struct pki *p, const struct vek_subject *subject, const char *key_path,
         GError **error)
{
    const gboolean vlek = subject->csp_id != NULL;
    const struct authority *issuer = &p->authorities[vlek ? PKI_ASVK : PKI_ASK];
    struct vek *v = g_new0(struct vek, 1);

    v->key = key_open(key_path, GNUTLS_PK_ECDSA,
                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), error);
    if (v->key != NULL)
        v->certificate = certificate_begin(vlek ? "SEV-VLEK" : "SEV-VCEK", VEK_SERIAL, v->key,
                                           vlek ? 1 : 7,
                                           valid_from() - (subject->expired ? 8 * YEAR : 0),
                                           error);
    if (v->certificate != NULL && vek_extensions_add(v->certificate, subject, error)
        && certificate_sign(v->certificate, issuer->certificate, issuer->key, error))
        return v;
    vek_free(v);
    return NULL;
}

void
vek_free(struct vek *v)
{
    if (v == NULL)
        return;
    g_clear_pointer(&v->key, gnutls_x509_privkey_deinit);
    g_clear_pointer(&v->certificate, gnutls_x509_crt_deinit);
    g_free(v);
}

gboolean
number_little(const gnutls_datum_t *n, uint8_t ret[static 72])
{
    size_t skip = 0;

    while (skip < n->size && n->data[skip] == 0)
        skip++;
    if (n->size - skip > 48)
        return FALSE;
    memset(ret, 0, 72);
    for (size_t i = skip; i < n->size; i++)
        ret[n->size - 1 - i] = n->data[i];
    return TRUE;
}

gboolean
vek_sign(const struct vek *v, const void *data, size_t len, uint8_t ret[static 512],
         GError **error)
{
    const gnutls_datum_t in = { (void *)data, (unsigned)len };
    gnutls_datum_t der = { 0 }, r = { 0 }, s = { 0 };
    gnutls_privkey_t signer = NULL;
    gboolean ok = gnutls_ok(gnutls_privkey_init(&signer), "signing a report", error)
                  && gnutls_ok(gnutls_privkey_import_x509(signer, v->key, 0), "signing a report",
                               error)
                  && gnutls_ok(gnutls_privkey_sign_data2(signer,
                                                         GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 0,
                                                         &in, &der), "signing a report", error)
                  && gnutls_ok(gnutls_decode_rs_value(&der, &r, &s), "signing a report", error);

    if (ok) {
        memset(ret, 0, 512);
        ok = number_little(&r, ret) && number_little(&s, ret + 72);
    }
    gnutls_free(der.data);
    gnutls_free(r.data);
    gnutls_free(s.data);
    g_clear_pointer(&signer, gnutls_privkey_deinit);
    return ok;
}
