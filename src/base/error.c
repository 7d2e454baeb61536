/* SPDX-License-Identifier: BSD-3-Clause */
/* error - the three things a caller can do with a failure; see error.h. */
#include "config.h"

#include "base/error.h"

#include <stdarg.h>

/* The names in brackets below keep the macros of error.h from them. */

G_DEFINE_QUARK(coco-error-quark, coco_error)

static void G_GNUC_PRINTF(3, 0)
set_error(GError **error, CocoError code, const char *format, va_list args)
{
    if (error != NULL)
        *error = g_error_new_valist(COCO_ERROR, code, format, args);
}

gboolean
(error_errno)(GError **error, int errnum, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, COCO_ERROR, COCO_ERROR_SYSTEM, "%s: %s", what, g_strerror(errnum));
    return FALSE;
}

gboolean
(error_malformed)(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(error, COCO_ERROR_MALFORMED, format, args);
    va_end(args);
    return FALSE;
}

gboolean
(error_denied)(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(error, COCO_ERROR_DENIED, format, args);
    va_end(args);
    return FALSE;
}

gboolean
(error_system)(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(error, COCO_ERROR_SYSTEM, format, args);
    va_end(args);
    return FALSE;
}
