/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * act - what is done to a sealed state that is there: --recover, --inspect,
 * --change-policy.
 */
#pragma once

#include "swtpm_setup/command.h"

gboolean act_asked(const struct setup_config *config);
/* @program: "swtpm", "socket", which has the platform's key. */
gboolean act_on_state(const struct setup_config *config, const char *const *program,
                      GError **error);
