/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "memory_store.h"
#include "suites.h"
#include "swtpm/server.h"

Suite *server_suite(void);

/* A session that carries out a long piece of work for each byte it reads. */
struct session {
    struct source source;
    int peer;
    gint interrupted;        /* atomic */
    gint messages;           /* atomic */
    gboolean closed;
};

static void
wait_for_interrupt(Engine *engine, gpointer data)
{
    struct session *s = data;

    (void)engine;
    while (g_atomic_int_get(&s->interrupted) == 0)
        g_usleep(100);
}

static gboolean
ready(struct source *src, Engine *engine)
{
    struct session *s = (struct session *)src;
    char byte;
    ssize_t n = recv(src->fd, &byte, 1, MSG_DONTWAIT);

    if (n < 0)
        return TRUE;                       /* called once when it is new */
    if (n == 0)
        return FALSE;
    g_atomic_int_inc(&s->messages);
    if (byte == 'w')
        source_work(src, engine, wait_for_interrupt, s);
    return TRUE;
}

static gboolean
interrupt(struct source *src, Engine *engine)
{
    struct session *s = (struct session *)src;
    char byte;

    (void)engine;
    if (recv(src->fd, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'c')
        g_atomic_int_set(&s->interrupted, 1);
    return FALSE;
}

static void
closed(struct source *src)
{
    ((struct session *)src)->closed = TRUE;
}

static const struct source_ops ops = { ready, interrupt, closed };

struct fixture {
    struct memory_store store;
    Engine *engine;
    Server *server;
    struct session session;
};

static void
set_up(struct fixture *f)
{
    int ends[2];

    *f = (struct fixture) { .server = NULL };
    memory_store_init(&f->store);
    f->engine = engine_open(&(struct engine_settings) { .tpm2 = TRUE, .store = &f->store.store },
                            NULL);
    f->server = server_new(f->engine);
    ck_assert(server_start(f->server, NULL));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    f->session = (struct session) { .source = { .ops = &ops, .fd = ends[0] }, .peer = ends[1] };
    server_add_source(f->server, &f->session.source);
}

static void
tear_down(struct fixture *f)
{
    server_free(f->server);
    engine_close(f->engine);
    memory_store_clear(&f->store);
    io_close(&f->session.source.fd);
    io_close(&f->session.peer);
}

static void
wait_closed(struct fixture *f)
{
    while (!f->session.closed)
        g_main_context_iteration(NULL, TRUE);
}

START_TEST(the_main_thread_sees_what_comes_during_a_command)
{
    struct fixture f;

    set_up(&f);
    ck_assert(io_write_full(f.session.peer, "wc", 2, NULL));
    while (g_atomic_int_get(&f.session.interrupted) == 0)
        g_main_context_iteration(NULL, TRUE);
    ck_assert(io_write_full(f.session.peer, "x", 1, NULL));
    while (g_atomic_int_get(&f.session.messages) < 2)
        g_main_context_iteration(NULL, FALSE);
    io_close(&f.session.peer);
    wait_closed(&f);
    tear_down(&f);
}
END_TEST

START_TEST(a_source_is_taken_back_while_it_waits)
{
    struct fixture f;

    set_up(&f);
    server_take_source(f.server, &f.session.source);
    server_take_source(f.server, &f.session.source);
    ck_assert(!f.session.closed);          /* never from inside the call */
    wait_closed(&f);
    ck_assert_ptr_null(f.session.source.state);
    tear_down(&f);
}
END_TEST

START_TEST(a_source_is_taken_back_after_the_command_in_hand)
{
    struct fixture f;

    set_up(&f);
    ck_assert(io_write_full(f.session.peer, "w", 1, NULL));
    while (g_atomic_int_get(&f.session.messages) == 0)
        g_main_context_iteration(NULL, FALSE);
    server_take_source(f.server, &f.session.source);
    g_main_context_iteration(NULL, FALSE);
    ck_assert(!f.session.closed);
    g_atomic_int_set(&f.session.interrupted, 1);
    wait_closed(&f);
    tear_down(&f);
}
END_TEST

START_TEST(sources_are_given_back_when_the_server_ends)
{
    struct fixture f;

    set_up(&f);
    server_call(f.server, NULL, NULL);
    tear_down(&f);
    ck_assert(f.session.closed);
}
END_TEST

static void
count_up(Engine *engine, gpointer data)
{
    (void)engine;
    ++*(guint *)data;
}

static void
quit(gpointer data)
{
    *(guint *)data += 100;
}

START_TEST(jobs_are_run_in_order_and_reported_in_the_main_loop)
{
    guint count = 0;
    struct fixture f;

    set_up(&f);
    for (guint i = 0; i < 50; i++)
        server_post(f.server, count_up, NULL, &count);
    server_call(f.server, NULL, NULL);
    ck_assert_uint_eq(count, 50);
    server_post(f.server, count_up, quit, &count);
    server_call(f.server, NULL, NULL);
    ck_assert_uint_eq(count, 51);
    while (count < 100)
        g_main_context_iteration(NULL, TRUE);
    ck_assert_uint_eq(count, 151);
    tear_down(&f);
}
END_TEST

Suite *
server_suite(void)
{
    Suite *s = suite_create("server");
    TCase *t = tcase_create("threads");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, the_main_thread_sees_what_comes_during_a_command);
    tcase_add_test(t, a_source_is_taken_back_while_it_waits);
    tcase_add_test(t, a_source_is_taken_back_after_the_command_in_hand);
    tcase_add_test(t, sources_are_given_back_when_the_server_ends);
    tcase_add_test(t, jobs_are_run_in_order_and_reported_in_the_main_loop);
    suite_add_tcase(s, t);
    return s;
}
