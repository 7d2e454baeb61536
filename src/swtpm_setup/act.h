/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * act - what is done to a sealed state that is there: --recover, --inspect,
 * --change-policy, --renew-evidence.
 */
#pragma once

#include "swtpm_setup/setup.h"

gboolean act_asked(const struct setup_config *config);
/* @program: "swtpm", "socket", which has the platform's key. */
gboolean act_on_state(struct setup *s, const char *const *program, GError **error);
/* Where the state lies; borrowed. */
const char *act_folder(const struct setup_config *config);
/* swtpm on the state, with the words of s->confidential; @output: its standard output, 0: ours. */
Child *act_child(const struct setup *s, const char *const *program, int output, GError **error);
