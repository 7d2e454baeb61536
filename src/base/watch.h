/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * watch - a descriptor in the main loop, at no more system calls than it needs.
 */
#pragma once

#include <glib-unix.h>

/*
 * As g_unix_fd_add(), for main loops that are not run again from inside a
 * callback. GLib takes a source out of its loop while it is dispatched, lest a
 * loop inside dispatches it once more, and wakes itself both times: two writes,
 * a read and one more poll for each event.
 */
guint watch_fd(int fd, GIOCondition condition, GUnixFDSourceFunc ready, gpointer data);
