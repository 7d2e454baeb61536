/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text - the bytes of a file as text.
 */
#pragma once

#include <glib.h>

/* The bytes up to the first NUL, ended by one; to be freed. Empty bytes are an empty text. */
char *bytes_text(GBytes *bytes);
