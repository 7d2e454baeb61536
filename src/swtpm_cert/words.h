/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * words - long options with one dash, as getopt_long_only(3) takes them.
 */
#pragma once

#include <glib.h>

/* A copy of @argv in which "-word" is "--word"; to be freed by g_strfreev. */
char **words_long(int argc, char **argv);
