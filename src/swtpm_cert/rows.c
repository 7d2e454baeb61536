/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rows - every option of swtpm_cert.
 */
#include "config.h"

#include "swtpm_cert/cert.h"

#define FIELD(name) offsetof(struct cert_config, name)
#define FLAG(name, field, help) { name, 0, OPTION_FLAG, FIELD(field), NULL, help }
#define TEXT(name, field, value, help) { name, 0, OPTION_STRING, FIELD(field), value, help }
#define NUMBER(name, field, help) { name, 0, OPTION_INT, FIELD(field), "N", help }

const struct option_row cert_rows[] = {
    TEXT("pubkey", pubkey, "FILE", "the public key, PEM"),
    TEXT("modulus", modulus, "HEX", "the modulus of an RSA key"),
    { "exponent", 0, OPTION_UINT, FIELD(exponent), "N", "its exponent; default 65537" },
    TEXT("ecc-x", ecc_x, "HEX", "the x coordinate of an ECC key"),
    TEXT("ecc-y", ecc_y, "HEX", "the y coordinate of an ECC key"),
    TEXT("ecc-curveid", ecc_curveid, "CURVE",
         "secp256r1, secp384r1 or secp521r1; default secp256r1"),
    TEXT("public", public, "HEX", "the public key as DER of a SubjectPublicKeyInfo"),
    TEXT("signkey", signkey, "FILE|URL", "the CA's key: PEM, pkcs11: or tpmkey: URL"),
    TEXT("signkey-password", signkey_password, "PASSWORD", "password of the CA's key"),
    TEXT("signkey-pwd", signkey_pwd, "PWD",
         "the same as pass:PASSWORD, fd:N, file:FILE or env:NAME"),
    TEXT("parentkey-password", parentkey_password, "PASSWORD", "password of a TPM key's parent"),
    TEXT("parentkey-pwd", parentkey_pwd, "PWD", "the same as with --signkey-pwd"),
    TEXT("issuercert", issuercert, "FILE", "the CA's certificate, PEM"),
    TEXT("out-cert", out_cert, "FILE", "where to write; default standard output"),
    TEXT("serial", serial, "N", "the serial number, at most 20 bytes; default 1"),
    NUMBER("days", days, "days of validity, -1 for no end; default 365"),
    FLAG("pem", pem, "write PEM, not DER"),
    TEXT("type", type, "ek|platform|iak|idevid", "the kind of certificate; default ek"),
    TEXT("tpm-manufacturer", tpm_manufacturer, "NAME", "manufacturer of the TPM"),
    TEXT("tpm-model", tpm_model, "NAME", "model of the TPM"),
    TEXT("tpm-version", tpm_version, "NAME", "version of the TPM"),
    TEXT("platform-manufacturer", platform_manufacturer, "NAME", "manufacturer of the platform"),
    TEXT("platform-model", platform_model, "NAME", "model of the platform"),
    TEXT("platform-version", platform_version, "NAME", "version of the platform"),
    TEXT("tpm-spec-family", tpm_spec_family, "FAMILY", "specification family of the TPM"),
    NUMBER("tpm-spec-level", tpm_spec_level, "specification level of the TPM"),
    NUMBER("tpm-spec-revision", tpm_spec_revision, "specification revision of the TPM"),
    TEXT("tpm-serial-num", tpm_serial_num, "TEXT", "serial number of the TPM, in the subject"),
    TEXT("subject", subject, "NAME", "the subject, such as C=US,L=NewYork; not for TPM 1.2"),
    FLAG("add-header", add_header, "put the TCG's header for NV memory of a TPM 1.2 before it"),
    FLAG("tpm2", tpm2, "a certificate for a TPM 2"),
    FLAG("allow-signing", allow_signing, "the key can sign"),
    FLAG("decryption", decryption, "the key can decrypt"),
    FLAG("print-capabilities", print_capabilities, "print what this program can do as JSON"),
    FLAG("version", version, "print the version"),
    FLAG("help", help, "print this text"),
    { 0 },
};
