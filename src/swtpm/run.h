/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run - one swtpm from its command line to its end.
 */
#pragma once

#include <glib.h>

#include "swtpm/settings.h"

/* FALSE: @error is what main() says; TRUE: it ended as it should. @ret_logs: a log is open. */
gboolean run_swtpm(const struct swtpm_config *config, gboolean *ret_logs, GError **error);

/* TRUE when the command line asks for a print of something, and for no TPM. */
gboolean run_only_prints(const struct swtpm_config *config);
