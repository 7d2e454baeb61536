/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox - the list of system calls that swtpm goes on with once it serves.
 */
#pragma once

#include <glib.h>

/* @action: kill (NULL means that), log or none; sanitizer builds close nothing. */
gboolean sandbox_close(const char *action, GError **error);
/* Whether there is seccomp(2) at all: valgrind and some sandboxes around us have none. */
gboolean sandbox_possible(void);
