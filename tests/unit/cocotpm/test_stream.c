/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay's streams: every byte arrives, in order, also when one side does
 * not read for a while; ends are passed on.
 */
#include "config.h"

#include "cocotpm/relay_stream.h"

#include "base/io.h"

#include "suites.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct setup {
    int a, b;                        /* the outer ends */
    RelayStream *stream;
    guint done;
};

static void
stream_done(RelayStream *s, gpointer data)
{
    (void)s;
    ((struct setup *)data)->done++;
}

static void
setup_open(struct setup *s)
{
    int left[2], right[2];

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, left), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, right), 0);
    *s = (struct setup){ .a = left[0], .b = right[0] };
    s->stream = relay_stream_new(left[1], right[1], stream_done, s);
}

static void
setup_close(struct setup *s)
{
    relay_stream_free(s->stream);
    io_close(&s->a);
    io_close(&s->b);
}

static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Writes as much of @total as is taken, from a counter that goes on; returns how much. */
static gsize
pour(int fd, gsize from, gsize total)
{
    guint8 chunk[4096];
    gsize sent = from;

    while (sent < total) {
        gsize len = MIN(sizeof(chunk), total - sent);
        ssize_t n;

        for (gsize i = 0; i < len; i++)
            chunk[i] = (guint8)((sent + i) * 31 >> 3);
        n = write(fd, chunk, len);
        if (n <= 0)
            break;
        sent += (gsize)n;
    }
    return sent - from;
}

static gsize
drink(int fd, gsize from)
{
    guint8 chunk[4096];
    gsize got = from;
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        for (gsize i = 0; i < (gsize)n; i++)
            if (chunk[i] != (guint8)((got + i) * 31 >> 3))
                ck_abort_msg("byte %zu differs", got + i);
        got += (gsize)n;
    }
    return got - from;
}

START_TEST(all_bytes_arrive)
{
    const gsize total = 4 * 1024 * 1024;
    struct setup s;
    gsize sent = 0, got = 0, stalled;

    setup_open(&s);
    /* Nobody reads: the relay keeps a bounded amount and stops. */
    do {
        stalled = pour(s.a, sent, total);
        sent += stalled;
        settle();
    } while (stalled > 0);
    ck_assert_uint_lt(sent, total);
    while (got < total) {
        sent += pour(s.a, sent, total);
        settle();
        got += drink(s.b, got);
    }
    ck_assert_uint_eq(got, total);
    setup_close(&s);
}
END_TEST

/* Whichever side has said all first. */
START_TEST(ends_are_passed_on)
{
    struct setup s;
    int *first, *second;
    char c[8];

    setup_open(&s);
    first = _i == 0 ? &s.a : &s.b;
    second = _i == 0 ? &s.b : &s.a;
    ck_assert_int_eq(write(*first, "last", 4), 4);
    ck_assert_int_eq(shutdown(*first, SHUT_WR), 0);
    settle();
    ck_assert_int_eq(read(*second, c, sizeof(c)), 4);
    ck_assert_int_eq(read(*second, c, sizeof(c)), 0);
    ck_assert_uint_eq(s.done, 0);

    /* The other way is still open. */
    ck_assert_int_eq(write(*second, "word", 4), 4);
    settle();
    ck_assert_int_eq(read(*first, c, sizeof(c)), 4);
    io_close(second);
    settle();
    ck_assert_int_eq(read(*first, c, sizeof(c)), 0);
    ck_assert_uint_eq(s.done, 1);
    setup_close(&s);
}
END_TEST

/* Closed with something unread is not an end but a loss, and nothing is left half open. */
START_TEST(a_side_that_is_reset_ends_the_stream)
{
    struct setup s;

    setup_open(&s);
    ck_assert_int_eq(write(s.a, "x", 1), 1);
    settle();
    io_close(&s.b);
    settle();
    ck_assert_uint_eq(s.done, 1);
    setup_close(&s);
}
END_TEST

START_TEST(a_dead_side_ends_the_stream)
{
    struct setup s;

    setup_open(&s);
    io_close(&s.b);
    settle();
    ck_assert_int_eq(write(s.a, "x", 1), 1);
    settle();
    ck_assert_uint_eq(s.done, 1);
    setup_close(&s);
}
END_TEST

Suite *stream_suite(void);

Suite *
stream_suite(void)
{
    Suite *s = suite_create("relay stream");
    TCase *t = tcase_create("stream");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, all_bytes_arrive);
    tcase_add_loop_test(t, ends_are_passed_on, 0, 2);
    tcase_add_test(t, a_side_that_is_reset_ends_the_stream);
    tcase_add_test(t, a_dead_side_ends_the_stream);
    suite_add_tcase(s, t);
    return s;
}
