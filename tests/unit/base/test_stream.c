/* SPDX-License-Identifier: BSD-3-Clause */
/* test_stream - a socket as a stream: nothing waits, and the end is told from "not yet". */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/stream.h"
#include "suites.h"

Suite *stream_suite(void);

/* Also where the descriptor itself would wait. */
START_TEST(nothing_waits)
{
    g_autofree char *much = g_malloc0(1 << 20);
    g_autoptr(Stream) s = NULL;
    ssize_t n, sent = 0;
    char byte;
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    s = stream_new(pair[0]);
    ck_assert_int_eq(stream_recv(s, &byte, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
    while ((n = stream_send(s, much, 1 << 20)) > 0)
        sent += n;
    ck_assert(n == -1 && errno == EAGAIN && sent > 0);
    io_close(&pair[1]);
}
END_TEST

START_TEST(bytes_and_the_end_are_seen)
{
    g_autoptr(Stream) s = NULL;
    struct pollfd p = { .events = POLLIN };
    char bytes[4];
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    s = stream_new(pair[0]);
    p.fd = stream_poll_fd(s);
    ck_assert_int_eq(poll(&p, 1, 0), 0);
    ck_assert_int_eq(write(pair[1], "abc", 3), 3);
    ck_assert_int_eq(poll(&p, 1, 0), 1);
    ck_assert_int_eq(stream_recv(s, bytes, sizeof(bytes)), 3);
    ck_assert_mem_eq(bytes, "abc", 3);
    ck_assert(!stream_pending(s));
    io_close(&pair[1]);
    ck_assert_int_eq(stream_recv(s, bytes, sizeof(bytes)), 0);
    /* And no signal kills us. */
    ck_assert_int_eq(stream_send(s, "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(the_descriptor_goes_with_it)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    stream_free(stream_new(pair[0]));
    ck_assert_int_eq(fcntl(pair[0], F_GETFD), -1);
    io_close(&pair[1]);
    stream_free(NULL);
}
END_TEST

Suite *
stream_suite(void)
{
    Suite *s = suite_create("stream");
    TCase *t = tcase_create("stream");

    tcase_add_test(t, nothing_waits);
    tcase_add_test(t, bytes_and_the_end_are_seen);
    tcase_add_test(t, the_descriptor_goes_with_it);
    suite_add_tcase(s, t);
    return s;
}
