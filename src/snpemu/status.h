/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * status - the firmware's status codes that the emulator answers with
 * (SEV-SNP ABI, "Status Codes"; the names of <linux/psp-sev.h>).
 */
#pragma once

enum fw_status {
    FW_OK = 0x00,
    FW_INVALID_GUEST_STATE = 0x02,
    FW_POLICY_FAILURE = 0x07,
    FW_BAD_SIGNATURE = 0x0a,
    FW_BAD_MEASUREMENT = 0x0b,
    FW_PLATFORM = 0x13,              /* the emulator itself failed: memory, crypto library */
    FW_INVALID_PARAM = 0x16,
    FW_AEAD_OFLOW = 0x1d,
    FW_BAD_SVN = 0x21,
    FW_INVALID_KEY = 0x27,
};

const char *fw_status_text(enum fw_status status);
