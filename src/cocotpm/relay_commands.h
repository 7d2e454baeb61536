/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_commands - what the carrier device says to plain TPM commands: enough
 * for firmware and kernel to find a TPM 2 there, and nothing that could be used
 * as one (protocol, section 6.4). No byte of these reaches a CoCoTPM.
 */
#pragma once

#include "base/builder.h"

#include <glib.h>

/* The answer is the same for the same command always; @running: INIT was seen. */
void relay_command_answer(const guint8 *command, gsize len, gboolean running,
                          struct builder *out);
