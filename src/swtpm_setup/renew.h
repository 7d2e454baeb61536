/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * renew - the evidence in the NV memory of a confidential TPM that is there,
 * made anew: after its policy has changed, or it came to another platform.
 */
#pragma once

#include "swtpm_setup/setup.h"

/* @s has the words (confidential.h) and a report; @program: "swtpm", "socket". */
gboolean renew_evidence(struct setup *s, const char *const *program, GError **error);
