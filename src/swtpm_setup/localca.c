/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * localca - makes and keeps the local CA.
 */
#include "config.h"

#include "swtpm_setup/localca.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/keys/crypto.h"
#include "swtpm_cert/cert.h"
#include "swtpm_setup/text.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KEY_BITS 3072
#define FILE_MAX 65536
#define SERIAL_DIGITS_MAX 48         /* of 2^160 */
#define ROOT_NAME "CN=swtpm-localca-rootca"
#define ISSUER_NAME "CN=swtpm-localca"

typedef struct gnutls_x509_crt_int crt_t;
typedef struct gnutls_x509_privkey_int ca_key_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(crt_t, gnutls_x509_crt_deinit)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ca_key_t, gnutls_x509_privkey_deinit)

/* @path: of the configuration, where the word must not be missing. */
static gboolean
take_word(const Conf *conf, const char *path, const char *key, char **ret, GError **error)
{
    const char *value = conf_get(conf, key);

    if (value == NULL && path != NULL)
        return error_malformed(error, "Missing '%s' config value in config file %s.", key,
                               path);
    *ret = g_strdup(value);
    return TRUE;
}

static gboolean
is_url(const char *key)
{
    return g_str_has_prefix(key, "tpmkey:") || g_str_has_prefix(key, "pkcs11:");
}

/* Configurations from the days when a shell read them have "\\;" between a URL's parts. */
static char *
unescape_url(char *key)
{
    g_auto(GStrv) parts = is_url(key) ? g_strsplit(key, "\\;", -1) : NULL;

    if (parts == NULL)
        return key;
    g_free(key);
    return g_strjoinv(";", parts);
}

gboolean
localca_open(const Conf *conf, const char *path, struct localca *ret, GError **error)
{
    if (!take_word(conf, path, "statedir", &ret->state_dir, error)
        || !take_word(conf, path, "signingkey", &ret->signing_key, error)
        || !take_word(conf, path, "issuercert", &ret->issuer_cert, error)
        || !take_word(conf, NULL, "certserial", &ret->serial_file, error)
        || !take_word(conf, NULL, "signingkey_password", &ret->key_password, error)
        || !take_word(conf, NULL, "parentkey_password", &ret->parent_password, error))
        return FALSE;
    ret->signing_key = unescape_url(ret->signing_key);
    if (ret->serial_file == NULL)
        ret->serial_file = g_build_filename(ret->state_dir, "certserial", NULL);
    return TRUE;
}

void
localca_clear(struct localca *ca)
{
    g_free(ca->state_dir);
    g_free(ca->signing_key);
    g_free(ca->issuer_cert);
    g_free(ca->serial_file);
    cert_password_free(ca->key_password);
    cert_password_free(ca->parent_password);
}

/* Others have no business in a CA's folder; its group may sign. */
static gboolean
make_state_dir(const struct localca *ca, Report *report, GError **error)
{
    const char *dir = ca->state_dir;

    if (access(dir, F_OK) < 0) {
        if (report != NULL)
            report_say(report, "Creating swtpm-localca dir '%s'.", dir);
        if (g_mkdir_with_parents(dir, 0750) < 0)
            return error_errno(error, errno, "Could not create directory for '%s'", dir);
    }
    return access(dir, R_OK | W_OK) == 0
           || error_denied(error, "Need read/write rights on statedir %s for user %s.", dir,
                           ca->user);
}

static gboolean
take_lock(const struct localca *ca, Report *report, int *ret, GError **error)
{
    g_autofree char *path = g_build_filename(ca->state_dir, ".lock.swtpm-localca", NULL);
    g_auto(AutoFd) fd = -1;

    if (!make_state_dir(ca, report, error))
        return FALSE;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0755);
    if (fd < 0 && errno == EACCES)
        return error_denied(error, "Need read/write rights on %s for user %s.", path,
                            ca->user);
    if (fd < 0)
        return error_errno(error, errno, "Could not open lockfile %s", path);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_errno(error, errno, "Could not lock %s", path);
    *ret = fd;
    fd = -1;
    return TRUE;
}

static gboolean
export_key(gnutls_x509_privkey_t key, const char *password, const char *path, GError **error)
{
    gnutls_datum_t pem;
    int rc = password != NULL
                 ? gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, password,
                                                     GNUTLS_PKCS_PBES2_AES_256, &pem)
                 : gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
    gboolean done;

    if (!gnutls_ok(rc, path, error))
        return FALSE;
    done = io_write_file(path, pem.data, pem.size, 0640, error);
    explicit_bzero(pem.data, pem.size);
    gnutls_free(pem.data);
    return done;
}

static gboolean
make_key(const char *path, const char *password, GError **error)
{
    g_autoptr(ca_key_t) key = NULL;

    if (access(path, F_OK) == 0)
        return TRUE;
    return gnutls_ok(gnutls_x509_privkey_init(&key), "CA key", error)
           && gnutls_ok(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, KEY_BITS, 0),
                        "Could not make a CA key", error)
           && export_key(key, password, path, error);
}

static gnutls_x509_privkey_t
read_key(const char *path, const char *password, GError **error)
{
    g_autoptr(Secret) file = secret_read_file(path, 1, FILE_MAX, error);
    g_autoptr(ca_key_t) key = NULL;
    gnutls_datum_t pem;

    if (file == NULL || !gnutls_ok(gnutls_x509_privkey_init(&key), path, error))
        return NULL;
    pem = secret_datum(file);
    if (!gnutls_ok(gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, password, 0), path,
                   error))
        return NULL;
    return g_steal_pointer(&key);
}

/* Twenty random bytes below 2^159, so that their INTEGER is positive. */
static gboolean
random_serial(gnutls_x509_crt_t crt, GError **error)
{
    guint8 serial[20];

    if (!crypto_random(serial, sizeof(serial), error))
        return FALSE;
    serial[0] = (guint8)((serial[0] & 0x7f) | 0x10);
    return gnutls_ok(gnutls_x509_crt_set_serial(crt, serial, sizeof(serial)), "serial number",
                     error);
}

static gboolean
fill_ca(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *name, GError **error)
{
    const char *where = NULL;
    guint8 id[64];
    size_t len = sizeof(id);

    return gnutls_ok(gnutls_x509_crt_set_version(crt, 3), "version", error)
           && random_serial(crt, error)
           && gnutls_ok(gnutls_x509_crt_set_dn(crt, name, &where), name, error)
           && gnutls_ok(gnutls_x509_crt_set_activation_time(crt, time(NULL)), "notBefore", error)
           && gnutls_ok(gnutls_x509_crt_set_expiration_time(crt, (time_t)-1), "notAfter", error)
           && gnutls_ok(gnutls_x509_crt_set_key(crt, key), "public key", error)
           && gnutls_ok(gnutls_x509_crt_set_basic_constraints(crt, 1, -1), "BasicConstraints",
                        error)
           && gnutls_ok(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN), "KeyUsage",
                        error)
           && gnutls_ok(gnutls_x509_crt_get_key_id(crt, 0, id, &len), "key id", error)
           && gnutls_ok(gnutls_x509_crt_set_subject_key_id(crt, id, len), "SubjectKeyId", error);
}

static gboolean
export_cert(gnutls_x509_crt_t crt, const char *path, GError **error)
{
    gnutls_datum_t pem;
    gboolean done;

    if (!gnutls_ok(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), path, error))
        return FALSE;
    done = io_write_file(path, pem.data, pem.size, 0644, error);
    gnutls_free(pem.data);
    return done;
}

static gnutls_x509_crt_t
read_cert(const char *path, GError **error)
{
    g_autoptr(GBytes) file = io_read_file(path, FILE_MAX, error);
    g_autoptr(crt_t) crt = NULL;
    gnutls_datum_t pem;

    if (file == NULL || !gnutls_ok(gnutls_x509_crt_init(&crt), path, error))
        return NULL;
    pem.data = (void *)g_bytes_get_data(file, NULL);
    pem.size = (unsigned)g_bytes_get_size(file);
    if (!gnutls_ok(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), path, error))
        return NULL;
    return g_steal_pointer(&crt);
}

static gboolean
make_root_cert(const char *path, gnutls_x509_privkey_t key, GError **error)
{
    g_autoptr(crt_t) crt = NULL;

    return gnutls_ok(gnutls_x509_crt_init(&crt), path, error)
           && fill_ca(crt, key, ROOT_NAME, error)
           && gnutls_ok(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), path, error)
           && export_cert(crt, path, error);
}

static gboolean
set_authority(gnutls_x509_crt_t crt, gnutls_x509_crt_t root, GError **error)
{
    guint8 id[64];
    size_t len = sizeof(id);

    return gnutls_ok(gnutls_x509_crt_get_key_id(root, 0, id, &len), "key id", error)
           && gnutls_ok(gnutls_x509_crt_set_authority_key_id(crt, id, len), "AuthorityKeyId",
                        error);
}

static gboolean
make_issuer_cert(const struct localca *ca, const char *root_path, gnutls_x509_privkey_t root_key,
                 GError **error)
{
    g_autoptr(crt_t) root = read_cert(root_path, error);
    g_autoptr(crt_t) crt = NULL;
    g_autoptr(ca_key_t) key = NULL;

    if (root == NULL)
        return FALSE;
    key = read_key(ca->signing_key, ca->key_password, error);
    return key != NULL && gnutls_ok(gnutls_x509_crt_init(&crt), ca->issuer_cert, error)
           && fill_ca(crt, key, ISSUER_NAME, error) && set_authority(crt, root, error)
           && gnutls_ok(gnutls_x509_crt_sign2(crt, root, root_key, GNUTLS_DIG_SHA256, 0),
                        ca->issuer_cert, error)
           && export_cert(crt, ca->issuer_cert, error);
}

/* Before the issuer's certificate, which shows that the CA is whole. */
static gboolean
first_serial(const struct localca *ca, GError **error)
{
    return access(ca->serial_file, F_OK) == 0
           || io_write_file(ca->serial_file, "1", 1, 0644, error);
}

static char *
beside_key(const struct localca *ca, const char *name)
{
    g_autofree char *folder = g_path_get_dirname(ca->signing_key);

    return g_build_filename(folder, name, NULL);
}

/* In this order, each step done only when its file is not there. */
static gboolean
make_ca(const struct localca *ca, const char *root_password, GError **error)
{
    g_autofree char *key_path = beside_key(ca, "swtpm-localca-rootca-privkey.pem");
    g_autofree char *cert_path = beside_key(ca, "swtpm-localca-rootca-cert.pem");
    g_autofree char *folder = g_path_get_dirname(ca->signing_key);
    g_autoptr(ca_key_t) root_key = NULL;

    if (g_mkdir_with_parents(folder, 0755) < 0)
        return error_errno(error, errno, "Could not create directory for '%s'", folder);
    if (!make_key(key_path, root_password, error))
        return FALSE;
    root_key = read_key(key_path, root_password, error);
    return root_key != NULL
           && (access(cert_path, F_OK) == 0 || make_root_cert(cert_path, root_key, error))
           && make_key(ca->signing_key, ca->key_password, error)
           && first_serial(ca, error)
           && make_issuer_cert(ca, cert_path, root_key, error);
}

/* An issuer's certificate whose key is gone is of no use: both are made anew, as ever. */
static gboolean
is_whole(const struct localca *ca)
{
    return access(ca->issuer_cert, F_OK) == 0
           && (is_url(ca->signing_key) || access(ca->signing_key, F_OK) == 0 || errno != ENOENT);
}

gboolean
localca_prepare(const struct localca *ca, const char *root_password, Report *report,
                GError **error)
{
    g_auto(AutoFd) lock = -1;

    if (!take_lock(ca, report, &lock, error))
        return FALSE;
    if (g_str_has_prefix(ca->signing_key, "pkcs11:"))
        report_say(report, "CA uses a PKCS#11 key; using SWTPM_PKCS11_PIN");
    if (is_whole(ca))
        return is_url(ca->signing_key) || access(ca->signing_key, R_OK) == 0
               || error_denied(error, "Need read rights on signing key %s for user %s.",
                               ca->signing_key, ca->user);
    if (is_url(ca->signing_key))
        return error_denied(error, "The issuer certificate %s of %s is missing.", ca->issuer_cert,
                            ca->signing_key);
    report_say(report, "Creating root CA and a local CA's signing key and issuer cert.");
    if (make_ca(ca, root_password, error))
        return TRUE;
    g_prefix_error(error, "Error creating local CA's signing key and cert: ");
    return FALSE;
}

/* Decimal text plus one; to be freed. */
static char *
plus_one(const char *digits)
{
    gsize len = strlen(digits);
    char *sum = g_strconcat("0", digits, NULL);
    gsize i = len;

    while (sum[i] == '9')
        sum[i--] = '0';
    sum[i]++;
    if (sum[0] == '0')
        memmove(sum, sum + 1, len + 1);
    return sum;
}

static gboolean
nothing_in(const char *path)
{
    struct stat info;

    return stat(path, &info) < 0 ? errno == ENOENT : info.st_size == 0;
}

/*
 * What the last number was. A file that is gone or empty says nothing about numbers
 * given before, so it goes on from a number that none of them can have reached.
 */
static char *
last_serial(const struct localca *ca, GError **error)
{
    g_autoptr(GBytes) file = NULL;
    g_autofree char *text = NULL;
    guint8 random[8];
    guint64 start = 0;

    if (nothing_in(ca->serial_file)) {
        if (!crypto_random(random, sizeof(random), error))
            return NULL;
        for (guint i = 0; i < sizeof(random); i++)
            start = start << 8 | random[i];
        return g_strdup_printf("%" G_GUINT64_FORMAT, start | G_GUINT64_CONSTANT(1) << 62);
    }
    file = io_read_file(ca->serial_file, FILE_MAX, error);
    if (file == NULL)
        return NULL;
    text = bytes_text(file);
    g_strstrip(text);
    if (*text == '\0' || strlen(text) > SERIAL_DIGITS_MAX
        || strspn(text, "0123456789") != strlen(text)) {
        error_malformed(error, "%s holds no serial number.", ca->serial_file);
        return NULL;
    }
    return g_steal_pointer(&text);
}

char *
localca_next_serial(const struct localca *ca, GError **error)
{
    g_auto(AutoFd) lock = -1;
    g_autofree char *last = NULL;
    g_autofree char *next = NULL;

    if (!take_lock(ca, NULL, &lock, error))
        return NULL;
    last = last_serial(ca, error);
    if (last == NULL)
        return NULL;
    next = plus_one(last);
    if (!io_write_file(ca->serial_file, next, strlen(next), 0644, error))
        return NULL;
    return g_steal_pointer(&next);
}
