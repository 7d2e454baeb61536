/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * isolate - what a process gives up, in stages: core dumps and ptrace at once,
 * the environment when it was read, root and user after its sockets are open,
 * system calls last.
 */
#pragma once

#include <glib.h>

/*
 * Descriptors 0 to 2 are open, if only on /dev/null: else a file or a link of ours would be one of them,
 * and get what is meant for the standard error. Before anything is opened.
 */
gboolean isolate_descriptors(GError **error);

/* No core dumps, not traceable (PR_SET_DUMPABLE 0). The first call of each program that holds keys. */
gboolean isolate_memory(GError **error);

/*
 * No variables: libraries write keys where some of them say (SSLKEYLOGFILE), and load programs that
 * others name (OPENSSL_CONF). Before the first thread, and before a library was asked for anything.
 */
void isolate_environment(void);

/* chroot(2), then setgroups/setgid/setuid; either may be NULL. */
gboolean isolate_root(const char *chroot_path, const char *user, GError **error);
