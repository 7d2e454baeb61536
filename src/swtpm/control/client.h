/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client - a client's end of the control protocol on a socket or a CUSE
 * device, blocking with a bound: for swtpm_ioctl, swtpm_bios and tests.
 */
#pragma once

#include <glib.h>

#include "base/cursor.h"
#include "swtpm/control/ptm.h"

#define PTM_CLIENT_TIMEOUT_MS 20000
#define PTM_ANSWER_MAX (PTM_BLOB_MAX + 16)

/* "HOST:PORT", each of which may be missing. */
int ptm_connect_tcp(const char *address, const char *default_port, GError **error);
int ptm_connect_unix(const char *path, GError **error);

/* Sends @code with @body. */
gboolean ptm_send(int fd, guint32 code, const guint8 *body, gsize len, GError **error);
/* Reads exactly @len bytes. */
gboolean ptm_receive(int fd, guint8 *buf, gsize len, GError **error);

/*
 * One request, one answer of a fixed length that begins with its result.
 * FALSE: no answer, or one that says other than success: "TPM result from
 * PTM_NAME: 0x…". The answer after the result is in @ret, @len bytes.
 */
gboolean ptm_request(int fd, guint32 code, const guint8 *body, gsize body_len, guint8 *ret,
                     gsize len, GError **error);
gboolean ptm_result_ok(guint32 code, guint32 result, GError **error);
