/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel_wait - a thread that runs when nobody else wants the processor.
 *
 * Once the command is out and its sender sleeps, the thread has its turn. It sets
 * the timers, at no cost to the command, and then keeps the processor from going
 * to sleep, from where it comes back slowly in a virtual machine. Where somebody
 * else uses the processor the thread has no turn: the sender sets the timers.
 */
#include "config.h"

#include "cocotransport/link/tunnel_wait.h"

#include "base/io.h"
#include "base/thread.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* After the command; the kernel's sleep begins some 100 us later. Where the first timer is too early
 * for that, the second one is not. */
static const guint looks_us[] = { 720, 820 };
#define SLEEP_US_LAST 1200

struct TunnelWait {
    gint users;
    int timers[G_N_ELEMENTS(looks_us)];   /* -1: the kernel's time it is */
    int wake;                        /* the thread sleeps at it */
    gboolean late;                   /* the thread had no turn in the last sleep */
    /* Atomic, between sender and thread: */
    gint began;                      /* us, modulo 2^32; 0: nobody waits */
    gint cpu;                        /* of the sender */
    gint turn;                       /* the thread has had it, in this sleep */
    gint asleep, leaving;            /* the thread */
};

static void
wait_unref(TunnelWait *w)
{
    if (!g_atomic_int_dec_and_test(&w->users))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(looks_us); i++)
        io_close(&w->timers[i]);
    io_close(&w->wake);
    g_free(w);
}

/* Never 0. */
static guint
now_us(void)
{
    return (guint)g_get_monotonic_time() | 1;
}

/* @passed: us since the command. What is past already ends at once. */
static void
set_timers(TunnelWait *w, guint passed)
{
    for (guint i = 0; i < G_N_ELEMENTS(looks_us); i++) {
        const guint left = looks_us[i] > passed ? looks_us[i] - passed : 0;
        const struct itimerspec once = { .it_value.tv_nsec = left * 1000L + 1 };

        if (w->timers[i] >= 0)
            timerfd_settime(w->timers[i], 0, &once, NULL);
    }
}

/* ---- the thread ---- */

/* A processor's timers end the sleeps of that one only. */
static gboolean
follow(gint cpu)
{
    cpu_set_t set;

    if (cpu == sched_getcpu())
        return TRUE;
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return FALSE;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static gboolean
is_new(TunnelWait *w, guint last)
{
    const guint began = (guint)g_atomic_int_get(&w->began);

    return (began != 0 && began != last) || g_atomic_int_get(&w->leaving);
}

static void
sleep_until_new(TunnelWait *w, guint last)
{
    guint64 count;

    while (!is_new(w, last)) {
        g_atomic_int_set(&w->asleep, TRUE);
        if (!is_new(w, last))
            (void)!read(w->wake, &count, sizeof(count));
        g_atomic_int_set(&w->asleep, FALSE);
    }
}

static gpointer
wait_run(gpointer data)
{
    const struct sched_param none = { 0 };
    TunnelWait *w = data;
    guint began = 0;

    /* Otherwise it would be in everybody's way. */
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        g_atomic_int_set(&w->leaving, TRUE);
    while (!g_atomic_int_get(&w->leaving)) {
        sleep_until_new(w, began);
        began = (guint)g_atomic_int_get(&w->began);
        if (began == 0 || !follow(g_atomic_int_get(&w->cpu)))
            continue;
        set_timers(w, now_us() - began);
        g_atomic_int_set(&w->turn, TRUE);
        while ((guint)g_atomic_int_get(&w->began) == began && now_us() - began < SLEEP_US_LAST)
            ;
    }
    wait_unref(w);
    return NULL;
}

/* ---- the sender ---- */

static void
wake_thread(TunnelWait *w)
{
    const guint64 one = 1;

    (void)!write(w->wake, &one, sizeof(one));
}

void
tunnel_wait_begin(TunnelWait *w)
{
    g_atomic_int_set(&w->turn, FALSE);
    g_atomic_int_set(&w->cpu, sched_getcpu());
    g_atomic_int_set(&w->began, (gint)now_us());
    if (g_atomic_int_compare_and_exchange(&w->asleep, TRUE, FALSE))
        wake_thread(w);
    if (w->late)
        set_timers(w, 0);
}

/* A wait that was too short to sleep says nothing of the thread. */
void
tunnel_wait_end(TunnelWait *w)
{
    if (now_us() - (guint)g_atomic_int_get(&w->began) >= looks_us[0])
        w->late = !g_atomic_int_get(&w->turn);
    g_atomic_int_set(&w->began, 0);
}

TunnelWait *
tunnel_wait_new(void)
{
    TunnelWait *w = g_new0(TunnelWait, 1);

    w->users = 2;
    w->late = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(looks_us); i++)
        w->timers[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    w->wake = eventfd(0, EFD_CLOEXEC);
    if (w->wake < 0 || !thread_start("wait", wait_run, w, NULL))
        wait_unref(w);
    return w;
}

void
tunnel_wait_free(TunnelWait *w)
{
    if (!w)
        return;
    g_atomic_int_set(&w->leaving, TRUE);
    wake_thread(w);
    wait_unref(w);
}
