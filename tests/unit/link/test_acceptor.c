/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who comes is taken, but not beyond the room there is; and without descriptors
 * the main loop has its rest, and says so once a second.
 */
#include "config.h"

#include "cocotransport/link/acceptor.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/link/link.h"

#include "suites.h"

#include <sys/resource.h>
#include <unistd.h>

#define CLIENTS 40
#define BACKLOG 10                   /* no more than come at once */
#define PATIENCE_SECONDS 30

struct world {
    char *folder, *path;
    Acceptor *acceptor;
    int clients[CLIENTS], taken[CLIENTS];
    guint count, errors;
    guint most;                      /* then there is no room */
    gboolean over;
};

static void
on_taken(int fd, const GError *error, gpointer data)
{
    struct world *w = data;

    ck_assert((fd < 0) == (error != NULL));
    if (fd < 0) {
        w->errors++;
        return;
    }
    w->taken[w->count++] = fd;
    acceptor_room(w->acceptor, w->count < w->most);
}

static struct world *
world_new(void)
{
    struct world *w = g_new0(struct world, 1);
    struct link_address a = { .kind = LINK_UNIX, .mode = 0600 };
    g_autoptr(GError) error = NULL;
    int listener;

    w->folder = test_folder_new();
    w->path = a.path = g_build_filename(w->folder, "socket", NULL);
    w->most = CLIENTS;
    for (guint i = 0; i < CLIENTS; i++)
        w->clients[i] = w->taken[i] = -1;
    listener = link_listen(&a, &error);
    ck_assert_msg(listener >= 0, "%s", error ? error->message : "");
    w->acceptor = acceptor_new(listener, on_taken, w);
    return w;
}

static void
world_free(struct world *w)
{
    acceptor_free(w->acceptor);
    for (guint i = 0; i < CLIENTS; i++) {
        io_close(&w->clients[i]);
        io_close(&w->taken[i]);
    }
    test_folder_remove(w->folder);
    g_free(w->path);
    g_free(w);
}

static void
come(struct world *w, guint first, guint count)
{
    struct link_address a = { .kind = LINK_UNIX, .path = w->path };

    for (guint i = first; i < first + count; i++) {
        w->clients[i] = link_connect(&a, g_get_monotonic_time() + G_USEC_PER_SEC, NULL);
        ck_assert_int_ge(w->clients[i], 0);
    }
}

static gboolean
time_is_over(gpointer data)
{
    ((struct world *)data)->over = TRUE;
    return G_SOURCE_REMOVE;
}

/* Until so many were taken; the turns of the main loop it took. */
static guint
run_until(struct world *w, guint count, guint ms)
{
    const guint timer = g_timeout_add(ms, time_is_over, w);
    guint turns = 0;

    for (w->over = FALSE; !w->over && w->count < count; turns++)
        g_main_context_iteration(NULL, TRUE);
    if (!w->over)
        g_source_remove(timer);
    return turns;
}

START_TEST(takes_who_comes)
{
    struct world *w = world_new();

    for (guint i = 0; i < CLIENTS; i += BACKLOG) {
        come(w, i, BACKLOG);
        run_until(w, i + BACKLOG, PATIENCE_SECONDS * 1000);
    }
    ck_assert_uint_eq(w->count, CLIENTS);
    ck_assert_uint_eq(w->errors, 0);
    world_free(w);
}
END_TEST

START_TEST(takes_as_many_as_there_is_room_for)
{
    struct world *w = world_new();

    w->most = 3;
    come(w, 0, 5);
    run_until(w, 4, 300);
    ck_assert_uint_eq(w->count, 3);
    w->most = 4;
    acceptor_room(w->acceptor, TRUE);
    run_until(w, 4, PATIENCE_SECONDS * 1000);
    ck_assert_uint_eq(w->count, 4);
    run_until(w, 5, 300);
    ck_assert_uint_eq(w->count, 4);
    world_free(w);
}
END_TEST

/* As many turns as pauses, a timer and what GLib does by itself; without the pause, thousands. */
START_TEST(rests_without_descriptors)
{
    struct world *w = world_new();
    struct rlimit limit;
    rlim_t usual;
    gint64 began;
    guint turns;

    come(w, 0, 2);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    usual = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)w->clients[1] + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    began = g_get_monotonic_time();
    turns = run_until(w, 1, 700);
    limit.rlim_cur = usual;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_eq(w->count, 0);
    ck_assert_uint_ge(w->errors, 1);
    ck_assert_uint_le(w->errors, 1 + (guint)((g_get_monotonic_time() - began) / G_USEC_PER_SEC));
    ck_assert_uint_le(turns, 20);
    run_until(w, 2, PATIENCE_SECONDS * 1000);
    ck_assert_uint_eq(w->count, 2);
    world_free(w);
}
END_TEST

Suite *acceptor_suite(void);

Suite *
acceptor_suite(void)
{
    Suite *s = suite_create("acceptor");
    TCase *tc = tcase_create("acceptor");

    tcase_set_timeout(tc, 2 * PATIENCE_SECONDS);
    tcase_add_test(tc, takes_who_comes);
    tcase_add_test(tc, takes_as_many_as_there_is_room_for);
    tcase_add_test(tc, rests_without_descriptors);
    suite_add_tcase(s, tc);
    return s;
}
