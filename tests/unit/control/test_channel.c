/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "suites.h"
#include "swtpm/control/channel.h"

Suite *channel_suite(void);

/* What the handler saw, and what it is to answer. */
struct seen {
    GString *log;
    gboolean running;
    gboolean lost;
    int fd;
};

static void
handle(Channel *c, struct ptm_call *call, gpointer user)
{
    struct seen *seen = user;

    g_string_append_printf(seen->log, "%s:%zu%s;", call->row->name, cursor_left(&call->body),
                           call->last ? "" : "+");
    if (call->fd >= 0) {
        seen->fd = call->fd;
        call->fd = -1;
    }
    if (call->last)
        channel_answer_result(c, PTM_OK);
    else
        channel_answer(c, NULL, 0);
}

static gboolean
running(gpointer user)
{
    return ((struct seen *)user)->running;
}

static void
lost(gpointer user)
{
    ((struct seen *)user)->lost = TRUE;
}

struct fixture {
    struct seen seen;
    Channel *channel;
    int peer;
};

static void
set_up(struct fixture *f)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    *f = (struct fixture) { .seen = { .log = g_string_new(NULL), .fd = -1 }, .peer = ends[1] };
    f->channel = channel_new(&(struct channel_config) {
        .listen_fd = -1, .client_fd = ends[0], .handle = handle, .running = running,
        .lost = lost, .user = &f->seen });
}

static void
tear_down(struct fixture *f)
{
    channel_free(f->channel);
    g_string_free(f->seen.log, TRUE);
    io_close(&f->peer);
    io_close(&f->seen.fd);
}

static void
turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* The main loop turns until the answer is there, or the channel closed (0 bytes). */
static gssize
answer(struct fixture *f, guint8 *buf, gsize size)
{
    for (;;) {
        gssize n = recv(f->peer, buf, size, MSG_DONTWAIT);

        if (n >= 0)
            return n;
        g_main_context_iteration(NULL, TRUE);
    }
}

static const struct {
    const char *what;
    const char *request;
    gboolean running;
    guint32 result;
    const char *seen;
} cases[] = {
    { "STOP", "0000000e", FALSE, 0, "STOP:0;" },
    { "STOP with a body", "0000000e00", FALSE, 3, "" },
    { "INIT", "0000000200000001", FALSE, 0, "INIT:4;" },
    { "INIT with five bytes", "000000020000000100", FALSE, 3, "" },
    { "INIT cut short, after a while", "000000020000", FALSE, 3, "" },
    { "a locality of one byte", "0000000501", FALSE, 0, "SET_LOCALITY:1;" },
    { "a locality of four, as QEMU", "0000000501000000", FALSE, 0, "SET_LOCALITY:4;" },
    { "no such command", "00000014", TRUE, 10, "" },
    { "hashing while it is off", "00000006", FALSE, 10, "" },
    { "hashing while it is on", "00000006", TRUE, 0, "HASH_START:0;" },
    { "data to hash", "0000000700000002aabb", TRUE, 0, "HASH_DATA:2;" },
    { "no data to hash", "0000000700000000", TRUE, 0, "HASH_DATA:0;" },
    { "more data than said", "0000000700000001aabb", TRUE, 3, "" },
    { "a blob while it is on", "0000000d000000000000000100000000", TRUE, 10, "" },
    { "a blob", "0000000d000000000000000100000002aabb", FALSE, 0, "SET_STATEBLOB:14;" },
    { "a blob of four gigabytes", "0000000d0000000000000001ffffffff", FALSE, 3, "" },
};

START_TEST(requests_are_judged_by_the_table)
{
    g_autoptr(GBytes) request = test_bytes(cases[_i].request);
    struct fixture f;
    guint8 buf[16];
    gsize len;
    const guint8 *bytes = g_bytes_get_data(request, &len);

    set_up(&f);
    f.seen.running = cases[_i].running;
    ck_assert(io_write_full(f.peer, bytes, len, NULL));
    ck_assert_msg(answer(&f, buf, sizeof(buf)) == 4, "%s", cases[_i].what);
    ck_assert_msg(buf[2] == 0 && buf[3] == cases[_i].result, "%s: %u", cases[_i].what, buf[3]);
    ck_assert_str_eq(f.seen.log->str, cases[_i].seen);
    ck_assert(!f.seen.lost);
    tear_down(&f);
}
END_TEST

START_TEST(a_blob_may_come_in_pieces)
{
    static const guint8 head[] = { 0, 0, 0, 0x0d, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3 };
    struct fixture f;
    guint8 buf[16];

    set_up(&f);
    ck_assert(io_write_full(f.peer, head, sizeof(head), NULL));
    turn();
    ck_assert(io_write_full(f.peer, "a", 1, NULL));
    turn();
    ck_assert_str_eq(f.seen.log->str, "");
    ck_assert(io_write_full(f.peer, "bc", 2, NULL));
    ck_assert_int_eq(answer(&f, buf, sizeof(buf)), 4);
    ck_assert_str_eq(f.seen.log->str, "SET_STATEBLOB:15;");
    tear_down(&f);
}
END_TEST

START_TEST(much_data_is_hashed_in_pieces)
{
    static const guint8 head[] = { 0, 0, 0, 7, 0, 0, 0x9c, 0x40 };   /* 40,000 bytes */
    g_autofree guint8 *data = g_malloc0(1000);
    gulong sum = 0;
    struct fixture f;
    guint8 buf[16];

    set_up(&f);
    f.seen.running = TRUE;
    ck_assert(io_write_full(f.peer, head, sizeof(head), NULL));
    for (guint i = 0; i < 40; i++) {
        ck_assert(io_write_full(f.peer, data, 1000, NULL));
        turn();
    }
    ck_assert_int_eq(answer(&f, buf, sizeof(buf)), 4);
    ck_assert_ptr_nonnull(strstr(f.seen.log->str, "+;"));
    for (const char *at = f.seen.log->str; (at = strstr(at, "HASH_DATA:")) != NULL;) {
        at += strlen("HASH_DATA:");
        sum += strtoul(at, NULL, 10);
    }
    ck_assert_uint_eq(sum, 40000);
    tear_down(&f);
}
END_TEST

START_TEST(a_descriptor_comes_with_its_command)
{
    static const guint8 request[] = { 0, 0, 0, 0x10 };
    struct fixture f;
    guint8 buf[16];

    set_up(&f);
    ck_assert(io_send_fd(f.peer, request, sizeof(request), STDERR_FILENO, NULL));
    ck_assert_int_eq(answer(&f, buf, sizeof(buf)), 4);
    ck_assert_str_eq(f.seen.log->str, "SET_DATAFD:0;");
    ck_assert_int_ge(f.seen.fd, 0);
    tear_down(&f);
}
END_TEST

START_TEST(a_client_that_leaves_or_says_too_little_is_let_go)
{
    struct fixture f;
    guint8 buf[16];

    set_up(&f);
    ck_assert(io_write_full(f.peer, "\0\0", 2, NULL));
    ck_assert_int_eq(answer(&f, buf, sizeof(buf)), 0);
    ck_assert(f.seen.lost);
    tear_down(&f);

    set_up(&f);
    io_close(&f.peer);
    while (!f.seen.lost)
        g_main_context_iteration(NULL, TRUE);
    tear_down(&f);
}
END_TEST

Suite *
channel_suite(void)
{
    Suite *s = suite_create("channel");
    TCase *t = tcase_create("requests");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, requests_are_judged_by_the_table, 0, G_N_ELEMENTS(cases));
    tcase_add_test(t, a_blob_may_come_in_pieces);
    tcase_add_test(t, much_data_is_hashed_in_pieces);
    tcase_add_test(t, a_descriptor_comes_with_its_command);
    tcase_add_test(t, a_client_that_leaves_or_says_too_little_is_let_go);
    suite_add_tcase(s, t);
    return s;
}
