/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions at the running driver's sockets, and who asks there whether a receipt
 * holds: only what has the right size goes to the CoCoTPM, and only its word counts.
 */
#include "config.h"

#include "cocotpm/driver_ask.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotpm/driver_check.h"
#include "cocotpm/receipt_file.h"
#include "cocotransport/link/link.h"

#include "peer.h"
#include "suites.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct setup {
    struct world w;
    char *folder;
    struct link_address address;
    DriverAsk *ask;
    guint answered;
    enum coco_status status;
};

static void
note_status(enum coco_status status, gpointer data)
{
    struct setup *s = data;

    s->answered++;
    s->status = status;
}

static void
setup_open(struct setup *s, enum coco_command code, gsize least, gsize most)
{
    struct driver_ask_config config = { .code = code, .least = least, .most = most,
                                        .answered = note_status, .data = s };

    *s = (struct setup){ .folder = test_folder_new() };
    s->address = (struct link_address){ .kind = LINK_UNIX, .fd = -1 };
    s->address.path = g_build_filename(s->folder, "ask", NULL);
    world_open(&s->w);
    config.path = s->address.path;
    s->ask = driver_ask_new(&config, NULL);
    ck_assert_ptr_nonnull(s->ask);
    driver_ask_start(s->ask, s->w.session);
    settle(&s->w);
}

static void
setup_close(struct setup *s)
{
    driver_ask_free(s->ask);
    world_close(&s->w);
    link_address_clear(&s->address);
    test_folder_remove(s->folder);
}

static int
client(struct setup *s)
{
    const int fd = link_connect(&s->address, g_get_monotonic_time() + PATIENCE, NULL);

    ck_assert(fd >= 0);
    return fd;
}

static void
send_hex(struct setup *s, int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    ck_assert(io_write_until(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                             g_get_monotonic_time() + PATIENCE, NULL));
    settle(&s->w);
}

/* All that comes, and then the end. */
static void
gets(struct setup *s, int fd, const char *hex)
{
    g_autoptr(GBytes) wanted = test_bytes(hex);
    guint8 got[64] = { 0 };
    gsize len = g_bytes_get_size(wanted);
    ssize_t n;

    settle(&s->w);
    ck_assert(len == 0 || io_read_until(fd, got, len, g_get_monotonic_time() + PATIENCE, NULL));
    ck_assert_msg(len == 0 || memcmp(got, g_bytes_get_data(wanted, NULL), len) == 0, "not %s", hex);
    /* An end, or a reset where it had not read all; at once, as all is in this thread. */
    n = recv(fd, got, 1, MSG_DONTWAIT);
    ck_assert(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

#define FOUR "0004 01020304"
#define HEARD "c0c0 0000000e 00000006 01020304"

static const struct {
    const char *what;
    const char *first, *then;        /* NULL: it says no more */
    const char *heard;               /* NULL: nothing, and the client is sent away */
} requests[] = {
    { "the least", FOUR, NULL, HEARD },
    { "the most", "0008 0102030405060708", NULL, "c0c0 00000012 00000006 0102030405060708" },
    { "in pieces", "00", "04 01020304", HEARD },
    { "in other pieces", "0004 010203", "04", HEARD },
    { "less", "0003 010203", NULL, NULL },
    { "more", "0009 010203040506070809", NULL, NULL },
    { "nothing", "0000", NULL, NULL },
    { "far more", "ffff", NULL, NULL },
    { "more than it said", "0004 0102030405", NULL, NULL },
    { "half, and the end", "0004 0102", "", NULL },
    { "half a length, and the end", "00", "", NULL },
};

START_TEST(a_request_has_its_size)
{
    struct setup s;
    int fd;

    setup_open(&s, COCO_EVIDENCE, 4, 8);
    fd = client(&s);
    send_hex(&s, fd, requests[_i].first);
    if (requests[_i].then) {
        heard_nothing(&s.w);
        send_hex(&s, fd, requests[_i].then);
        if (*requests[_i].then == '\0')
            ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    }
    if (requests[_i].heard) {
        heard(&s.w, requests[_i].heard);
        say(&s.w, "c0c1 0000000d 00000000 0a0b0c");
        gets(&s, fd, "00000000 00000003 0a0b0c");
    } else {
        heard_nothing(&s.w);
        gets(&s, fd, "");
    }
    ck_assert_uint_eq(s.answered, requests[_i].heard ? 1 : 0);
    /* The next one has its turn. */
    fd = client(&s);
    send_hex(&s, fd, FOUR);
    heard(&s.w, HEARD);
    say(&s.w, "c0c1 0000000c 00000003 0000");
    gets(&s, fd, "00000003 00000002 0000");
    ck_assert_int_eq(s.status, COCO_WRONG_STATE);
    setup_close(&s);
}
END_TEST

START_TEST(one_client_at_a_time)
{
    struct setup s;
    int first, second;

    setup_open(&s, COCO_EVIDENCE, 4, 8);
    first = client(&s);
    send_hex(&s, first, FOUR);
    second = client(&s);
    send_hex(&s, second, "0005 0102030405");
    heard(&s.w, HEARD);
    heard_nothing(&s.w);
    /* It leaves: its answer goes nowhere, and is not the next one's. */
    close(first);
    settle(&s.w);
    heard_nothing(&s.w);
    say(&s.w, "c0c1 0000000b 00000000 0a");
    ck_assert_uint_eq(s.answered, 1);
    heard(&s.w, "c0c0 0000000f 00000006 0102030405");
    say(&s.w, "c0c1 0000000b 00000000 0b");
    gets(&s, second, "00000000 00000001 0b");
    setup_close(&s);
}
END_TEST

/* ---- who asks ---- */

struct asking {
    const char *file, *socket;
    guint8 uuid[16];
    gboolean good;
    GError *error;
};

static gpointer
ask_run(gpointer data)
{
    struct asking *a = data;

    a->good = driver_check_run(a->file, a->socket, a->uuid, g_get_monotonic_time() + PATIENCE,
                               &a->error);
    return NULL;
}

static void
receipt_put(const char *path)
{
    struct receipt r = { .epoch = 1, .generation = 2 }, other;

    memset(r.uuid, 3, sizeof(r.uuid));
    ck_assert(receipt_file_replace(path, NULL, &r, &other, NULL));
}

static const struct {
    const char *what, *answer;       /* NULL: the instance has no receipt there */
    gboolean good;
} checks[] = {
    { "it holds", "c0c1 0000000a 00000000", TRUE },
    { "it is stale", "c0c1 0000000c 00000005 0000", FALSE },
    { "busy", "c0c1 0000000c 00000007 0000", FALSE },
    { "another instance's", NULL, FALSE },
};

START_TEST(a_receipt_holds_where_the_cocotpm_says_so)
{
    struct setup s;
    g_autofree char *file = NULL;
    struct asking a = { .uuid = { 0 } };
    GThread *thread;
    guint8 got[COCO_MESSAGE_MAX];
    gsize len = 0;

    setup_open(&s, COCO_CHECK_RECEIPT, RECEIPT_SIZE, RECEIPT_SIZE);
    file = g_build_filename(s.folder, "receipts", NULL);
    receipt_put(file);
    memset(a.uuid, checks[_i].answer ? 3 : 4, sizeof(a.uuid));
    a.file = file;
    a.socket = s.address.path;
    thread = g_thread_new("asks", ask_run, &a);
    while (checks[_i].answer && tls_receive(s.w.p.server, got, sizeof(got), &len, NULL) == TLS_AGAIN)
        settle(&s.w);
    if (checks[_i].answer) {
        ck_assert_uint_eq(len, MESSAGE_HEADER + RECEIPT_SIZE);
        ck_assert_uint_eq(got[MESSAGE_HEADER], 3);
        say(&s.w, checks[_i].answer);
    }
    g_thread_join(thread);
    ck_assert_msg(a.good == checks[_i].good, "%s", checks[_i].what);
    ck_assert(a.good || g_error_matches(a.error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert_uint_eq(s.answered, checks[_i].answer ? 1 : 0);
    g_clear_error(&a.error);
    setup_close(&s);
}
END_TEST

/* A driver that says nothing, or half a status, has not said that it holds. */
START_TEST(who_gets_no_status_knows_nothing)
{
    static const guint8 ok[8] = { 0 };
    g_autofree char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "receipts", NULL);
    struct link_address address = { .kind = LINK_UNIX, .fd = -1 };
    struct asking a = { .file = file };
    g_autoptr(GThread) thread = NULL;
    guint8 asked[2 + RECEIPT_SIZE];
    int listener, fd;

    address.path = g_build_filename(folder, "ask", NULL);
    receipt_put(file);
    memset(a.uuid, 3, sizeof(a.uuid));
    a.socket = address.path;
    /* Nobody is there. */
    ask_run(&a);
    ck_assert(!a.good);
    g_clear_error(&a.error);
    listener = link_listen(&address, NULL);
    ck_assert(listener >= 0 && io_set_nonblocking(listener, FALSE, NULL));
    thread = g_thread_new("asks", ask_run, &a);
    fd = accept(listener, NULL, NULL);
    ck_assert(fd >= 0);
    ck_assert(io_read_until(fd, asked, sizeof(asked), g_get_monotonic_time() + PATIENCE, NULL));
    ck_assert_int_eq(write(fd, ok, (gsize)_i), _i);
    close(fd);
    g_thread_join(g_steal_pointer(&thread));
    ck_assert(a.good == (_i == sizeof(ok)));
    g_clear_error(&a.error);
    close(listener);
    link_address_clear(&address);
    test_folder_remove(g_steal_pointer(&folder));
}
END_TEST

Suite *ask_suite(void);

Suite *
ask_suite(void)
{
    Suite *s = suite_create("driver ask");
    TCase *t = tcase_create("driver ask");

    tcase_add_loop_test(t, a_request_has_its_size, 0, G_N_ELEMENTS(requests));
    tcase_add_test(t, one_client_at_a_time);
    tcase_add_loop_test(t, a_receipt_holds_where_the_cocotpm_says_so, 0, G_N_ELEMENTS(checks));
    tcase_add_loop_test(t, who_gets_no_status_knows_nothing, 0, 9);
    suite_add_tcase(s, t);
    return s;
}
