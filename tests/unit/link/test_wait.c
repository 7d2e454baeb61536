/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wait for the carrier's answer: who sets its timers, and that the thread beside
 * it takes no more of the processor than such a wait lasts.
 */
#include "config.h"

#include "cocotransport/link/tunnel_wait.h"

#include "suites.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TIMERS 2
#define SLEEP_US 3000                /* more than a wait that is shortened */
#define PATIENCE (100 * G_USEC_PER_SEC)

static void
run_on(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* One processor for all threads, as in a small VM: the other one runs when this one sleeps. */
static void
on_one_processor(void)
{
    run_on(sched_getcpu());
}

/* The thread that is not this one, or 0. */
static pid_t
find_thread(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
    const char *name;

    ck_assert(dir != NULL);
    while ((name = g_dir_read_name(dir)))
        if (atoi(name) != getpid())
            return atoi(name);
    return 0;
}

/* The descriptors of the timers. */
static guint
find_timers(int ret[static TIMERS])
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;
    guint count = 0;

    ck_assert(dir != NULL);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename("/proc/self/fd", name, NULL);
        g_autofree char *what = g_file_read_link(path, NULL);

        if (what && strcmp(what, "anon_inode:[timerfd]") == 0 && count < TIMERS)
            ret[count++] = atoi(name);
    }
    return count;
}

/* From now on they count as not set. */
static void
clear_timers(void)
{
    const struct itimerspec none = { 0 };
    int fds[TIMERS];

    ck_assert_uint_eq(find_timers(fds), TIMERS);
    for (guint i = 0; i < TIMERS; i++)
        ck_assert_int_eq(timerfd_settime(fds[i], 0, &none, NULL), 0);
}

/* All of them were set, and may have run out. */
static gboolean
timers_set(void)
{
    int fds[TIMERS];
    guint count = 0;

    ck_assert_uint_eq(find_timers(fds), TIMERS);
    for (guint i = 0; i < TIMERS; i++) {
        struct pollfd p = { fds[i], POLLIN, 0 };
        struct itimerspec left;

        ck_assert_int_eq(timerfd_gettime(fds[i], &left), 0);
        count += left.it_value.tv_nsec > 0 || poll(&p, 1, 0) == 1;
    }
    return count == TIMERS;
}

/* Sleeps for a wait; whether the sender had set the timers before, as far as can be seen: on a busy
 * machine the thread may have had its turn. */
static gboolean
sleep_once(TunnelWait *w)
{
    gboolean set;

    clear_timers();
    tunnel_wait_begin(w);
    set = timers_set();
    g_usleep(SLEEP_US);
    tunnel_wait_end(w);
    return set;
}

/* Waits until that is so. */
static void
sleep_until(TunnelWait *w, gboolean by_sender)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    while (sleep_once(w) != by_sender)
        ck_assert_int_lt(g_get_monotonic_time(), end);
}

/* The same, but does not let anybody else run. */
static void
work_once(TunnelWait *w)
{
    const gint64 end = g_get_monotonic_time() + SLEEP_US;

    tunnel_wait_begin(w);
    while (g_get_monotonic_time() < end)
        ;
    tunnel_wait_end(w);
}

/* The sender's timers are needed until it is seen that the thread has its turn; and each time after
 * somebody else had the processor: once could be by chance. */
START_TEST(the_thread_takes_over_and_hands_back)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;
    TunnelWait *w;

    on_one_processor();
    w = tunnel_wait_new();
    sleep_until(w, FALSE);
    ck_assert_int_eq(sched_getscheduler(find_thread()), SCHED_IDLE);
    for (guint row = 0; row < 4;) {
        ck_assert_int_lt(g_get_monotonic_time(), end);
        work_once(w);
        row = sleep_once(w) ? row + 1 : 0;
    }
    tunnel_wait_free(w);
}
END_TEST

START_TEST(the_first_time_it_is_the_sender)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;
    gboolean by_sender;

    on_one_processor();
    do {
        TunnelWait *w = tunnel_wait_new();

        ck_assert_int_lt(g_get_monotonic_time(), end);
        by_sender = sleep_once(w);
        tunnel_wait_free(w);
    } while (!by_sender);
}
END_TEST

START_TEST(the_thread_sets_them)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;
    gboolean before, after;
    TunnelWait *w;

    on_one_processor();
    w = tunnel_wait_new();
    do {
        ck_assert_int_lt(g_get_monotonic_time(), end);
        (void)sleep_once(w);
        clear_timers();
        tunnel_wait_begin(w);
        before = timers_set();
        g_usleep(SLEEP_US);
        after = timers_set();
        tunnel_wait_end(w);
    } while (before || !after);
    tunnel_wait_free(w);
}
END_TEST

/* A wait that ended before the kernel slept does not make the sender set them. */
START_TEST(a_short_wait_says_nothing)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;
    TunnelWait *w;

    on_one_processor();
    w = tunnel_wait_new();
    do {
        ck_assert_int_lt(g_get_monotonic_time(), end);
        sleep_until(w, FALSE);
        tunnel_wait_begin(w);
        tunnel_wait_end(w);
    } while (sleep_once(w));
    tunnel_wait_free(w);
}
END_TEST

START_TEST(without_a_thread_the_sender_sets_them)
{
    TunnelWait *w;

    test_no_more_threads();
    w = tunnel_wait_new();
    for (guint i = 0; i < 5; i++)
        sleep_until(w, TRUE);
    tunnel_wait_free(w);
}
END_TEST

static gint64
cpu_us(void)
{
    struct timespec t;

    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

/* Neither a command that takes long nor the time between two keeps the processor busy. */
START_TEST(a_long_wait_costs_nothing)
{
    TunnelWait *w = tunnel_wait_new();
    gint64 before = cpu_us();

    tunnel_wait_begin(w);
    g_usleep(G_USEC_PER_SEC);
    tunnel_wait_end(w);
    g_usleep(G_USEC_PER_SEC);
    ck_assert_int_lt(cpu_us() - before, G_USEC_PER_SEC / 5);
    tunnel_wait_free(w);
}
END_TEST

/* The timers of a processor do not end the sleep of another one. */
START_TEST(the_thread_follows)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;
    TunnelWait *w = tunnel_wait_new();
    cpu_set_t all, set;
    int cpu = 0;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    /* It need not move where it was on the same one by chance. */
    do {
        ck_assert_int_lt(g_get_monotonic_time(), end);
        do {
            cpu = (cpu + 1) % CPU_SETSIZE;
        } while (!CPU_ISSET(cpu, &all));
        run_on(cpu);
        sleep_until(w, FALSE);
        ck_assert_int_eq(sched_getaffinity(find_thread(), sizeof(set), &set), 0);
    } while (CPU_COUNT(&set) > 1);
    ck_assert(CPU_ISSET(cpu, &set));
    tunnel_wait_free(w);
}
END_TEST

START_TEST(it_can_go_at_any_time)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    tunnel_wait_free(NULL);
    for (guint i = 0; i < 200; i++) {
        TunnelWait *w = tunnel_wait_new();

        if (i % 2)
            tunnel_wait_begin(w);
        g_usleep(i % 5 * 100);
        if (i % 2)
            tunnel_wait_end(w);
        tunnel_wait_free(w);
    }
    while (find_thread() != 0) {
        ck_assert_int_lt(g_get_monotonic_time(), end);
        g_usleep(1000);
    }
}
END_TEST

Suite *wait_suite(void);

Suite *
wait_suite(void)
{
    Suite *s = suite_create("tunnel_wait");
    TCase *c = tcase_create("wait");

    tcase_add_test(c, the_thread_takes_over_and_hands_back);
    tcase_add_test(c, the_first_time_it_is_the_sender);
    tcase_add_test(c, the_thread_sets_them);
    tcase_add_test(c, a_short_wait_says_nothing);
    tcase_add_test(c, without_a_thread_the_sender_sets_them);
    tcase_add_test(c, the_thread_follows);
    tcase_add_test(c, a_long_wait_costs_nothing);
    tcase_add_test(c, it_can_go_at_any_time);
    suite_add_tcase(s, c);
    return s;
}
