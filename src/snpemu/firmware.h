/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * firmware - the guest side of the emulated AMD-SP: one page in, one page out,
 * as SNP_GUEST_REQUEST does it (SEV-SNP ABI, "Guest Messages").
 */
#pragma once

#include "snpemu/launch.h"

/*
 * Answers the message in @request. Anything but FW_OK is a command error: no
 * answer is made and the counter stays; a refusal inside an answer (payload
 * STATUS) is FW_OK here.
 */
enum fw_status firmware_guest_request(struct chip *chip, struct launch *launch,
                                      const uint8_t request[static GUEST_PAGE],
                                      uint8_t ret[static GUEST_PAGE]);
