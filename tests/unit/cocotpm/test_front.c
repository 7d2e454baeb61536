/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's front end for the swtpm TCTI, over a TPM that is a table here:
 * what is asked of it, in which order, and what its clients get.
 */
#include "config.h"

#include "cocotpm/driver_front.h"

#include "base/io.h"
#include "cocotransport/link/link.h"

#include "suites.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (30 * G_USEC_PER_SEC)
#define GET_RANDOM "8001 0000000c 0000017b 0008"
#define PCR_READ "8001 0000000a 0000017e"

/* Keeps what it was asked and answers when the test says so. */
struct fake {
    struct driver_tpm tpm;
    GString *log;
    driver_answer answer;
    driver_result result;
    gpointer data;
    gboolean stopped;
    const char *at_once;             /* an answer that is there when a command comes */
};

struct setup {
    char *folder;
    struct link_address data, control;
    struct fake fake;
    DriverFront *front;
};

static void
answer(struct fake *f, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);
    driver_answer done = f->answer;

    ck_assert(done != NULL);
    f->answer = NULL;
    done(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), f->data);
}

static void
fake_command(struct driver_tpm *tpm, const guint8 *command, gsize len, driver_answer done,
             gpointer data)
{
    struct fake *f = (struct fake *)tpm;

    g_string_append_printf(f->log, "command %zu:%02x ", len, command[9]);
    f->answer = done;
    f->data = data;
    if (f->at_once)
        answer(f, f->at_once);
}

static void
fake_locality(struct driver_tpm *tpm, guint8 locality, driver_result done, gpointer data)
{
    struct fake *f = (struct fake *)tpm;

    g_string_append_printf(f->log, "locality %u ", locality);
    f->result = done;
    f->data = data;
}

static void
fake_shutdown(struct driver_tpm *tpm, driver_result done, gpointer data)
{
    struct fake *f = (struct fake *)tpm;

    g_string_append(f->log, "shutdown ");
    f->result = done;
    f->data = data;
}

static void
fake_cancel(struct driver_tpm *tpm)
{
    g_string_append(((struct fake *)tpm)->log, "cancel ");
}

static const struct driver_tpm_ops fake_ops = {
    fake_command, fake_locality, fake_shutdown, fake_cancel,
};

static void
fake_stop(gpointer data)
{
    ((struct fake *)data)->stopped = TRUE;
}

static void
setup_open(struct setup *s)
{
    int data, control;

    *s = (struct setup){ .folder = test_folder_new() };
    s->data = (struct link_address){ .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    s->control = s->data;
    s->data.path = g_build_filename(s->folder, "p", NULL);
    s->control.path = g_build_filename(s->folder, "p.ctrl", NULL);
    s->fake.tpm.ops = &fake_ops;
    s->fake.log = g_string_new(NULL);
    data = link_listen(&s->data, NULL);
    control = link_listen(&s->control, NULL);
    ck_assert(data >= 0 && control >= 0);
    s->front = driver_front_new(data, control, &s->fake.tpm, fake_stop, &s->fake);
}

static void
setup_close(struct setup *s)
{
    driver_front_free(s->front);
    g_string_free(s->fake.log, TRUE);
    link_address_clear(&s->data);
    link_address_clear(&s->control);
    test_folder_remove(s->folder);
}

/* Lets the main loop do what there is to do. */
static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static int
client(const struct link_address *a)
{
    int fd = link_connect(a, g_get_monotonic_time() + PATIENCE, NULL);

    ck_assert(fd >= 0);
    return fd;
}

static void
say(int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    ck_assert(io_write_until(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                             g_get_monotonic_time() + PATIENCE, NULL));
    settle();
}

static void
expect(int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);
    gsize len = g_bytes_get_size(bytes);
    g_autofree guint8 *got = g_malloc0(len);

    settle();
    ck_assert(io_read_until(fd, got, len, g_get_monotonic_time() + PATIENCE, NULL));
    ck_assert_msg(memcmp(got, g_bytes_get_data(bytes, NULL), len) == 0, "not %s", hex);
}

static void
expect_silence(int fd)
{
    char byte;

    settle();
    ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
}

static void
expect_end(int fd)
{
    char byte;

    settle();
    ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

START_TEST(commands_go_one_after_the_other)
{
    struct setup s;
    int a, b;

    setup_open(&s);
    a = client(&s.data);
    b = client(&s.data);
    say(a, GET_RANDOM);
    say(b, PCR_READ);
    ck_assert_str_eq(s.fake.log->str, "command 12:7b ");
    answer(&s.fake, "8001 0000000b 00000000 aa");
    ck_assert_str_eq(s.fake.log->str, "command 12:7b command 10:7e ");
    expect(a, "8001 0000000b 00000000 aa");
    expect_silence(b);
    answer(&s.fake, "8001 0000000a 00000101");
    expect(b, "8001 0000000a 00000101");
    close(a);
    close(b);
    setup_close(&s);
}
END_TEST

START_TEST(commands_in_pieces_and_in_a_row_work)
{
    struct setup s;
    int a;

    setup_open(&s);
    a = client(&s.data);
    say(a, "8001 0000");
    ck_assert_str_eq(s.fake.log->str, "");
    say(a, "000c 0000017b 0008" PCR_READ);
    ck_assert_str_eq(s.fake.log->str, "command 12:7b ");
    answer(&s.fake, "8001 0000000a 00000000");
    ck_assert_str_eq(s.fake.log->str, "command 12:7b command 10:7e ");
    answer(&s.fake, "8001 0000000a 00000001");
    expect(a, "8001 0000000a 00000000 8001 0000000a 00000001");
    say(a, GET_RANDOM);
    ck_assert(s.fake.answer != NULL);
    close(a);
    setup_close(&s);
}
END_TEST

START_TEST(a_broken_command_ends_its_client)
{
    static const char *const broken[] = { "8001 00000009 0000017b", "8001 00001001 0000017b" };

    for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
        struct setup s;
        int a, b;

        setup_open(&s);
        a = client(&s.data);
        b = client(&s.data);
        say(a, broken[i]);
        expect_end(a);
        say(b, GET_RANDOM);
        ck_assert_str_eq(s.fake.log->str, "command 12:7b ");
        close(a);
        close(b);
        setup_close(&s);
    }
}
END_TEST

START_TEST(a_client_that_leaves_hurts_nobody)
{
    struct setup s;
    int a, b;

    setup_open(&s);
    a = client(&s.data);
    b = client(&s.data);
    say(a, GET_RANDOM);
    say(b, PCR_READ);
    close(a);
    settle();
    answer(&s.fake, "8001 0000000a 00000000");
    answer(&s.fake, "8001 0000000a 00000001");
    expect(b, "8001 0000000a 00000001");
    close(b);
    setup_close(&s);
}
END_TEST

static const struct {
    const char *what;
    const char *request, *answer;
} control_cases[] = {
    { "GET_CAPABILITY", "00000001", "00000000 0000002e" },
    { "GET_TPMESTABLISHED", "00000004", "00000000 00000000" },
    { "a locality above four", "00000005 05000000", "0000003d" },
    { "SET_LOCALITY without one", "00000005", "00000003" },
    { "INIT", "00000002 00000000", "0000000a" },
    { "HASH_START", "00000006", "0000000a" },
    { "STOP", "0000000e", "0000000a" },
    { "SET_STATEBLOB", "0000000d 00000000 00000001 00000000", "0000000a" },
    { "nothing known", "deadbeef", "0000000a" },
};

START_TEST(control_commands_are_answered)
{
    struct setup s;
    int a;

    setup_open(&s);
    a = client(&s.control);
    say(a, control_cases[_i].request);
    expect(a, control_cases[_i].answer);
    ck_assert_msg(s.fake.log->len == 0, "%s reached the TPM", control_cases[_i].what);
    close(a);
    setup_close(&s);
}
END_TEST

START_TEST(a_locality_is_passed_on)
{
    struct setup s;
    int a, b;

    setup_open(&s);
    a = client(&s.control);
    b = client(&s.data);
    say(a, "00000005 03000000");
    say(b, GET_RANDOM);
    ck_assert_str_eq(s.fake.log->str, "locality 3 ");
    s.fake.result(DRIVER_RESULT_BAD_LOCALITY, s.fake.data);
    expect(a, "0000003d");
    ck_assert_str_eq(s.fake.log->str, "locality 3 command 12:7b ");
    close(a);
    close(b);
    setup_close(&s);
}
END_TEST

START_TEST(cancel_does_not_wait)
{
    struct setup s;
    int a, b;

    setup_open(&s);
    a = client(&s.data);
    b = client(&s.control);
    say(a, GET_RANDOM);
    say(b, "00000009");
    expect(b, "00000000");
    ck_assert_str_eq(s.fake.log->str, "command 12:7b cancel ");
    answer(&s.fake, "8001 0000000a 00000909");
    expect(a, "8001 0000000a 00000909");
    close(a);
    close(b);
    setup_close(&s);
}
END_TEST

START_TEST(shutdown_answers_and_stops)
{
    struct setup s;
    int a;

    setup_open(&s);
    a = client(&s.control);
    say(a, "00000003");
    ck_assert(!s.fake.stopped);
    s.fake.result(DRIVER_RESULT_OK, s.fake.data);
    expect(a, "00000000");
    ck_assert(s.fake.stopped);
    close(a);
    setup_close(&s);
}
END_TEST

START_TEST(many_clients_wait_their_turn)
{
    struct setup s;
    int fds[100];

    setup_open(&s);
    for (guint i = 0; i < 64; i++) {
        fds[i] = client(&s.data);
        settle();
    }
    fds[64] = client(&s.data);
    say(fds[64], GET_RANDOM);
    ck_assert_msg(s.fake.answer == NULL, "the 65th client is served while 64 are there");
    close(fds[0]);
    settle();
    ck_assert_str_eq(s.fake.log->str, "command 12:7b ");
    for (guint i = 1; i < 65; i++)
        close(fds[i]);
    setup_close(&s);
}
END_TEST

#define COMMANDS 50

struct talker {
    const struct link_address *at;
    const char *command;
    gint *left;                      /* talkers that have not done yet */
};

/* A program that sends each command once it has the answer to the one before. */
static gpointer
talk(gpointer data)
{
    const struct talker *t = data;
    g_autoptr(GBytes) bytes = test_bytes(t->command);
    int fd = client(t->at);
    guint8 got[10];

    for (guint i = 0; i < COMMANDS; i++) {
        ck_assert(io_write_until(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                                 g_get_monotonic_time() + PATIENCE, NULL));
        ck_assert(io_read_until(fd, got, sizeof(got), g_get_monotonic_time() + PATIENCE, NULL));
    }
    close(fd);
    g_atomic_int_dec_and_test(t->left);
    g_main_context_wakeup(NULL);
    return NULL;
}

/* Where answers are there at once a client is heard again before the main loop comes round: all of
 * it is answered all the same, and so are others, the control channel among them. */
START_TEST(who_asks_without_a_pause_leaves_others_their_turn)
{
    struct setup s;
    gint left = 2;
    struct talker one = { &s.data, GET_RANDOM, &left }, two = { &s.data, PCR_READ, &left };
    GThread *threads[2];
    int control;

    setup_open(&s);
    s.fake.at_once = "8001 0000000a 00000000";
    control = client(&s.control);
    threads[0] = g_thread_new("one", talk, &one);
    threads[1] = g_thread_new("two", talk, &two);
    while (s.fake.log->len < 2 * strlen("command 12:7b "))
        g_main_context_iteration(NULL, TRUE);
    say(control, "00000005 02");
    while (!s.fake.result)
        g_main_context_iteration(NULL, TRUE);
    s.fake.result(DRIVER_RESULT_OK, s.fake.data);
    expect(control, "00000000");
    while (g_atomic_int_get(&left) > 0)
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    for (guint i = 0; i < 2; i++) {
        g_auto(GStrv) parts = g_strsplit(s.fake.log->str, i ? ":7e " : ":7b ", -1);

        ck_assert_uint_eq(g_strv_length(parts), COMMANDS + 1);
    }
    close(control);
    settle();
    setup_close(&s);
}
END_TEST

/* One that is alone is heard up to eight times in a row; beside another one, once. */
START_TEST(nobody_waits_for_what_another_one_may_ask)
{
    struct setup s;
    gint left = 1;
    struct talker one = { &s.data, GET_RANDOM, &left };
    const gsize line = strlen("command 12:7b ");
    GThread *thread;
    gsize before;
    int other;

    setup_open(&s);
    s.fake.at_once = "8001 0000000a 00000000";
    other = client(&s.data);
    settle();
    thread = g_thread_new("one", talk, &one);
    while (g_atomic_int_get(&left) > 0) {
        before = s.fake.log->len;
        g_main_context_iteration(NULL, TRUE);
        ck_assert_uint_le(s.fake.log->len - before, line);
    }
    g_thread_join(thread);
    close(other);
    settle();
    setup_close(&s);
}
END_TEST

Suite *front_suite(void);

Suite *
front_suite(void)
{
    Suite *s = suite_create("driver front");
    TCase *t = tcase_create("front");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, commands_go_one_after_the_other);
    tcase_add_test(t, commands_in_pieces_and_in_a_row_work);
    tcase_add_test(t, a_broken_command_ends_its_client);
    tcase_add_test(t, a_client_that_leaves_hurts_nobody);
    tcase_add_loop_test(t, control_commands_are_answered, 0, G_N_ELEMENTS(control_cases));
    tcase_add_test(t, a_locality_is_passed_on);
    tcase_add_test(t, cancel_does_not_wait);
    tcase_add_test(t, shutdown_answers_and_stops);
    tcase_add_test(t, many_clients_wait_their_turn);
    tcase_add_test(t, who_asks_without_a_pause_leaves_others_their_turn);
    tcase_add_test(t, nobody_waits_for_what_another_one_may_ask);
    suite_add_tcase(s, t);
    return s;
}
