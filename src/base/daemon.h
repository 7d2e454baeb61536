/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * daemon - going to the background, pid files, telling systemd.
 */
#pragma once

#include <glib.h>

/*
 * Forks; the parent waits until the child calls daemon_ready() or dies, and
 * exits with what that says, so that whoever started it finds it serving.
 * Called before the first thread is made. Returns in the child.
 */
gboolean daemon_start(int *ret_ready_fd, GError **error);
/* Detaches from the terminal and ends the waiting parent with success; -1 is fine. */
void daemon_ready(int *ready_fd);

/*
 * A descriptor that becomes readable when the process is asked to end (SIGTERM,
 * SIGINT): GLib's signal sources make a thread of their own, which may not have
 * begun when a sandbox is closed. Before the first thread, so that the signals
 * are blocked in all.
 */
gboolean daemon_signals(int *ret_fd, GError **error);

/* Writes the pid; path or fd (-1: none). */
gboolean pidfile_write(const char *path, int fd, GError **error);
/* Where the file of a descriptor lies, to be removed at the end; NULL for what is no file. */
char *pidfile_path(int fd);
void pidfile_remove(const char *path);

/* sd_notify(3) by hand of its protocol: a datagram to NOTIFY_SOCKET; nothing where it is unset. */
void daemon_notify(const char *notify_socket, const char *state);
