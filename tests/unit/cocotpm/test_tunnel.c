/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both ends of the in-band tunnel, with a socket pair where QEMU's device would
 * be: what goes in at the guest comes out at the CoCoTPM's listener, and back.
 */
#include "config.h"

#include "cocotransport/link/tunnel.h"

#include "base/io.h"
#include "cocotpm/relay_control.h"
#include "cocotpm/relay_tunnel.h"
#include "cocotransport/wire/tunnel.h"

#include "suites.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (60 * G_USEC_PER_SEC)

struct setup {
    char *folder;
    struct link_address control_address, to;
    RelayControl *relay;
    int control, listener;
    TunnelDevice *device;
    Stream *guest;                   /* the two ends of the stream */
    int cocotpm;
    GError *error;
    GThread *host;                   /* the relay's main loop; an exchange waits for it */
    gint host_ends;
};

static void
vm_event(gpointer data)
{
    (void)data;
}

static const struct relay_control_events events = { vm_event, vm_event };

static gint64
patience(void)
{
    return g_get_monotonic_time() + PATIENCE;
}

static void
until(gboolean (*done)(struct setup *s), struct setup *s)
{
    gint64 end = patience();

    while (!done(s)) {
        ck_assert_msg(g_get_monotonic_time() < end, "nothing happens any more");
        g_usleep(50);
    }
}

static gpointer
host_run(gpointer data)
{
    struct setup *s = data;

    while (!g_atomic_int_get(&s->host_ends))
        g_main_context_iteration(NULL, TRUE);
    return NULL;
}

static void
host_end(struct setup *s)
{
    g_atomic_int_set(&s->host_ends, TRUE);
    g_main_context_wakeup(NULL);
    g_thread_join(s->host);
}

static gboolean
control_answered(struct setup *s)
{
    char answer[16];

    return recv(s->control, answer, sizeof(answer), MSG_DONTWAIT) > 0;
}

static void
control(struct setup *s, const char *hex, int fd)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    ck_assert(io_send_fd(s->control, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), fd,
                         NULL));
    until(control_answered, s);
}

static void
setup_open(struct setup *s, const char *size)
{
    g_autofree char *buffersize = g_strconcat("00000011", size, NULL);
    int pair[2];

    /* The device of a real guest is no socket. */
    signal(SIGPIPE, SIG_IGN);
    *s = (struct setup){ .folder = test_folder_new(), .cocotpm = -1 };
    s->control_address = (struct link_address){ .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    s->to = s->control_address;
    s->control_address.path = g_build_filename(s->folder, "ctrl", NULL);
    s->to.path = g_build_filename(s->folder, "coco", NULL);
    s->listener = link_listen(&s->to, NULL);
    s->relay = relay_control_new(link_listen(&s->control_address, NULL), &s->to, &events, s);
    s->control = link_connect(&s->control_address, patience(), NULL);
    ck_assert(s->listener >= 0 && s->control >= 0);
    s->host = g_thread_new("host", host_run, s);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    control(s, "00000010", pair[1]);
    control(s, buffersize, -1);
    control(s, "00000002 00000000", -1);
    close(pair[1]);
    s->device = tunnel_device_take(pair[0]);
}

static void
setup_close(struct setup *s)
{
    g_clear_pointer(&s->guest, stream_free);
    io_close(&s->cocotpm);
    tunnel_device_free(s->device);
    host_end(s);
    relay_control_free(s->relay);
    io_close(&s->control);
    io_close(&s->listener);
    link_address_clear(&s->control_address);
    link_address_clear(&s->to);
    test_folder_remove(s->folder);
}

static gboolean
cocotpm_there(struct setup *s)
{
    s->cocotpm = link_accept(s->listener, NULL);
    return s->cocotpm >= 0;
}

static void
open_tunnel(struct setup *s)
{
    s->guest = tunnel_connect(s->device, patience(), &s->error);
    if (s->guest)
        until(cocotpm_there, s);
}

struct flow {
    Stream *from, *to;
    gsize sent, got;
};

/* Moves what can be moved of @total bytes; TRUE when all have arrived. */
static gboolean
flow(struct flow *f, gsize total)
{
    guint8 chunk[3000];
    ssize_t n;

    while (f->sent < total) {
        gsize len = MIN(sizeof(chunk), total - f->sent);

        for (gsize i = 0; i < len; i++)
            chunk[i] = (guint8)((f->sent + i) * 37 >> 2);
        n = stream_send(f->from, chunk, len);
        if (n <= 0)
            break;
        f->sent += (gsize)n;
    }
    while ((n = stream_recv(f->to, chunk, sizeof(chunk))) > 0) {
        for (gsize i = 0; i < (gsize)n; i++)
            ck_assert_msg(chunk[i] == (guint8)((f->got + i) * 37 >> 2), "byte %zu", f->got + i);
        f->got += (gsize)n;
    }
    return f->got == total;
}

START_TEST(bytes_pass_both_ways)
{
    static const char *const sizes[] = { "00001000", "00000f80", "00000af8" };
    const gsize total = 60000;
    g_autoptr(Stream) cocotpm = NULL;
    struct setup s;
    struct flow out, back;
    gint64 end;

    setup_open(&s, sizes[_i]);
    open_tunnel(&s);
    ck_assert_msg(s.guest != NULL, "%s", s.error ? s.error->message : "");
    cocotpm = stream_new(s.cocotpm);
    s.cocotpm = -1;
    out = (struct flow){ .from = s.guest, .to = cocotpm };
    back = (struct flow){ .from = cocotpm, .to = s.guest };
    end = patience();
    while (!(flow(&out, total) & flow(&back, total))) {
        ck_assert_msg(g_get_monotonic_time() < end, "%zu of it there, %zu back", out.got, back.got);
        /* Whoever never waits keeps the stream's own thread from its lock. */
        g_usleep(100);
    }
    setup_close(&s);
}
END_TEST

static gboolean
guest_ended(struct setup *s)
{
    char byte;

    return stream_recv(s->guest, &byte, 1) == 0;
}

static gboolean
cocotpm_ended(struct setup *s)
{
    char byte;

    return recv(s->cocotpm, &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(an_end_is_seen_at_the_other_side)
{
    struct setup s;

    setup_open(&s, "00001000");
    open_tunnel(&s);
    io_close(&s.cocotpm);
    until(guest_ended, &s);
    setup_close(&s);

    setup_open(&s, "00001000");
    open_tunnel(&s);
    g_clear_pointer(&s.guest, stream_free);
    until(cocotpm_ended, &s);
    setup_close(&s);
}
END_TEST

/* The device is the driver's for good: the second stream finds it where the first one left it. */
START_TEST(a_second_stream_takes_the_device)
{
    struct setup s;

    setup_open(&s, "00001000");
    open_tunnel(&s);
    ck_assert(s.guest != NULL);
    g_clear_pointer(&s.guest, stream_free);
    io_close(&s.cocotpm);
    open_tunnel(&s);
    ck_assert_msg(s.guest != NULL, "%s", s.error ? s.error->message : "");
    setup_close(&s);
}
END_TEST

/* One that is not ended keeps the device. */
START_TEST(two_streams_at_once_are_refused)
{
    g_autoptr(GError) error = NULL;
    struct setup s;

    setup_open(&s, "00001000");
    open_tunnel(&s);
    ck_assert(s.guest != NULL);
    ck_assert(tunnel_connect(s.device, g_get_monotonic_time() + 1000, &error) == NULL);
    ck_assert(error != NULL);
    setup_close(&s);
}
END_TEST

START_TEST(nobody_behind_the_relay_is_an_error)
{
    struct setup s;

    setup_open(&s, "00001000");
    io_close(&s.listener);
    open_tunnel(&s);
    ck_assert(s.guest == NULL);
    ck_assert(s.error != NULL);
    g_clear_error(&s.error);
    setup_close(&s);
}
END_TEST

/* The CoCoTPM's side: one record for one record, after @delay. */
struct answerer {
    int fd;
    gulong delay_us;
};

static const guint8 record[] = { 0x17, 0x03, 0x03, 0x00, 0x02, 0xaa, 0x55 };

static gpointer
answer_one(gpointer data)
{
    const struct answerer *a = data;
    guint8 got[sizeof(record)];

    io_read_until(a->fd, got, sizeof(got), patience(), NULL);
    g_usleep(a->delay_us);
    io_write_full(a->fd, record, sizeof(record), NULL);
    return NULL;
}

static gboolean
readable_within(struct setup *s, int ms)
{
    struct pollfd p = { .fd = stream_poll_fd(s->guest), .events = POLLIN };

    return poll(&p, 1, ms) == 1;
}

static void
receive_record(struct setup *s)
{
    guint8 got[sizeof(record) + 1];

    ck_assert_int_eq(stream_recv(s->guest, got, sizeof(got)), sizeof(record));
    ck_assert_mem_eq(got, record, sizeof(record));
    ck_assert_int_eq(stream_recv(s->guest, got, sizeof(got)), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert(!stream_pending(s->guest) && !readable_within(s, 0));
}

static GThread *
send_record(struct setup *s, struct answerer *a)
{
    GThread *thread;

    setup_open(s, "00001000");
    open_tunnel(s);
    ck_assert(s->guest != NULL && !readable_within(s, 0));
    a->fd = s->cocotpm;
    thread = g_thread_new("answerer", answer_one, a);
    ck_assert_int_eq(stream_send(s->guest, record, sizeof(record)), sizeof(record));
    return thread;
}

/* An answer that comes within the relay's wait came with the sender's own exchange: it is there
 * without a wait. On a starved machine it may be late, and is another test's. */
START_TEST(an_answer_comes_with_what_was_sent)
{
    gboolean there = FALSE;

    for (int tries = 0; tries < 20 && !there; tries++) {
        struct answerer a = { .delay_us = 0 };
        struct setup s;
        GThread *thread = send_record(&s, &a);

        there = stream_pending(s.guest);
        ck_assert(readable_within(&s, 60000));
        receive_record(&s);
        g_thread_join(thread);
        setup_close(&s);
    }
    ck_assert(there);
}
END_TEST

START_TEST(a_late_answer_shows_on_the_descriptor)
{
    struct answerer a = { .delay_us = 3 * RELAY_TUNNEL_WAIT_MS * 1000 };
    struct setup s;
    GThread *thread = send_record(&s, &a);

    ck_assert(readable_within(&s, 60000));
    receive_record(&s);
    g_thread_join(thread);
    setup_close(&s);
}
END_TEST

START_TEST(more_than_the_stream_holds_is_not_taken)
{
    const gsize len = 65537;
    g_autofree guint8 *much = g_malloc0(len);
    struct setup s;

    setup_open(&s, "00001000");
    open_tunnel(&s);
    ck_assert_int_eq(stream_send(s.guest, much, len), -1);
    ck_assert_int_eq(errno, ENOBUFS);
    io_close(&s.cocotpm);
    until(guest_ended, &s);
    ck_assert_int_eq(stream_send(s.guest, much, 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    setup_close(&s);
}
END_TEST

Suite *tunnel_suite(void);

Suite *
tunnel_suite(void)
{
    Suite *s = suite_create("tunnel");
    TCase *t = tcase_create("tunnel");

    tcase_set_timeout(t, 180);
    tcase_add_loop_test(t, bytes_pass_both_ways, 0, 3);
    tcase_add_test(t, an_end_is_seen_at_the_other_side);
    tcase_add_test(t, a_second_stream_takes_the_device);
    tcase_add_test(t, two_streams_at_once_are_refused);
    tcase_add_test(t, an_answer_comes_with_what_was_sent);
    tcase_add_test(t, a_late_answer_shows_on_the_descriptor);
    tcase_add_test(t, more_than_the_stream_holds_is_not_taken);
    tcase_add_test(t, nobody_behind_the_relay_is_an_error);
    suite_add_tcase(s, t);
    return s;
}
