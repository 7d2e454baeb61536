/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - what a folder's test program hands to tests/unit/main.c: one suite a
 * module, made by a function of its name (test_cursor.c: cursor_suite). The
 * folder's suites.c declares those functions and lists them.
 */
#pragma once

#include <check.h>
#include <glib.h>

typedef Suite *(*suite_maker)(void);

extern const suite_maker suites[];   /* NULL ends the list */

/* Bytes of a hex string, for tables of cases; blanks are skipped; aborts when it is no hex. */
GBytes *test_bytes(const char *hex);

/* A new empty folder under TMPDIR, and its removal with all that is in it; frees the name. */
char *test_folder_new(void);
void test_folder_remove(char *folder);

/* From now on no thread can be made: each would want more memory than there is. */
void test_no_more_threads(void);

/* A file of ../shared/vectors ($COCOTPM_VECTORS); NULL where the vectors are missing: leave
 * the test then, a word was said. Freed by the caller. */
char *test_vector_path(const char *name);
