/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text - long options with one dash, as getopt_long_only(3) takes them, and
 * the bytes of a file as text.
 */
#pragma once

#include <glib.h>

/* A copy of @argv in which "-word" is "--word"; to be freed by g_strfreev. */
char **words_long(int argc, char **argv);

/* The bytes up to the first NUL, ended by one; to be freed. Empty bytes are an empty text. */
char *bytes_text(GBytes *bytes);
