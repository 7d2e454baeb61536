/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lock - the lock that keeps two processes from one state, as swtpm's users
 * know it: fcntl(F_SETLK) over a whole file.
 */
#pragma once

#include <glib.h>

/* Locks an open descriptor; tried again @retries times, 10 ms apart. */
gboolean lock_fd(int fd, guint retries, GError **error);
/* Opens (makes) DIR/.lock and locks it; the descriptor holds the lock, -1 on failure. */
int lock_dir(const char *dir, guint retries, GError **error);
