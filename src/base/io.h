/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * io - whole reads and writes on descriptors and files: EINTR and short
 * transfers are dealt with here and nowhere else.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

/* Exactly @len bytes, or an error; end of file before that is MALFORMED. */
gboolean io_read_full(int fd, void *buf, size_t len, GError **error);
gboolean io_write_full(int fd, const void *buf, size_t len, GError **error);

/* As above, giving up at @deadline (g_get_monotonic_time), for descriptors that may block. */
gboolean io_read_until(int fd, void *buf, size_t len, gint64 deadline, GError **error);
gboolean io_write_until(int fd, const void *buf, size_t len, gint64 deadline, GError **error);

/* A whole file of at most @max bytes; a larger one is MALFORMED; the error names the path. */
GBytes *io_read_file(const char *path, size_t max, GError **error);
/* All that comes out of a descriptor (pipe, memfd, file), at most @max bytes. */
GBytes *io_read_fd(int fd, size_t max, GError **error);

/* Writes beside @path, fdatasync, rename over it, fsync of the folder. */
gboolean io_write_file(const char *path, const void *data, size_t len, mode_t mode,
                       GError **error);

/* One descriptor over a Unix socket beside @len bytes (SCM_RIGHTS); @fd may be -1 for none. */
gboolean io_send_fd(int sock, const void *buf, size_t len, int fd, GError **error);

gboolean io_set_nonblocking(int fd, gboolean on, GError **error);
void io_close(int *fd);      /* closes and sets to -1; -1 is fine; errno survives */

typedef int AutoFd;          /* g_auto(AutoFd) fd = -1; closes at the end of the scope */
void auto_fd_clear(AutoFd *fd);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AutoFd, auto_fd_clear)
