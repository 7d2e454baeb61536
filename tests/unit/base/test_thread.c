/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads leave the signals to the program they are in.
 */
#include "config.h"

#include "base/thread.h"

#include "base/error.h"

#include "suites.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (60 * G_USEC_PER_SEC)

static gpointer
wait_for_end(gpointer data)
{
    gint *state = data;

    g_atomic_int_set(state, 1);
    while (g_atomic_int_get(state) != 2)
        g_usleep(1000);
    g_atomic_int_set(state, 3);
    return NULL;
}

static void
wait_for(gint *state, gint value)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    while (g_atomic_int_get(state) != value) {
        ck_assert_int_lt(g_get_monotonic_time(), end);
        g_usleep(1000);
    }
}

static void
mask_of_this_thread(sigset_t *ret)
{
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, ret), 0);
}

/* A program that blocks a signal to take it with sigwait(3), when the thread is there already: its
 * default, which is the end of the program, does not happen. */
START_TEST(a_signal_waits_for_the_program)
{
    gint state = 0;
    sigset_t before, after, one;
    int got = 0;

    mask_of_this_thread(&before);
    ck_assert(thread_start("test", wait_for_end, &state, NULL));
    mask_of_this_thread(&after);
    ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    ck_assert_int_eq(sigismember(&after, SIGUSR1), 0);
    wait_for(&state, 1);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &one, NULL), 0);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(sigwait(&one, &got), 0);
    ck_assert_int_eq(got, SIGUSR1);
    g_atomic_int_set(&state, 2);
    wait_for(&state, 3);
}
END_TEST

START_TEST(no_room_is_an_error)
{
    g_autoptr(GError) error = NULL;
    sigset_t after;
    gint state = 0;

    test_no_more_threads();
    ck_assert(!thread_start("test", wait_for_end, &state, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    mask_of_this_thread(&after);
    ck_assert_int_eq(sigismember(&after, SIGUSR1), 0);
    ck_assert_int_eq(state, 0);
}
END_TEST

Suite *thread_suite(void);

Suite *
thread_suite(void)
{
    Suite *s = suite_create("thread");
    TCase *c = tcase_create("thread");

    tcase_add_test(c, a_signal_waits_for_the_program);
    tcase_add_test(c, no_room_is_an_error);
    suite_add_tcase(s, c);
    return s;
}
