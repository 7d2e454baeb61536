/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * derive - MSG_KEY_REQ: keys for a guest from what it is and what it asks for
 * (SEV-SNP ABI, "Key Derivation"). Which inputs enter, and when, is the
 * firmware's; the function and its labels are the emulator's own, so that no
 * key equals one of real hardware.
 */
#pragma once

#include "snpemu/report.h"

#define DERIVED_KEY_SIZE 32

enum field_select {
    FIELD_POLICY = 1 << 0,
    FIELD_IMAGE_ID = 1 << 1,
    FIELD_FAMILY_ID = 1 << 2,
    FIELD_MEASUREMENT = 1 << 3,
    FIELD_GUEST_SVN = 1 << 4,
    FIELD_TCB_VERSION = 1 << 5,
    FIELD_MIT_VECTOR = 1 << 6,       /* version 2 of the message */
};

struct key_request {
    uint8_t  version;                /* of the message */
    uint8_t  vmpck;                  /* under which it came */
    uint32_t root_select;            /* bit 0: 0 VCEK or VLEK, 1 VMRK; bits 2:1: which of the two */
    uint32_t reserved;
    uint64_t field_select;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb_version;
    uint64_t mit_vector;
};

/* FW_INVALID_PARAM and FW_INVALID_KEY go into the answer's STATUS. */
enum fw_status derive_key(const struct chip *chip, const struct launch *launch,
                          const struct key_request *request, Secret **ret);
