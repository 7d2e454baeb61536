/* SPDX-License-Identifier: BSD-3-Clause */
/* test_resume_file - a session that is kept: the newest that was written whole, and nothing older. */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/resume_file.h"
#include "cocotransport/session/client_private.h"
#include "suites.h"

#define WORD 4
#define PLACE (4 + CLIENT_SAVED_MAX)
#define FILE_SIZE (WORD + 2 * PLACE)

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

static GBytes *
all_of(struct setup *s)
{
    GBytes *bytes = io_read_file(s->path, FILE_SIZE, NULL);

    ck_assert(bytes != NULL && g_bytes_get_size(bytes) == FILE_SIZE);
    return bytes;
}

/* Two sessions saved: the file after the first, which is at the first place, and after the second. */
static void
save_two(struct setup *s, GBytes **ret_older, GBytes **ret_newer)
{
    save(s, 2);
    *ret_older = all_of(s);
    save(s, 3);
    *ret_newer = all_of(s);
}

/* The file is @most, but for @len bytes at @at, which are @few's. */
static void
mix(struct setup *s, GBytes *most, GBytes *few, gsize at, gsize len)
{
    g_autofree guint8 *mixed = g_memdup2(g_bytes_get_data(most, NULL), FILE_SIZE);

    memcpy(mixed + at, (const guint8 *)g_bytes_get_data(few, NULL) + at, len);
    ck_assert(io_write_file(s->path, mixed, FILE_SIZE, 0600, NULL));
}

/* Killed while it wrote a place: some bytes of the new session are there and the word is as it was,
 * since that comes last; what the older place holds is wiped after. */
START_TEST(half_a_write_leaves_the_older_one)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) older = NULL, newer = NULL;
    struct setup s;

    setup_open(&s);
    save_two(&s, &older, &newer);
    mix(&s, older, newer, WORD + PLACE, (gsize)_i * 10);
    ck_assert_uint_eq(kept(&s, &error), 2);
    save(&s, 4);
    ck_assert_uint_eq(kept(&s, &error), 4);
    setup_close(&s);
}
END_TEST

/* Killed before the older place was wiped. */
START_TEST(what_was_not_wiped_is_wiped_later)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) older = NULL, newer = NULL, after = NULL;
    struct setup s;

    setup_open(&s);
    save_two(&s, &older, &newer);
    mix(&s, newer, older, WORD, PLACE);
    ck_assert_uint_eq(kept(&s, &error), 3);
    after = all_of(&s);
    ck_assert(g_bytes_equal(newer, after));
    setup_close(&s);
}
END_TEST

/* The pages of the file are there before the first session is, or nothing is: a mapping of what a
 * full tmpfs has no room for would end the process. */
START_TEST(no_room_is_told_before_a_session_is_kept)
{
    g_autoptr(GError) error = NULL;
    struct rlimit little, enough;
    struct setup s;

    setup_open(&s);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &enough), 0);
    little = (struct rlimit){ FILE_SIZE - 1, enough.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
    ck_assert(!resume_file_save(s.client, s.file, &error));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &enough), 0);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert_ptr_nonnull(strstr(error->message, s.path));
    ck_assert(access(s.path, F_OK) < 0);
    save(&s, 2);
    ck_assert_uint_eq(kept(&s, NULL), 2);
    setup_close(&s);
}
END_TEST

START_TEST(an_older_session_is_wiped)
{
    g_autoptr(GBytes) bytes = NULL;
    const char *data;
    gsize found = 0;
    struct setup s;

    setup_open(&s);
    save(&s, 2);
    save(&s, 3);
    s.client->command_len = 0;
    save(&s, 3);
    bytes = all_of(&s);
    data = g_bytes_get_data(bytes, NULL);
    for (gsize i = 0; i + 23 <= FILE_SIZE; i++) {
        ck_assert_msg(memcmp(data + i, "the secret of a command", 23) != 0, "at %zu", i);
        found += memcmp(data + i, "0123456789abcdef0123456", 23) == 0;
    }
    ck_assert_uint_eq(found, 1);
    ck_assert(resume_file_wipe(s.file, NULL));
    ck_assert(access(s.path, F_OK) < 0);
    setup_close(&s);
}
END_TEST

/* Each field of a file that is whole otherwise; the word is in the machine's order. */
static const struct {
    gsize at;
    guint32 value;
    guint64 kept;
} fields[] = {
    { 0, 0, 0 },                                  /* no place */
    { 0, 2, 0 },                                  /* the one that is empty */
    { 0, 3, 0 },
    { 0, G_MAXUINT32, 0 },
    { WORD, 0, 0 },
    { WORD, CLIENT_SAVED_MAX, 0 },
    { WORD, CLIENT_SAVED_MAX + 1, 0 },
    { WORD, G_MAXUINT32, 0 },
    { WORD + PLACE, G_MAXUINT32, 2 },             /* of the place that does not count */
};

START_TEST(a_field_that_is_wrong_is_refused)
{
    g_autoptr(GError) error = NULL;
    struct setup s;

    setup_open(&s);
    save(&s, 2);
    {
        g_auto(AutoFd) fd = open(s.path, O_WRONLY | O_CLOEXEC);
        const guint32 value = fields[_i].at ? GUINT32_TO_BE(fields[_i].value) : fields[_i].value;

        ck_assert_int_eq(pwrite(fd, &value, 4, (off_t)fields[_i].at), 4);
    }
    ck_assert_uint_eq(kept(&s, &error), fields[_i].kept);
    ck_assert(fields[_i].kept || g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    setup_close(&s);
}
END_TEST

START_TEST(what_is_no_session_is_refused)
{
    static const gsize sizes[] = { 0, 1, 43, 17, PLACE, FILE_SIZE - 1, FILE_SIZE, FILE_SIZE + 1 };
    g_autoptr(GError) error = NULL;
    g_autofree char *junk = g_malloc(FILE_SIZE + 1);
    struct setup s;

    setup_open(&s);
    memset(junk, 'C', FILE_SIZE + 1);
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
    tcase_add_loop_test(t, half_a_write_leaves_the_older_one, 0, 31);
    tcase_add_test(t, what_was_not_wiped_is_wiped_later);
    tcase_add_test(t, no_room_is_told_before_a_session_is_kept);
    tcase_add_test(t, an_older_session_is_wiped);
    tcase_add_loop_test(t, a_field_that_is_wrong_is_refused, 0, G_N_ELEMENTS(fields));
    tcase_add_loop_test(t, what_is_no_session_is_refused, 0, 8);
    suite_add_tcase(s, t);
    return s;
}
