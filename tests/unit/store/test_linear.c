/* SPDX-License-Identifier: BSD-3-Clause */
/* test_linear - the single-file back end: its layout, growth, and damaged headers. */
#include "config.h"

#include <string.h>

#include "base/cursor.h"
#include "suites.h"
#include "swtpm/store/linear.h"

Suite *linear_suite(void);

struct fixture {
    char *folder;
    char *path;
    Store *store;
};

static struct fixture
fixture_new(void)
{
    struct fixture f = { .folder = test_folder_new() };
    struct store_linear_config config = { .mode = 0640 };

    f.path = g_build_filename(f.folder, "state", NULL);
    config.path = f.path;
    f.store = store_linear_new(&config);
    return f;
}

static void
fixture_clear(struct fixture *f)
{
    store_free(f->store);
    g_free(f->path);
    test_folder_remove(f->folder);
}

/* Closes and opens again: what counts is what is in the file. */
static void
reopen(struct fixture *f)
{
    struct store_linear_config config = { .mode = 0640, .path = f->path };

    store_free(f->store);
    f->store = store_linear_new(&config);
}

static void
save(struct fixture *f, const char *name, guint8 fill, gsize len)
{
    g_autofree guint8 *data = g_malloc(len + 1);

    memset(data, fill, len);
    ck_assert(f->store->ops->save(f->store, name, data, len, NULL));
}

static void
holds(struct fixture *f, const char *name, guint8 fill, gsize len)
{
    g_autoptr(GBytes) data = NULL;
    const guint8 *bytes;

    ck_assert_int_eq(f->store->ops->load(f->store, name, &data, NULL), STORE_LOADED);
    ck_assert_uint_eq(g_bytes_get_size(data), len);
    bytes = g_bytes_get_data(data, NULL);
    for (gsize i = 0; i < len; i++)
        ck_assert_uint_eq(bytes[i], fill);
}

START_TEST(the_layout_is_that_of_the_description)
{
    struct fixture f = fixture_new();
    g_autofree char *content = NULL;
    gsize len = 0;
    struct cursor in;

    save(&f, "permall", 0x11, 1315);
    ck_assert(g_file_get_contents(f.path, &content, &len, NULL));
    ck_assert_uint_eq(len, 192 + 2048);
    ck_assert_mem_eq(content, "nilmptws\1\0\300\0", 12);
    in = cursor_from(content + 12, 24);
    ck_assert_uint_eq(cursor_le32(&in), 192);
    ck_assert_uint_eq(cursor_le32(&in), 1315);
    ck_assert_uint_eq(cursor_le32(&in), 2048);
    ck_assert_uint_eq(cursor_le32(&in), 0);
    fixture_clear(&f);
}
END_TEST

START_TEST(states_grow_shrink_and_go_without_touching_each_other)
{
    struct fixture f = fixture_new();

    save(&f, "permall", 1, 100);
    save(&f, "volatilestate", 2, 200);
    save(&f, "savestate", 3, 300);
    save(&f, "permall", 4, 5000);
    reopen(&f);
    holds(&f, "permall", 4, 5000);
    holds(&f, "volatilestate", 2, 200);
    holds(&f, "savestate", 3, 300);
    ck_assert(f.store->ops->remove(f.store, "volatilestate", TRUE, NULL));
    save(&f, "permall", 5, 10);
    reopen(&f);
    ck_assert(!store_exists(f.store, "volatilestate"));
    holds(&f, "permall", 5, 10);
    holds(&f, "savestate", 3, 300);
    fixture_clear(&f);
}
END_TEST

START_TEST(what_is_no_state_is_formatted)
{
    struct fixture f = fixture_new();
    g_autoptr(GBytes) data = NULL;

    ck_assert(g_file_set_contents(f.path, "something else", -1, NULL));
    ck_assert_int_eq(f.store->ops->load(f.store, "permall", &data, NULL), STORE_ABSENT);
    save(&f, "permall", 6, 20);
    reopen(&f);
    holds(&f, "permall", 6, 20);
    fixture_clear(&f);
}
END_TEST

/* Looking whether a state is there makes no file. */
START_TEST(looking_makes_nothing)
{
    struct fixture f = fixture_new();

    ck_assert(!store_exists(f.store, "permall"));
    ck_assert(!g_file_test(f.path, G_FILE_TEST_EXISTS));
    fixture_clear(&f);
}
END_TEST

/* Offsets and lengths of the first two slots, each wrong in one way. */
static const struct {
    gsize at;
    guint32 value;
} wrong[] = {
    { 8, 2 },                        /* version, in the lowest byte */
    { 12, 1 },                       /* permall inside the header */
    { 12, 0xfffffff0 },              /* beyond the end, and over it */
    { 16, 0x7fffffff },              /* more data than section */
    { 20, 0xffffffff },              /* a section larger than the file */
    { 24, 193 },                     /* volatilestate over permall */
};

START_TEST(a_damaged_header_is_refused)
{
    struct fixture f = fixture_new();
    g_autofree char *content = NULL;
    g_autoptr(GBytes) data = NULL;
    gsize len = 0;

    save(&f, "permall", 1, 100);
    save(&f, "volatilestate", 2, 100);
    ck_assert(g_file_get_contents(f.path, &content, &len, NULL));
    for (guint i = 0; i < (wrong[_i].at == 8 ? 1 : 4); i++)
        content[wrong[_i].at + i] = (char)(wrong[_i].value >> (8 * i));
    ck_assert(g_file_set_contents(f.path, content, (gssize)len, NULL));
    reopen(&f);
    ck_assert_int_eq(f.store->ops->load(f.store, "permall", &data, NULL), STORE_FAILED);
    fixture_clear(&f);
}
END_TEST

Suite *
linear_suite(void)
{
    Suite *suite = suite_create("linear");
    TCase *tests = tcase_create("linear");

    tcase_add_test(tests, the_layout_is_that_of_the_description);
    tcase_add_test(tests, states_grow_shrink_and_go_without_touching_each_other);
    tcase_add_test(tests, what_is_no_state_is_formatted);
    tcase_add_test(tests, looking_makes_nothing);
    tcase_add_loop_test(tests, a_damaged_header_is_refused, 0, (int)G_N_ELEMENTS(wrong));
    suite_add_tcase(suite, tests);
    return suite;
}
