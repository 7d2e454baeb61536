/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * platform_key - keys for swtpm's own encrypted format that a confidential VM
 * has of its platform: --key snp, --key sev, --key vmpck. For who runs swtpm in
 * such a VM without the transport of --cocotpm.
 */
#pragma once

#include "swtpm/store/format.h"

/* Whether @text names one of these: they are bare names, and upstream's words have values. */
gboolean platform_key_named(const char *text);

/* @option is the name for error messages ("key"). */
StateKey *platform_key_parse(const char *option, const char *text, GError **error);
