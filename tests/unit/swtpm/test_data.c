/* SPDX-License-Identifier: BSD-3-Clause */
/* test_data - the TPM thread waits in a read, and nothing that it has to see is missed. */
#include "config.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "memory_store.h"
#include "suites.h"
#include "swtpm/data.h"
#include "swtpm/server.h"

Suite *data_suite(void);

#define ROUNDS 3000

static const guint8 get_random[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8 };
#define ANSWER_SIZE 20                     /* header, size, eight bytes */

struct fixture {
    struct memory_store store;
    struct dispatch dispatch;
    Data *data;
    Server *server;
    int peer;
    guint lost;
};

static void
on_lost(gpointer user)
{
    ((struct fixture *)user)->lost++;
}

static void
power_on(Engine *engine, gpointer user)
{
    (void)user;
    ck_assert(engine_power_on(engine, FALSE, NULL));
    ck_assert_uint_eq(engine_startup(engine, ENGINE_STARTUP_CLEAR), 0);
}

static int
socket_pair(int *ret_peer)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    *ret_peer = ends[1];
    return ends[0];
}

static void
set_up(struct fixture *f)
{
    struct data_config config = { .listen_fd = -1, .lost = on_lost, .user = f };

    *f = (struct fixture) { .server = NULL };
    memory_store_init(&f->store);
    f->dispatch.engine = engine_open(
        &(struct engine_settings) { .tpm2 = TRUE, .store = &f->store.store }, NULL);
    config.fd = socket_pair(&f->peer);
    f->data = data_new(&config, &f->dispatch);
    ck_assert(data_waits(f->data));
    f->server = server_new(f->dispatch.engine);
    server_set_data(f->server, f->data);
    ck_assert(server_start(f->server, NULL));
    server_call(f->server, power_on, NULL);
}

static void
tear_down(struct fixture *f)
{
    server_free(f->server);
    data_free(f->data);
    engine_close(f->dispatch.engine);
    memory_store_clear(&f->store);
    io_close(&f->peer);
}

static void
ask(int peer)
{
    guint8 answer[ANSWER_SIZE];

    ck_assert(io_write_full(peer, get_random, sizeof(get_random), NULL));
    ck_assert(io_read_full(peer, answer, sizeof(answer), NULL));
}

static gpointer
ask_often(gpointer user)
{
    for (guint i = 0; i < ROUNDS; i++)
        ask(GPOINTER_TO_INT(user));
    return NULL;
}

START_TEST(jobs_are_run_while_the_thread_waits_for_a_command)
{
    struct fixture f;

    set_up(&f);
    for (guint i = 0; i < ROUNDS; i++)
        server_call(f.server, NULL, NULL);
    ask(f.peer);
    tear_down(&f);
}
END_TEST

START_TEST(jobs_and_commands_do_not_miss_each_other)
{
    struct fixture f;
    GThread *client;

    set_up(&f);
    client = g_thread_new("client", ask_often, GINT_TO_POINTER(f.peer));
    for (guint i = 0; i < ROUNDS; i++)
        server_call(f.server, NULL, NULL);
    g_thread_join(client);
    server_call(f.server, NULL, NULL);
    tear_down(&f);
}
END_TEST

START_TEST(the_next_client_is_served_after_one_that_left)
{
    struct fixture f;

    set_up(&f);
    for (guint i = 1; i <= 100; i++) {
        ask(f.peer);
        io_close(&f.peer);
        while (f.lost < i)
            g_main_context_iteration(NULL, TRUE);
        ck_assert(data_offer_fd(f.data, socket_pair(&f.peer)));
        server_call(f.server, NULL, NULL);
    }
    ask(f.peer);
    tear_down(&f);
}
END_TEST

START_TEST(what_does_not_block_is_polled)
{
    int peer, fd = socket_pair(&peer);
    Data *data;

    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    data = data_new(&(struct data_config) { .listen_fd = -1, .fd = fd }, NULL);
    ck_assert(!data_waits(data));
    ck_assert(!data_interrupt(data));
    ck_assert(data_interrupted(data));
    ck_assert(!data_interrupted(data));
    ck_assert((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    data_free(data);
    io_close(&peer);
}
END_TEST

START_TEST(a_descriptor_that_stops_blocking_is_polled)
{
    struct fixture f;
    int copy;

    set_up(&f);
    /* A job that was run early leaves an interruption behind: before the second command it is over. */
    for (guint i = 0; i < 2; i++)
        ask(f.peer);
    copy = fcntl(data_poll_fd(f.data), F_DUPFD_CLOEXEC, 0);
    ck_assert_int_eq(fcntl(copy, F_SETFL, O_NONBLOCK), 0);
    for (guint i = 0; i < 3; i++)
        ask(f.peer);
    server_call(f.server, NULL, NULL);
    ck_assert(!data_waits(f.data));
    ask(f.peer);
    io_close(&copy);
    tear_down(&f);
}
END_TEST

START_TEST(what_stopped_blocking_before_a_job_does_not_block_after_it)
{
    int peer, fd = socket_pair(&peer), copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    Data *data = data_new(&(struct data_config) { .listen_fd = -1, .fd = fd }, NULL);

    ck_assert(data_waits(data));
    ck_assert_int_eq(fcntl(copy, F_SETFL, O_NONBLOCK), 0);
    ck_assert(data_interrupt(data)); /* its read may still sleep */
    ck_assert(data_interrupted(data));
    ck_assert(!data_waits(data));
    ck_assert((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    data_free(data);
    io_close(&copy);
    io_close(&peer);
}
END_TEST

START_TEST(jobs_in_a_row_leave_a_descriptor_blocking)
{
    int peer, fd = socket_pair(&peer);
    Data *data = data_new(&(struct data_config) { .listen_fd = -1, .fd = fd }, NULL);

    ck_assert(data_interrupt(data));
    ck_assert(data_interrupt(data));
    ck_assert(data_interrupted(data));
    ck_assert(data_waits(data));
    ck_assert((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
    data_free(data);
    io_close(&peer);
}
END_TEST

Suite *
data_suite(void)
{
    Suite *s = suite_create("data");
    TCase *t = tcase_create("waiting");

    tcase_set_timeout(t, 300);
    tcase_add_test(t, jobs_are_run_while_the_thread_waits_for_a_command);
    tcase_add_test(t, jobs_and_commands_do_not_miss_each_other);
    tcase_add_test(t, the_next_client_is_served_after_one_that_left);
    tcase_add_test(t, what_does_not_block_is_polled);
    tcase_add_test(t, a_descriptor_that_stops_blocking_is_polled);
    tcase_add_test(t, what_stopped_blocking_before_a_job_does_not_block_after_it);
    tcase_add_test(t, jobs_in_a_row_leave_a_descriptor_blocking);
    suite_add_tcase(s, t);
    return s;
}
