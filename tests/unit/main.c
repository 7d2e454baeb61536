/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main - runs the suites of one folder. CK_RUN_SUITE, CK_RUN_CASE, CK_FORK=no
 * and CK_VERBOSITY (Check's own) choose and show more.
 */
#include "config.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

GBytes *
test_bytes(const char *hex)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    int high = -1;

    for (const char *p = hex; *p != '\0'; p++) {
        const int digit = g_ascii_xdigit_value(*p);

        if (*p == ' ')
            continue;
        g_assert(digit >= 0);
        if (high < 0) {
            high = digit;
        } else {
            const guint8 byte = (guint8)(high * 16 + digit);

            g_byte_array_append(out, &byte, 1);
            high = -1;
        }
    }
    g_assert(high < 0);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

char *
test_folder_new(void)
{
    char *folder = g_dir_make_tmp("cocotpm-unit-XXXXXX", NULL);

    g_assert(folder != NULL);
    return folder;
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void
test_folder_remove(char *folder)
{
    remove_tree(folder);
    g_free(folder);
}

void
test_no_more_threads(void)
{
    pthread_attr_t a;

    ck_assert_int_eq(pthread_attr_init(&a), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&a, (size_t)1 << 60), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&a), 0);
    pthread_attr_destroy(&a);
}

char *
test_vector_path(const char *name)
{
    const char *root = g_getenv("COCOTPM_VECTORS");
    g_autofree char *path = NULL;

    if (root == NULL)
        root = TEST_VECTORS;
    path = g_build_filename(root, name, NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&path);
    g_printerr("# skipped: no vector %s (COCOTPM_VECTORS names the folder)\n", path);
    return NULL;
}

int
main(void)
{
    SRunner *runner = srunner_create(NULL);
    int failed;

    /* Check's own 4 seconds are little where a machine is busy; a suite may ask for more. */
    g_setenv("CK_DEFAULT_TIMEOUT", "120", FALSE);
    for (const suite_maker *make = suites; *make != NULL; make++)
        srunner_add_suite(runner, (*make)());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
