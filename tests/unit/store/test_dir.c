/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dir - the folder back end: names, modes, atomic replacement, backup, lock. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"
#include "swtpm/store/codec.h"
#include "swtpm/store/dir.h"

Suite *dir_suite(void);

static struct store_dir_config
config_for(const char *path)
{
    return (struct store_dir_config){ .path = path, .tpm2 = TRUE, .mode = 0640, .lock = TRUE };
}

static void
save(Store *s, const char *name, const char *text)
{
    ck_assert(s->ops->save(s, name, (const guint8 *)text, strlen(text), NULL));
}

static void
holds(Store *s, const char *name, const char *text)
{
    g_autoptr(GBytes) data = NULL;

    ck_assert_int_eq(s->ops->load(s, name, &data, NULL), STORE_LOADED);
    ck_assert_uint_eq(g_bytes_get_size(data), strlen(text));
    ck_assert_mem_eq(g_bytes_get_data(data, NULL), text, strlen(text));
}

START_TEST(what_is_saved_is_loaded_under_its_name)
{
    char *folder = test_folder_new();
    struct store_dir_config config = config_for(folder);
    g_autofree char *file = g_build_filename(folder, "tpm2-00.permall", NULL);
    g_autoptr(Store) s = NULL;
    g_autoptr(GBytes) none = NULL;
    struct stat info;

    config.fsync = _i != 0;
    s = store_dir_new(&config);
    ck_assert_int_eq(s->ops->load(s, "permall", &none, NULL), STORE_ABSENT);
    ck_assert(!store_exists(s, "permall"));
    save(s, "permall", "one");
    save(s, "permall", "two");
    holds(s, "permall", "two");
    ck_assert(store_exists(s, "permall"));
    ck_assert_int_eq(stat(file, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0640);
    ck_assert(s->ops->remove(s, "permall", TRUE, NULL));
    ck_assert(s->ops->remove(s, "permall", FALSE, NULL));
    ck_assert(!s->ops->remove(s, "permall", TRUE, NULL));
    test_folder_remove(folder);
}
END_TEST

START_TEST(loading_sets_the_mode)
{
    char *folder = test_folder_new();
    struct store_dir_config config = config_for(folder);
    g_autofree char *file = g_build_filename(folder, "tpm-00.permall", NULL);
    g_autoptr(Store) s = NULL;
    struct stat info;

    config.tpm2 = FALSE;
    config.mode = 0600;
    ck_assert(g_file_set_contents(file, "x", 1, NULL));
    s = store_dir_new(&config);
    holds(s, "permall", "x");
    ck_assert_int_eq(stat(file, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_symbolic_link_is_no_state)
{
    char *folder = test_folder_new();
    struct store_dir_config config = config_for(folder);
    g_autofree char *file = g_build_filename(folder, "tpm2-00.permall", NULL);
    g_autoptr(Store) s = store_dir_new(&config);
    g_autoptr(GBytes) data = NULL;

    ck_assert_int_eq(symlink("/dev/null", file), 0);
    ck_assert_int_eq(s->ops->load(s, "permall", &data, NULL), STORE_FAILED);
    test_folder_remove(folder);
}
END_TEST

/* fcntl locks are between processes. */
static int
lock_elsewhere(const struct store_dir_config *config)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        Store *other = store_dir_new(config);
        GError *error = NULL;

        if (store_lock(other, 0, &error))
            _exit(0);
        _exit(strstr(error->message, "Could not lock access to lockfile") != NULL
              && strstr(error->message, "Resource temporarily unavailable") != NULL ? 1 : 2);
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

START_TEST(a_lock_keeps_others_out)
{
    char *folder = test_folder_new();
    struct store_dir_config config = config_for(folder);
    g_autoptr(Store) s = store_dir_new(&config);

    ck_assert(store_lock(s, 0, NULL));
    ck_assert(store_lock(s, 0, NULL));
    ck_assert_int_eq(lock_elsewhere(&config), 1);
    store_unlock(s);
    ck_assert_int_eq(lock_elsewhere(&config), 0);
    test_folder_remove(folder);
}
END_TEST

static void
damage(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "tpm2-00.permall", NULL);

    ck_assert(g_file_set_contents(file, "damaged", 7, NULL));
}

START_TEST(a_backup_stands_in_for_a_damaged_state_only)
{
    char *folder = test_folder_new();
    struct store_dir_config config = config_for(folder);
    const struct store_codec_config plain = { .backup = FALSE }, backed = { .backup = TRUE };
    g_autoptr(Store) s = NULL;
    g_autoptr(Store) without = store_codec_new(store_dir_new(&config), NULL, &plain);
    g_autoptr(GBytes) data = NULL;

    config.backup = TRUE;
    s = store_codec_new(store_dir_new(&config), NULL, &backed);
    save(s, "permall", "first");
    save(s, "permall", "second");
    holds(s, "permall", "second");
    damage(folder);
    holds(s, "permall", "first");
    ck_assert_int_eq(without->ops->load(without, "permall", &data, NULL), STORE_FAILED);
    ck_assert(s->ops->remove(s, "permall", TRUE, NULL));
    ck_assert_int_eq(s->ops->load(s, "permall", &data, NULL), STORE_ABSENT);
    test_folder_remove(folder);
}
END_TEST

Suite *
dir_suite(void)
{
    Suite *suite = suite_create("dir");
    TCase *tests = tcase_create("dir");

    tcase_add_loop_test(tests, what_is_saved_is_loaded_under_its_name, 0, 2);
    tcase_add_test(tests, loading_sets_the_mode);
    tcase_add_test(tests, a_symbolic_link_is_no_state);
    tcase_add_test(tests, a_lock_keeps_others_out);
    tcase_add_test(tests, a_backup_stands_in_for_a_damaged_state_only);
    suite_add_tcase(suite, tests);
    return suite;
}
