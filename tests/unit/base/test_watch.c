/* SPDX-License-Identifier: BSD-3-Clause */
/* test_watch - events come, and the main loop is not woken for its own book-keeping. */
#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/watch.h"
#include "suites.h"

Suite *watch_suite(void);

struct reader {
    guint bytes;
    gboolean stay;
};

static gboolean
ready(int fd, GIOCondition condition, gpointer data)
{
    struct reader *r = data;
    char byte;

    ck_assert((condition & G_IO_IN) && read(fd, &byte, 1) == 1);
    r->bytes++;
    return r->stay;
}

/* What GLib asks poll() for next: anything ready there would end a sleep for nothing. */
static gboolean
loop_is_woken(void)
{
    GMainContext *context = g_main_context_default();
    GPollFD fds[8];
    gint priority, timeout, n;

    ck_assert(g_main_context_acquire(context));
    (void)g_main_context_prepare(context, &priority);
    n = g_main_context_query(context, priority, &timeout, fds, G_N_ELEMENTS(fds));
    ck_assert_int_ge(n, 2);
    n = g_poll(fds, (guint)n, 0);
    g_main_context_release(context);
    return n > 0;
}

/* A watched descriptor whose first byte was read. */
static guint
watched_pair(int ends[2], struct reader *r)
{
    guint id;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    id = watch_fd(ends[0], G_IO_IN, ready, r);
    ck_assert(g_main_context_iteration(NULL, FALSE));
    ck_assert_uint_eq(r->bytes, 1);
    return id;
}

START_TEST(a_source_stays_and_does_not_wake)
{
    struct reader r = { .stay = TRUE };
    int ends[2];
    const guint id = watched_pair(ends, &r);

    while (g_main_context_iteration(NULL, FALSE))
        ;
    ck_assert_int_eq(write(ends[1], "y", 1), 1);
    ck_assert(g_main_context_iteration(NULL, FALSE));
    ck_assert(!loop_is_woken());
    ck_assert_uint_eq(r.bytes, 2);
    ck_assert(g_source_remove(id));
    io_close(&ends[0]);
    io_close(&ends[1]);
}
END_TEST

START_TEST(a_source_that_says_so_is_removed)
{
    struct reader r = { .stay = FALSE };
    int ends[2];
    const guint id = watched_pair(ends, &r);

    ck_assert_ptr_null(g_main_context_find_source_by_id(NULL, id));
    ck_assert_int_eq(write(ends[1], "y", 1), 1);
    (void)g_main_context_iteration(NULL, FALSE);
    ck_assert_uint_eq(r.bytes, 1);
    io_close(&ends[0]);
    io_close(&ends[1]);
}
END_TEST

Suite *
watch_suite(void)
{
    Suite *suite = suite_create("watch");
    TCase *tc = tcase_create("watch");

    tcase_add_test(tc, a_source_stays_and_does_not_wake);
    tcase_add_test(tc, a_source_that_says_so_is_removed);
    suite_add_tcase(suite, tc);
    return suite;
}
