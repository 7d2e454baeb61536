/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launch - what a CoCoVM's verified evidence becomes in its TPM (protocol,
 * section 6.1): the event of PCR 0, which stays the same from launch to
 * launch, that of PCR 17, which never does, and the launch's own name.
 */
#pragma once

#include "base/builder.h"
#include "cocotransport/attest/report.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/session/client.h"

#define LAUNCH_EVENT_MAX 512
#define LAUNCH_ID_LEN 16

/* First 16 bytes of SHA-256(evidence kind, REPORT_ID). DENIED for a launch without one. */
gboolean launch_id(const struct snp_report *report, guint8 ret[static LAUNCH_ID_LEN],
                   GError **error);

/* The bytes measured into PCR 0 as an H-CRTM event. */
void launch_event_write(const struct snp_report *report, struct builder *out);

/* The bytes measured into PCR 17. */
void launch_point_write(const struct attachment *a, const guint8 launch[static LAUNCH_ID_LEN],
                        struct builder *out);
