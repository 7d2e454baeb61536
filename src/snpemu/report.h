/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report - makes ATTESTATION_REPORTs (SEV-SNP ABI, "MSG_REPORT_RSP") and
 * signs them.
 */
#pragma once

#include "snpemu/launch.h"

enum key_selection { KEY_ANY, KEY_VCEK, KEY_VLEK, KEY_SELECTIONS };


struct report_request {
    uint8_t report_data[64];
    uint32_t vmpl;
    uint32_t key_selection;
};

/* FW_INVALID_KEY when the selected key is not there. */
enum fw_status report_make(const struct chip *chip, const struct launch *launch,
                           const struct report_request *request,
                           uint8_t ret[static SNP_REPORT_SIZE]);
