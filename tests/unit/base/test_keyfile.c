/* SPDX-License-Identifier: BSD-3-Clause */
/* test_keyfile - what is read, and everything that is refused. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/keyfile.h"
#include "suites.h"

Suite *keyfile_suite(void);

struct config {
    char *name;
    guint number;
    guint64 large;
    gboolean on;
    gboolean on_given;
    char *items;             /* joined by '|' */
};

static gboolean
read_items(const char *const *items, void *field, GError **error G_GNUC_UNUSED)
{
    char **joined = field;

    g_free(*joined);
    *joined = g_strjoinv("|", (char **)items);
    return TRUE;
}

#define ROW(group, key, read, field) { group, key, read, offsetof(struct config, field), 0, "" }

static const struct keyfile_row rows[] = {
    ROW("one", "name", keyfile_read_string, name),
    ROW("one", "number", keyfile_read_uint, number),
    ROW("two", "large", keyfile_read_uint64, large),
    ROW("two", "items", read_items, items),
    { "two", "on", keyfile_read_bool, offsetof(struct config, on),
      offsetof(struct config, on_given), "" },
    { 0 }
};

START_TEST(values_reach_their_fields)
{
    static const char text[] = "# a comment\n\n[one]\n name = Zoë \nnumber=0x10\n[two]\r\n"
                               "large = 18446744073709551615\non=yes\nitems = a ; b c;d\n";
    g_autoptr(GError) error = NULL;
    struct config c = { 0 };

    ck_assert_msg(keyfile_parse(text, strlen(text), rows, &c, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_str_eq(c.name, "Zoë");
    ck_assert_uint_eq(c.number, 16);
    ck_assert(c.large == G_MAXUINT64);
    ck_assert(c.on && c.on_given);
    ck_assert_str_eq(c.items, "a|b c|d");
    g_free(c.name);
    g_free(c.items);
}
END_TEST

START_TEST(nothing_is_a_fine_file)
{
    struct config c = { 0 };

    ck_assert(keyfile_parse("", 0, rows, &c, NULL));
    ck_assert(keyfile_parse("# only words\n", 13, rows, &c, NULL));
    ck_assert(!c.on_given);
}
END_TEST

static const struct {
    const char *text;
    const char *words;       /* in the error */
} refused[] = {
    { "[one]\nname=a\nname=b\n", "second time" },
    { "[one]\nname=a\n[one]\nnumber=1\n", "second time" },
    { "[one]\nname=a\n[two]\non=no\n[one]\n", "second time" },
    { "[three]\n", "unknown group [three]" },
    { "[one]\nnam=a\n", "unknown key 'nam'" },
    { "[one]\nname[de]=a\n", "unknown key" },
    { "[one]\nname=\n", "empty" },
    { "[two]\nitems=a;;b\n", "empty" },
    { "[two]\nitems=a;\n", "empty" },
    { "[two]\nitems=;\n", "empty" },
    { "[one]\nname=a;b\n", "not a list" },
    { "[one]\nname=a\\sb\n", "backslash" },
    { "[one]\nnumber=-1\n", "no number" },
    { "[one]\nnumber=4294967296\n", "no number" },
    { "[one]\nnumber=1 # one\n", "no number" },
    { "[two]\non=true\n", "neither yes nor no" },
    { "name=a\n", "before the first" },
    { "[one]\nname\n", "neither a group" },
    { "[one\nname=a\n", "ends with ']'" },
    { "[one]\nname=\xff\n", "UTF-8" },
};

START_TEST(what_is_not_clear_is_refused)
{
    g_autoptr(GError) error = NULL;
    struct config c = { 0 };

    ck_assert_msg(!keyfile_parse(refused[_i].text, strlen(refused[_i].text), rows, &c, &error),
                  "%s", refused[_i].text);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    ck_assert_msg(strstr(error->message, refused[_i].words) != NULL, "%s: %s",
                  refused[_i].text, error->message);
    g_free(c.name);
    g_free(c.items);
}
END_TEST

START_TEST(zero_bytes_and_large_files_are_refused)
{
    g_autofree char *large = g_strnfill(KEYFILE_MAX + 1, '#');
    struct config c = { 0 };

    ck_assert(!keyfile_parse("[one]\n\0", 7, rows, &c, NULL));
    ck_assert(!keyfile_parse(large, KEYFILE_MAX + 1, rows, &c, NULL));
    ck_assert(keyfile_parse(large, KEYFILE_MAX, rows, &c, NULL));
}
END_TEST

START_TEST(hex_goes_both_ways)
{
    g_autofree char *text = hex_encode("\x00\xff\x5a", 3);
    uint8_t out[3] = { 7, 7, 7 };

    ck_assert_str_eq(text, "00ff5a");
    ck_assert(!hex_decode("00ff5", out, 3, NULL));
    ck_assert(!hex_decode("00ff5a5a", out, 3, NULL));
    ck_assert(!hex_decode("00ff5g", out, 3, NULL));
    ck_assert(!hex_decode("0x00ff", out, 3, NULL));
    ck_assert_uint_eq(out[0], 7);
    ck_assert(hex_decode("00FF5a", out, 3, NULL));
    ck_assert_mem_eq(out, "\x00\xff\x5a", 3);
    ck_assert(hex_decode("", out, 0, NULL));
}
END_TEST

START_TEST(uuids_go_both_ways)
{
    static const char *const bad[] = {
        NULL, "", "12", "01234567-89ab-cdef-0123-456789abcde", "0123456789abcdef0123456789abcdef",
        "01234567-89ab-cdef-0123-456789abcdeg", "01234567-89ab-cdef-0123-456789abcdef0",
    };
    guint8 uuid[UUID_SIZE] = { 7 };
    g_autofree char *text = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        ck_assert(!uuid_parse(bad[i], uuid, NULL));
    ck_assert_uint_eq(uuid[0], 7);
    ck_assert(uuid_parse("01234567-89AB-cdef-0123-456789abcdef", uuid, NULL));
    ck_assert_mem_eq(uuid, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 16);
    text = uuid_text(uuid);
    ck_assert_str_eq(text, "01234567-89ab-cdef-0123-456789abcdef");
}
END_TEST

Suite *
keyfile_suite(void)
{
    Suite *suite = suite_create("keyfile");
    TCase *tcase = tcase_create("keyfile");

    tcase_add_test(tcase, values_reach_their_fields);
    tcase_add_test(tcase, nothing_is_a_fine_file);
    tcase_add_loop_test(tcase, what_is_not_clear_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tcase, zero_bytes_and_large_files_are_refused);
    tcase_add_test(tcase, hex_goes_both_ways);
    tcase_add_test(tcase, uuids_go_both_ways);
    suite_add_tcase(suite, tcase);
    return suite;
}
