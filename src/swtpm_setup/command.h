/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command - the command line of swtpm_setup as a struct, filled once.
 */
#pragma once

#include "base/options.h"

struct setup_config {
    char *tpmstate;
    char *tpm;
    char *swtpm_ioctl;
    gboolean tpm2;
    gboolean ecc;
    gboolean createek;
    gboolean create_spk;
    gboolean take_ownership;
    char *ownerpass;
    gboolean owner_well_known;
    char *srkpass;
    gboolean srk_well_known;
    gboolean create_ek_cert;
    gboolean create_platform_cert;
    gboolean lock_nvram;
    gboolean display;
    char *config;
    char *vmid;
    char *keyfile;
    int keyfile_fd;
    char *pwdfile;
    int pwdfile_fd;
    char *cipher;
    char *runas;
    char *logfile;
    gboolean overwrite;
    gboolean not_overwrite;
    gboolean allow_signing;
    gboolean decryption;
    GPtrArray *pcr_banks;
    char *rsa_keysize;
    char *ek1keyalgo;
    char *ek2keyalgo;
    char *iakkeyalgo;
    char *idevidkeyalgo;
    gboolean no_iak;
    char *write_ek_cert_files;
    char *tcsd_system_ps_file;
    gboolean print_capabilities;
    gboolean reconfigure;
    char *profile;
    char *profile_name;
    char *profile_file;
    int profile_file_fd;
    char *profile_remove_disabled;
    gboolean print_profiles;
    gboolean version;
    gboolean help;
    /* ours */
    char *cocotpm;
    gboolean recover, inspect, change_policy, renew_evidence;
    char *nonce;
    char *birth_statement;
    GPtrArray *import_ek_cert;
    char *tcti;
    gboolean json;
};

#define SETUP_CONFIG_INIT \
    { .keyfile_fd = -1, .pwdfile_fd = -1, .profile_file_fd = -1 }

extern const struct option_row setup_rows[];
