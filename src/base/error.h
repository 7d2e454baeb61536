/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * error - the three things a caller can do with a failure.
 */
#pragma once

#include <glib.h>

#define COCO_ERROR (coco_error_quark())

typedef enum {
    COCO_ERROR_MALFORMED,    /* bytes that break their format: drop the peer, refuse the file */
    COCO_ERROR_DENIED,       /* well-formed, but refused: a security event */
    COCO_ERROR_SYSTEM,       /* the machine, a library or a resource failed: may be tried again */
} CocoError;

GQuark coco_error_quark(void);

/* Sets @error to SYSTEM with "WHAT: strerror(ERRNUM)"; always FALSE, for `return error_errno(…)`. */
gboolean error_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same for MALFORMED and DENIED; always FALSE. */
gboolean error_malformed(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean error_denied(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean error_system(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Compilers and analyzers cannot see into the functions above; this tells them the result. */
static inline gboolean
error_false(gboolean result G_GNUC_UNUSED)
{
    return FALSE;
}

#define error_errno(...) error_false(error_errno(__VA_ARGS__))
#define error_malformed(...) error_false(error_malformed(__VA_ARGS__))
#define error_denied(...) error_false(error_denied(__VA_ARGS__))
#define error_system(...) error_false(error_system(__VA_ARGS__))
