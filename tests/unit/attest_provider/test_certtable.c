/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_certtable - tables of the shared vectors, and one written and read back.
 */
#include "base/io.h"
#include "cocotransport/attest/certtable.h"
#include "suites.h"

#include <string.h>

static const struct {
    const char *file;
    gboolean ok;
    gboolean vcek;
} vector_cases[] = {
    { "good_vcek_ask_ark", TRUE, TRUE },
    { "good_padded_16k", TRUE, TRUE },
    { "good_empty", TRUE, FALSE },
    { "good_with_unknown_guid", TRUE, TRUE },
    { "bad_length_overflow", FALSE, FALSE },
    { "bad_no_terminator", FALSE, FALSE },
    { "bad_offset_into_header", FALSE, FALSE },
    { "bad_offset_past_end", FALSE, FALSE },
    { "bad_partial_entry", FALSE, FALSE },
    { "bad_truncated_blob", FALSE, FALSE },
    { "bad_zero_length_cert", FALSE, FALSE },
};

START_TEST(vectors_get_their_verdict)
{
    g_autofree char *name = g_strdup_printf("certtable/%s.bin", vector_cases[_i].file);
    g_autofree char *path = test_vector_path(name);
    g_autoptr(GBytes) table = NULL;
    g_autoptr(GError) error = NULL;
    GBytes *found[CERTTABLE_KINDS] = { NULL };

    if (path == NULL)
        return;
    table = io_read_file(path, 1 << 20, NULL);
    ck_assert_ptr_nonnull(table);
    ck_assert_msg(certtable_parse(g_bytes_get_data(table, NULL), g_bytes_get_size(table), found,
                                  &error) == vector_cases[_i].ok, "%s", vector_cases[_i].file);
    ck_assert((error != NULL) != vector_cases[_i].ok);
    ck_assert((found[CERTTABLE_VCEK] != NULL) == vector_cases[_i].vcek);
    certtable_clear(found);
}
END_TEST

START_TEST(written_tables_are_read_back)
{
    GBytes *in[CERTTABLE_KINDS] = { NULL }, *out[CERTTABLE_KINDS] = { NULL };
    g_autoptr(GBytes) table = NULL;

    in[CERTTABLE_VLEK] = g_bytes_new("leaf", 4);
    in[CERTTABLE_ARK] = g_bytes_new("root!", 5);
    table = certtable_write(in, NULL);
    ck_assert_ptr_nonnull(table);
    ck_assert(certtable_parse(g_bytes_get_data(table, NULL), g_bytes_get_size(table), out, NULL));
    ck_assert(g_bytes_equal(in[CERTTABLE_VLEK], out[CERTTABLE_VLEK]));
    ck_assert(g_bytes_equal(in[CERTTABLE_ARK], out[CERTTABLE_ARK]));
    ck_assert_ptr_null(out[CERTTABLE_VCEK]);
    certtable_clear(in);
    certtable_clear(out);
}
END_TEST

START_TEST(a_kind_twice_is_refused)
{
    GBytes *in[CERTTABLE_KINDS] = { NULL }, *out[CERTTABLE_KINDS] = { NULL };
    g_autoptr(GBytes) table = NULL;
    guint8 *twice = NULL;

    in[CERTTABLE_VCEK] = g_bytes_new("leaf", 4);
    in[CERTTABLE_VLEK] = g_bytes_new("leaf", 4);
    table = certtable_write(in, NULL);
    twice = g_memdup2(g_bytes_get_data(table, NULL), g_bytes_get_size(table));
    memcpy(twice + 24, twice, 16);
    ck_assert(!certtable_parse(twice, g_bytes_get_size(table), out, NULL));
    g_free(twice);
    certtable_clear(in);
}
END_TEST

START_TEST(too_much_does_not_fit)
{
    GBytes *in[CERTTABLE_KINDS] = { NULL };
    g_autoptr(GError) error = NULL;

    in[CERTTABLE_VCEK] = g_bytes_new_take(g_malloc0(CERTTABLE_MAX), CERTTABLE_MAX);
    ck_assert_ptr_null(certtable_write(in, &error));
    ck_assert_ptr_nonnull(error);
    certtable_clear(in);
}
END_TEST

Suite *certtable_suite(void);

Suite *
certtable_suite(void)
{
    Suite *s = suite_create("certtable");
    TCase *t = tcase_create("certtable");

    tcase_add_loop_test(t, vectors_get_their_verdict, 0, G_N_ELEMENTS(vector_cases));
    tcase_add_test(t, written_tables_are_read_back);
    tcase_add_test(t, a_kind_twice_is_refused);
    tcase_add_test(t, too_much_does_not_fit);
    suite_add_tcase(s, t);
    return s;
}
