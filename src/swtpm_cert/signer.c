/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * signer - the CA's key, wherever it lies, and its password, however it is given.
 */
#include "config.h"

#include "swtpm_cert/cert.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/text.h"
#include "cocotransport/keys/crypto.h"

#include <errno.h>
#include <string.h>

#define PASSWORD_MAX 1024
#define KEY_MAX 65536

static char *
password_bytes(GBytes *bytes)
{
    char *password;

    if (bytes == NULL)
        return NULL;
    password = bytes_text(bytes);
    /* A line end belongs to the file, not to the password. */
    password[strcspn(password, "\n")] = '\0';
    return password;
}

static char *
password_from_fd(const char *digits, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    guint64 fd;

    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT, &fd, error))
        return NULL;
    bytes = io_read_fd((int)fd, PASSWORD_MAX, error);
    return password_bytes(bytes);
}

static char *
password_from_file(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, PASSWORD_MAX, error);

    return password_bytes(bytes);
}

char *
cert_password(const char *text, char **env, GError **error)
{
    const char *value;

    if (g_str_has_prefix(text, "fd:"))
        return password_from_fd(text + 3, error);
    if (g_str_has_prefix(text, "file:"))
        return password_from_file(text + 5, error);
    if (g_str_has_prefix(text, "pass:"))
        return g_strdup(text + 5);
    if (!g_str_has_prefix(text, "env:"))
        return g_strdup(text);
    value = g_environ_getenv(env, text + 4);
    if (value == NULL)
        error_denied(error, "The environment has no variable '%s' with a password.", text + 4);
    return g_strdup(value);
}

void
cert_password_free(char *password)
{
    if (password != NULL)
        explicit_bzero(password, strlen(password));
    g_free(password);
}

/* Gives the token's PIN once: a second question means that it was wrong. */
static int
give_pin(void *data, int attempt, const char *url, const char *label, unsigned flags, char *pin,
         size_t max)
{
    const char *ours = data;

    (void)url;
    (void)label;
    if (attempt > 0 || (flags & GNUTLS_PIN_WRONG) != 0 || ours == NULL || strlen(ours) >= max)
        return GNUTLS_E_PKCS11_PIN_ERROR;
    memcpy(pin, ours, strlen(ours) + 1);
    return 0;
}

static gboolean
import_url(gnutls_privkey_t key, const char *url, const char *password, char **env,
           GError **error)
{
    const char *pin = g_environ_getenv(env, "SWTPM_PKCS11_PIN");

    if (password != NULL)
        pin = password;
    gnutls_privkey_set_pin_function(key, give_pin, (void *)pin);
    return gnutls_ok(gnutls_privkey_import_url(key, url, 0), "Could not import the signing key",
                     error);
}

static gboolean
import_file(gnutls_privkey_t key, const char *path, const char *password, GError **error)
{
    g_autoptr(Secret) file = secret_read_file(path, 1, KEY_MAX, error);
    gnutls_datum_t datum;
    int rc;

    if (file == NULL)
        return FALSE;
    datum = secret_datum(file);
    rc = gnutls_privkey_import_x509_raw(key, &datum, GNUTLS_X509_FMT_PEM, password, 0);
    if (rc < 0 && password == NULL)
        rc = gnutls_privkey_import_x509_raw(key, &datum, GNUTLS_X509_FMT_DER, NULL, 0);
    return gnutls_ok(rc, "Could not import the signing key", error);
}

gnutls_privkey_t
signer_open(const char *where, const char *password, char **env, GError **error)
{
    gboolean url = g_str_has_prefix(where, "pkcs11:") || g_str_has_prefix(where, "tpmkey:");
    gnutls_privkey_t key;

    if (!gnutls_ok(gnutls_privkey_init(&key), "Could not make a key", error))
        return NULL;
    if (url ? import_url(key, where, password, env, error)
            : import_file(key, where, password, error))
        return key;
    gnutls_privkey_deinit(key);
    return NULL;
}
