/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay - runs a fuzz target without libFuzzer: every file named, and every
 * file in every folder named, once; with -runs=N also N changed copies of them
 * (bytes flipped, ends cut, pieces repeated) by a generator that starts the
 * same each time, so that a failure can be seen again.
 */
#include "config.h"

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy on the heap of exactly its size, so that the sanitizer sees a read past its end. */
static void
run(const guint8 *data, gsize len)
{
    g_autofree guint8 *copy = len > 0 ? g_memdup2(data, len) : g_malloc(1);

    LLVMFuzzerTestOneInput(copy, len);
}

static void
add_file(GPtrArray *inputs, const char *path)
{
    char *text = NULL;
    gsize len = 0;

    if (g_file_get_contents(path, &text, &len, NULL))
        g_ptr_array_add(inputs, g_bytes_new_take(text, len));
}

static void
add_path(GPtrArray *inputs, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (dir == NULL) {
        add_file(inputs, path);
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        add_file(inputs, child);
    }
}

static void
change_once(GByteArray *a, GRand *rand)
{
    const guint at = (guint)g_rand_int_range(rand, 0, (gint32)a->len);

    switch (g_rand_int_range(rand, 0, 5)) {
    case 0:
        a->data[at] ^= (guint8)(1u << g_rand_int_range(rand, 0, 8));
        break;
    case 1:
        a->data[at] = (guint8)g_rand_int(rand);
        break;
    case 2:
        a->data[at] = g_rand_boolean(rand) ? 0xff : 0;
        break;
    case 3:
        g_byte_array_set_size(a, at);
        break;
    default:
        if (a->len < INPUT_MAX) {
            g_autofree guint8 *piece = g_memdup2(a->data + at, a->len - at);

            g_byte_array_append(a, piece, a->len - at);
        }
        break;
    }
}

static void
run_changed(GPtrArray *inputs, guint64 runs)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (guint64 i = 0; inputs->len > 0 && i < runs; i++) {
        GBytes *from = inputs->pdata[i % inputs->len];
        g_autoptr(GByteArray) a = g_byte_array_new();

        g_byte_array_append(a, g_bytes_get_data(from, NULL),
                            (guint)MIN(g_bytes_get_size(from), INPUT_MAX));
        for (gint n = g_rand_int_range(rand, 1, 5); n > 0 && a->len > 0; n--)
            change_once(a, rand);
        run(a->data, a->len);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GPtrArray) inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    guint64 runs = 0;

    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "-runs="))
            runs = g_ascii_strtoull(argv[i] + strlen("-runs="), NULL, 10);
        else
            add_path(inputs, argv[i]);
    }
    for (guint i = 0; i < inputs->len; i++) {
        gsize len;
        const guint8 *data = g_bytes_get_data(inputs->pdata[i], &len);

        run(data, len);
    }
    run_changed(inputs, runs);
    printf("%u inputs and %" G_GUINT64_FORMAT " changed ones\n", inputs->len, runs);
    return inputs->len > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
