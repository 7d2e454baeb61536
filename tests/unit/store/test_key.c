/* SPDX-License-Identifier: BSD-3-Clause */
/* test_key - the words of --key, and the words of --tpmstate. */
#include "config.h"

#include <string.h>

#include "suites.h"
#include "swtpm/store/key.h"
#include "swtpm/store/open.h"

Suite *key_suite(void);

#define DIGITS "000102030405060708090a0b0c0d0e0f"

/* %s is a file with the content; @len 0: refused with the words. */
static const struct {
    const char *content, *words;
    gsize len;
    const char *error;
} cases[] = {
    { DIGITS, "file=%s", 16, NULL },
    { "0x" DIGITS "\n", "file=%s,mode=aes-cbc", 16, NULL },
    { DIGITS DIGITS " rest", "file=%s,mode=aes-256-cbc,format=hex", 32, NULL },
    { DIGITS DIGITS, "file=%s", 0, "Could not parse key hex string into 16 byte buffer." },
    { DIGITS, "file=%s,mode=aes-256-cbc", 0, "into 32 byte buffer" },
    { "0123456789abcdef", "file=%s,format=binary", 16, NULL },
    { "0123456789abcde", "file=%s,format=binary", 0, "Unable to read key" },
    { "0123456789abcdefg", "file=%s,format=binary", 0, "Key is larger than buffer (17 > 16)" },
    { "secret\n", "pwdfile=%s", 16, NULL },
    { "secret\n", "pwdfile=%s,mode=aes-256-cbc,kdf=sha512", 32, NULL },
    { "secret", "pwdfile=%s,kdf=scrypt", 0, "Unknown kdf 'scrypt'." },
    { "secret", "pwdfile=%s,mode=des", 0, "Unknown encryption mode 'des'." },
    { DIGITS, "file=%s,format=base64", 0, "Unknown key format 'base64'." },
    { DIGITS, "file=%s.none", 0, "Unable to open file" },
    { DIGITS, "mode=aes-cbc", 0, "Either file=, fd=, pwdfile=, or pwdfd= is required" },
    { DIGITS, "file=%s,color=red", 0, "color" },
};

START_TEST(keys_are_read_as_their_words_say)
{
    char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "key", NULL);
    g_auto(GStrv) around = g_strsplit(cases[_i].words, "%s", 2);
    g_autofree char *words = g_strjoinv(file, around);
    g_autoptr(GError) error = NULL;
    g_autoptr(StateKey) key = NULL;

    ck_assert(g_file_set_contents(file, cases[_i].content, -1, NULL));
    key = state_key_parse("key", words, &error);
    if (cases[_i].len > 0) {
        ck_assert_ptr_nonnull(key);
        ck_assert_uint_eq(key->len, cases[_i].len);
    } else {
        ck_assert_ptr_null(key);
        ck_assert_ptr_nonnull(strstr(error->message, cases[_i].error));
    }
    ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_key_file_is_removed_when_told)
{
    char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "key", NULL);
    g_autofree char *words = g_strdup_printf("file=%s,remove", file);
    g_autoptr(StateKey) key = NULL;

    ck_assert(g_file_set_contents(file, DIGITS, -1, NULL));
    key = state_key_parse("key", words, NULL);
    ck_assert_ptr_nonnull(key);
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    test_folder_remove(folder);
}
END_TEST

static const struct {
    const char *words;
    gboolean good;
} states[] = {
    { "dir=/nowhere", TRUE },
    { "dir=/nowhere,backup,fsync,mode=0600,lock=false", TRUE },
    { "backend-uri=dir:///nowhere", TRUE },
    { "backend-uri=file:///nowhere/file", TRUE },
    { "dir=/nowhere,backend-uri=other://x", TRUE },
    { "backend-uri=other://x", FALSE },
    { "backend-uri=file:///nowhere/file,fsync", FALSE },
    { "backend-uri=file:///nowhere/file,backup", FALSE },
    { "mode=0600", TRUE },                 /* and refused when it is used, see below */
    { "dir=", FALSE },
    { "dir=/nowhere,mode=999", FALSE },
    { "dir=/nowhere,color=red", FALSE },
};

START_TEST(stores_are_opened_as_their_words_say)
{
    struct store_config config = STORE_CONFIG_INIT;
    g_autoptr(GError) error = NULL;
    Store *s = NULL;

    if (suboptions_parse(store_rows, "--tpmstate", states[_i].words, &config, &error))
        s = store_open(&config, TRUE, NULL, &error);
    ck_assert_int_eq(s != NULL, states[_i].good);
    ck_assert_int_eq(error == NULL, states[_i].good);
    store_free(s);
    options_clear(store_rows, &config);
}
END_TEST

START_TEST(a_state_that_lies_nowhere_cannot_be_used)
{
    const struct store_config config = STORE_CONFIG_INIT;
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) s = store_open(&config, TRUE, NULL, &error);
    g_autoptr(GBytes) data = NULL;

    ck_assert_ptr_nonnull(s);
    ck_assert_int_eq(s->ops->load(s, "permall", &data, NULL), STORE_FAILED);
    ck_assert(!s->ops->save(s, "permall", (const guint8 *)"x", 1, NULL));
    ck_assert(!s->ops->remove(s, "permall", FALSE, NULL));
    ck_assert(!store_lock(s, 0, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "Missing backend URI"));
}
END_TEST

Suite *
key_suite(void)
{
    Suite *suite = suite_create("key");
    TCase *tests = tcase_create("key");

    tcase_add_loop_test(tests, keys_are_read_as_their_words_say, 0, (int)G_N_ELEMENTS(cases));
    tcase_add_test(tests, a_key_file_is_removed_when_told);
    tcase_add_loop_test(tests, stores_are_opened_as_their_words_say, 0,
                        (int)G_N_ELEMENTS(states));
    tcase_add_test(tests, a_state_that_lies_nowhere_cannot_be_used);
    suite_add_tcase(suite, tests);
    return suite;
}
