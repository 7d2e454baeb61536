/* SPDX-License-Identifier: BSD-3-Clause */
/* test_resume_file - a session that is kept: the newest that was written whole, and nothing older. */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/resume_file.h"
#include "cocotransport/session/client_private.h"
#include "suites.h"

#define PLACE (8 + 4 + SHA256_SIZE + CLIENT_SAVED_MAX)

Suite *resume_file_suite(void);

struct setup {
    char *folder, *path;
    ResumeFile *file;
    Client *client;
};

static void
reopen(struct setup *s)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&s->file, resume_file_free);
    s->file = resume_file_open(s->path, g_get_monotonic_time() + G_USEC_PER_SEC, &error);
    ck_assert_msg(s->file != NULL, "%s", error ? error->message : "");
}

/* With a session under way. */
static void
setup_open(struct setup *s)
{
    static const char command[] = "the secret of a command";

    *s = (struct setup){ .folder = g_strdup("/dev/shm/coco.XXXXXX") };
    ck_assert_msg(g_mkdtemp(s->folder) != NULL, "a tmpfs on /dev/shm is needed");
    s->path = g_build_filename(s->folder, "session", NULL);
    reopen(s);
    s->client = client_new();
    s->client->attached = TRUE;
    s->client->keys[1] = (struct resume_key){ 1, secret_copy("0123456789abcdef0123456789abcdef", 32) };
    client_keep_command(s->client, (const guint8 *)command, sizeof(command));
}

static void
setup_close(struct setup *s)
{
    g_clear_pointer(&s->file, resume_file_free);
    client_free(s->client);
    test_folder_remove(s->folder);
    g_free(s->path);
}

static void
save(struct setup *s, guint64 sent)
{
    g_autoptr(GError) error = NULL;

    s->client->sent = sent;
    s->client->received = s->client->command_len > 0 ? sent - 1 : sent;
    ck_assert_msg(resume_file_save(s->client, s->file, &error), "%s", error ? error->message : "");
}

/* How far the session was that is there; 0: none. */
static guint64
kept(struct setup *s, GError **error)
{
    g_autoptr(Client) back = NULL;

    reopen(s);
    return resume_file_load(s->file, &back, error) && back ? back->sent : 0;
}

/* Each byte of @len at @at is turned, as far as there are any. */
static void
spoil(struct setup *s, off_t at, gsize len)
{
    g_auto(AutoFd) fd = open(s->path, O_RDWR | O_CLOEXEC);
    g_autofree guint8 *bytes = g_malloc(len);
    ssize_t n = pread(fd, bytes, len, at);

    for (ssize_t i = 0; i < n; i++)
        bytes[i] ^= 0x55;
    ck_assert_int_eq(pwrite(fd, bytes, (gsize)MAX(n, 0), at), MAX(n, 0));
}

START_TEST(the_newest_comes_back)
{
    g_autoptr(GError) error = NULL;
    struct setup s;

    setup_open(&s);
    ck_assert_uint_eq(kept(&s, &error), 0);
    ck_assert(error == NULL && access(s.path, F_OK) < 0);
    for (guint64 sent = 2; sent < 7; sent++) {
        save(&s, sent);
        if (sent % 2)
            ck_assert_uint_eq(kept(&s, &error), sent);
    }
    ck_assert_uint_eq(kept(&s, &error), 6);
    setup_close(&s);
}
END_TEST

/* Killed in the middle of a write: what is half there counts for nothing. The older session is still
 * there then, as it is wiped only after. */
START_TEST(half_a_write_leaves_the_older_one)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) older = NULL;
    struct setup s;

    setup_open(&s);
    save(&s, 2);
    older = io_read_file(s.path, 2 * PLACE, NULL);
    save(&s, 3);
    {
        g_auto(AutoFd) fd = open(s.path, O_WRONLY | O_CLOEXEC);
        gsize len = 0;
        const guint8 *bytes = g_bytes_get_data(older, &len);

        /* The first is at the second place. */
        ck_assert(len > PLACE);
        ck_assert_int_eq(pwrite(fd, bytes + PLACE, len - PLACE, PLACE), (ssize_t)(len - PLACE));
    }
    ck_assert_uint_eq(kept(&s, &error), 3);
    spoil(&s, 60 + _i, 1);
    ck_assert_uint_eq(kept(&s, &error), 2);
    save(&s, 4);
    ck_assert_uint_eq(kept(&s, &error), 4);
    setup_close(&s);
}
END_TEST

START_TEST(an_older_session_is_wiped)
{
    g_autoptr(GBytes) bytes = NULL;
    const char *data;
    gsize len = 0, found = 0;
    struct setup s;

    setup_open(&s);
    save(&s, 2);
    save(&s, 3);
    s.client->command_len = 0;
    save(&s, 3);
    bytes = io_read_file(s.path, 2 * PLACE, NULL);
    data = g_bytes_get_data(bytes, &len);
    for (gsize i = 0; i + 23 <= len; i++) {
        ck_assert_msg(memcmp(data + i, "the secret of a command", 23) != 0, "at %zu", i);
        found += memcmp(data + i, "0123456789abcdef0123456", 23) == 0;
    }
    ck_assert_uint_eq(found, 1);
    ck_assert(resume_file_wipe(s.file, NULL));
    ck_assert(access(s.path, F_OK) < 0);
    setup_close(&s);
}
END_TEST

START_TEST(what_is_no_session_is_refused)
{
    static const gsize sizes[] = { 0, 1, 43, 17, PLACE, 2 * PLACE, 2 * PLACE + 1 };
    g_autoptr(GError) error = NULL;
    g_autofree char *junk = g_malloc(2 * PLACE + 1);
    struct setup s;

    setup_open(&s);
    memset(junk, 'C', 2 * PLACE + 1);
    ck_assert(io_write_file(s.path, junk, sizes[_i], 0600, NULL));
    ck_assert_uint_eq(kept(&s, &error), 0);
    ck_assert_msg(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED), "%zu", sizes[_i]);
    g_clear_error(&error);
    ck_assert_int_eq(chmod(s.path, 0640), 0);
    ck_assert_uint_eq(kept(&s, &error), 0);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    setup_close(&s);
}
END_TEST

Suite *
resume_file_suite(void)
{
    Suite *s = suite_create("resume_file");
    TCase *t = tcase_create("resume_file");

    tcase_add_test(t, the_newest_comes_back);
    tcase_add_loop_test(t, half_a_write_leaves_the_older_one, 0, 80);
    tcase_add_test(t, an_older_session_is_wiped);
    tcase_add_loop_test(t, what_is_no_session_is_refused, 0, 7);
    suite_add_tcase(s, t);
    return s;
}
