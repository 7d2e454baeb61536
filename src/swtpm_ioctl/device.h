/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * device - a request of the control protocol as ioctl(2) on a CUSE device: the
 * numbers are the machine's there, so bytes are turned about on both ways.
 */
#pragma once

#include <glib.h>

/* As ptm_request(): the answer after the result, big-endian, @len bytes. */
gboolean device_request(int fd, guint32 code, const guint8 *body, gsize body_len, guint8 *ret,
                        gsize len, GError **error);

gboolean device_capability(int fd, guint64 *ret, GError **error);

/* A state may be longer than the structures: the rest is written, or read, after the ioctl. */
gboolean device_set_state(int fd, const guint8 *body, gsize len, GError **error);
gboolean device_read_state(int fd, const guint8 *first, guint8 *data, gsize total, GError **error);
