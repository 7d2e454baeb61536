/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inspect - what a sealed file says about itself, in words or as JSON. Never
 * a secret; nothing of it is authenticated, and it says so.
 */
#pragma once

#include <glib.h>

/* @opened: the caller opened it with its key, so what it says was authenticated. */
char *inspect_text(const void *file, gsize len, gboolean opened, GError **error);
char *inspect_json(const void *file, gsize len, gboolean opened, GError **error);
