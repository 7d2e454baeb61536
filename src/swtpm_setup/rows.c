/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rows - every option of swtpm_setup.
 */
#include "config.h"

#include "swtpm_setup/command.h"

#define FIELD(name) offsetof(struct setup_config, name)
#define FLAG(name, field, help) { name, 0, OPTION_FLAG, FIELD(field), NULL, help }
#define TEXT(name, field, value, help) { name, 0, OPTION_STRING, FIELD(field), value, help }
#define DESCRIPTOR(name, field, help) { name, 0, OPTION_FD, FIELD(field), "FD", help }

const struct option_row setup_rows[] = {
    TEXT("tpm-state", tpmstate, "DIR|dir://DIR|file://FILE",
         "where the TPM's state is to lie; mandatory"),
    TEXT("tpmstate", tpmstate, "DIR|dir://DIR|file://FILE", "the same as --tpm-state"),
    TEXT("tpm", tpm, "PROGRAM", "the TPM program and its first word; default 'swtpm socket'"),
    TEXT("swtpm_ioctl", swtpm_ioctl, "PROGRAM", "obsolete, without effect"),
    FLAG("tpm2", tpm2, "make a TPM 2; without it a TPM 1.2 is made"),
    FLAG("ecc", ecc, "make the storage primary key an ECC key; needs --tpm2"),
    FLAG("createek", createek, "create the endorsement keys"),
    FLAG("create-spk", create_spk, "create a storage primary key; needs --tpm2"),
    FLAG("take-ownership", take_ownership, "take ownership of a TPM 1.2; implies --createek"),
    TEXT("ownerpass", ownerpass, "PASSWORD", "owner password; default ooo"),
    FLAG("owner-well-known", owner_well_known, "an owner password of 20 zero bytes"),
    TEXT("srkpass", srkpass, "PASSWORD", "password of the storage root key; default sss"),
    FLAG("srk-well-known", srk_well_known, "a storage root key password of 20 zero bytes"),
    FLAG("create-ek-cert", create_ek_cert, "create EK certificates; implies --createek"),
    FLAG("create-platform-cert", create_platform_cert,
         "create a platform certificate; implies --createek"),
    FLAG("lock-nvram", lock_nvram, "lock the NV areas made here against writing"),
    FLAG("display", display, "accepted, without effect"),
    TEXT("config", config, "FILE", "configuration file; default swtpm_setup.conf of user or system"),
    TEXT("vmid", vmid, "ID", "name of the virtual machine, for the certificates"),
    TEXT("keyfile", keyfile, "FILE", "encrypt the state with the key in this file"),
    DESCRIPTOR("keyfile-fd", keyfile_fd, "the same, by descriptor"),
    TEXT("pwdfile", pwdfile, "FILE", "encrypt the state with the passphrase in this file"),
    DESCRIPTOR("pwdfile-fd", pwdfile_fd, "the same, by descriptor"),
    TEXT("cipher", cipher, "aes-128-cbc|aes-cbc|aes-256-cbc", "the cipher; default aes-128-cbc"),
    TEXT("runas", runas, "USER", "change to this user first"),
    TEXT("logfile", logfile, "FILE", "log into this file, not to the terminal"),
    FLAG("overwrite", overwrite, "replace a state that is there"),
    FLAG("not-overwrite", not_overwrite, "leave a state that is there, and say success"),
    FLAG("allow-signing", allow_signing, "make the EK a key that can sign; needs --tpm2"),
    FLAG("decryption", decryption, "make the EK a key that can decrypt; the default; needs --tpm2"),
    { "pcr-banks", 0, OPTION_STRINGS, FIELD(pcr_banks), "BANK,…|-",
      "the PCR banks to activate, '-' for all; default sha256; needs --tpm2" },
    TEXT("rsa-keysize", rsa_keysize, "2048|3072|4096|max", "size of an RSA EK; default 2048"),
    TEXT("ek1keyalgo", ek1keyalgo, "ALGORITHM", "kind of the first EK; default rsa2048"),
    TEXT("ek2keyalgo", ek2keyalgo, "ALGORITHM", "kind of the second EK; default ecc_nist_p384"),
    TEXT("iakkeyalgo", iakkeyalgo, "ALGORITHM", "create an initial attestation key of this kind"),
    TEXT("idevidkeyalgo", idevidkeyalgo, "ALGORITHM", "create an IDevID key of this kind"),
    FLAG("no-iak", no_iak, NULL),
    TEXT("write-ek-cert-files", write_ek_cert_files, "DIR", "write the certificates as files, too"),
    TEXT("tcsd-system-ps-file", tcsd_system_ps_file, "FILE", "obsolete, without effect"),
    FLAG("print-capabilities", print_capabilities, "print what this program can do as JSON"),
    FLAG("reconfigure", reconfigure, "change the PCR banks of a state that is there; needs --tpm2"),
    TEXT("profile", profile, "JSON", "the TPM's profile; needs a libtpms that knows profiles"),
    TEXT("profile-name", profile_name, "NAME", "the same, by name"),
    TEXT("profile-file", profile_file, "FILE", "the same, by file"),
    DESCRIPTOR("profile-file-fd", profile_file_fd, "the same, by descriptor"),
    TEXT("profile-remove-disabled", profile_remove_disabled, "check|fips-host",
         "leave out what the host's cryptography has disabled"),
    FLAG("print-profiles", print_profiles, "print the profiles as JSON"),
    TEXT("cocotpm", cocotpm, "policy=FILE,id=UUID[,…]",
         "make a confidential TPM: sealed to this platform, ruled by this policy"),
    FLAG("recover", recover,
         "move a confidential TPM to this platform by its recovery secret; needs --cocotpm"),
    FLAG("inspect", inspect,
         "print what a sealed state says of itself; with --cocotpm it is opened, too"),
    TEXT("nonce", nonce, "HEX", "the owner's nonce for the birth statement"),
    TEXT("birth-statement", birth_statement, "FILE", "write the birth statement there"),
    FLAG("json", json, "print what was made as JSON"),
    FLAG("version", version, "print the version"),
    { "help", 'h', OPTION_FLAG, FIELD(help), NULL, "print this text" },
    { 0 },
};
