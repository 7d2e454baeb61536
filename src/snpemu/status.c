/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * status - words for the firmware's status codes.
 */
#include "snpemu/status.h"

#include <glib.h>

const char *
fw_status_text(enum fw_status status)
{
    static const struct {
        enum fw_status status;
        const char *text;
    } rows[] = {
        { FW_OK, "success" },
        { FW_INVALID_GUEST_STATE, "invalid guest state" },
        { FW_POLICY_FAILURE, "the policy does not allow it" },
        { FW_BAD_SIGNATURE, "bad signature" },
        { FW_BAD_MEASUREMENT, "bad measurement" },
        { FW_PLATFORM, "the emulator failed" },
        { FW_INVALID_PARAM, "invalid parameter" },
        { FW_AEAD_OFLOW, "sequence number out of step" },
        { FW_BAD_SVN, "wrong security version" },
        { FW_INVALID_KEY, "no such key" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].status == status)
            return rows[i].text;
    return "unknown status";
}
