/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cert - certificates of TPM keys: what swtpm_cert does, as a function, so that
 * swtpm_localca needs no process for it.
 */
#pragma once

#include "base/options.h"
#include "swtpm_cert/binding.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

struct cert_config {
    char *pubkey;
    char *modulus;
    guint exponent;
    char *ecc_x;
    char *ecc_y;
    char *ecc_curveid;
    char *public;
    char *signkey;
    char *signkey_password;
    char *signkey_pwd;
    char *parentkey_password;
    char *parentkey_pwd;
    char *issuercert;
    char *out_cert;
    char *serial;
    int days;
    gboolean pem;
    char *type;
    char *tpm_manufacturer;
    char *tpm_model;
    char *tpm_version;
    char *platform_manufacturer;
    char *platform_model;
    char *platform_version;
    char *tpm_spec_family;
    int tpm_spec_level;
    int tpm_spec_revision;
    char *tpm_serial_num;
    char *subject;
    gboolean add_header;
    gboolean tpm2;
    gboolean allow_signing;
    gboolean decryption;
    gboolean print_capabilities;
    gboolean version;
    gboolean help;
    const struct binding *binding;   /* no option: swtpm_localca's, of what it saw attested */
};

#define CERT_CONFIG_INIT \
    { .exponent = 65537, .days = 365, .tpm_spec_level = -1, .tpm_spec_revision = -1 }

extern const struct option_row cert_rows[];

/* The certificate as it is written: DER or PEM, with the header of TPM 1.2 where asked for. */
GBytes *cert_issue(const struct cert_config *config, char **env, GError **error);

/* A key by file (PEM or DER, @password may be NULL), or by pkcs11: or tpmkey: URL. */
gnutls_privkey_t signer_open(const char *where, const char *password, char **env, GError **error);
/* "pass:…", "fd:…", "file:…", "env:…" or the password itself; to be freed by cert_password_free. */
char *cert_password(const char *text, char **env, GError **error);
void cert_password_free(char *password);

/* Content of a positive INTEGER of at most 20 bytes, from decimal or 0x digits. */
#define SERIAL_CONTENT_MAX 21
gboolean serial_parse(const char *text, guint8 ret[static SERIAL_CONTENT_MAX], gsize *ret_len,
                      GError **error);
