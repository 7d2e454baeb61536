/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both ends of the in-band tunnel, with a socket pair where QEMU's device would
 * be: what goes in at the guest comes out at the CoCoTPM's listener, and back.
 */
#include "config.h"

#include "cocotransport/link/tunnel.h"

#include "base/io.h"
#include "cocotpm/relay_control.h"

#include "suites.h"

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
    int guest, cocotpm;              /* the two ends of the stream */
    GError *error;
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

/* The relay runs in the main loop of this thread; what waits for it runs in another. */
static void
until(gboolean (*done)(struct setup *s), struct setup *s)
{
    gint64 end = patience();

    while (!done(s)) {
        g_main_context_iteration(NULL, FALSE);
        ck_assert_msg(g_get_monotonic_time() < end, "nothing happens any more");
        g_usleep(50);
    }
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
    *s = (struct setup){ .folder = test_folder_new(), .guest = -1, .cocotpm = -1 };
    s->control_address = (struct link_address){ .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    s->to = s->control_address;
    s->control_address.path = g_build_filename(s->folder, "ctrl", NULL);
    s->to.path = g_build_filename(s->folder, "coco", NULL);
    s->listener = link_listen(&s->to, NULL);
    s->relay = relay_control_new(link_listen(&s->control_address, NULL), &s->to, &events, s);
    s->control = link_connect(&s->control_address, patience(), NULL);
    ck_assert(s->listener >= 0 && s->control >= 0);
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
    io_close(&s->guest);
    io_close(&s->cocotpm);
    tunnel_device_free(s->device);
    relay_control_free(s->relay);
    io_close(&s->control);
    io_close(&s->listener);
    link_address_clear(&s->control_address);
    link_address_clear(&s->to);
    test_folder_remove(s->folder);
}

static gpointer
guest_start(gpointer data)
{
    struct setup *s = data;

    s->guest = tunnel_connect(s->device, patience(), &s->error);
    return NULL;
}

static gboolean
guest_started(struct setup *s)
{
    if (s->cocotpm < 0)
        s->cocotpm = link_accept(s->listener, NULL);
    return __atomic_load_n(&s->guest, __ATOMIC_SEQ_CST) >= 0
           || __atomic_load_n(&s->error, __ATOMIC_SEQ_CST) != NULL;
}

static void
open_tunnel(struct setup *s)
{
    GThread *thread = g_thread_new("guest", guest_start, s);

    until(guest_started, s);
    g_thread_join(thread);
}

struct flow {
    int from, to;
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
        n = send(f->from, chunk, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n <= 0)
            break;
        f->sent += (gsize)n;
    }
    while ((n = recv(f->to, chunk, sizeof(chunk), MSG_DONTWAIT)) > 0) {
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
    struct setup s;
    struct flow out, back;
    gint64 end;

    setup_open(&s, sizes[_i]);
    open_tunnel(&s);
    ck_assert_msg(s.guest >= 0 && s.cocotpm >= 0, "%s", s.error ? s.error->message : "");
    out = (struct flow){ .from = s.guest, .to = s.cocotpm };
    back = (struct flow){ .from = s.cocotpm, .to = s.guest };
    end = patience();
    while (!(flow(&out, total) & flow(&back, total))) {
        g_main_context_iteration(NULL, FALSE);
        ck_assert_msg(g_get_monotonic_time() < end, "%zu of it there, %zu back", out.got, back.got);
    }
    setup_close(&s);
}
END_TEST

static gboolean
guest_ended(struct setup *s)
{
    char byte;

    return recv(s->guest, &byte, 1, MSG_DONTWAIT) == 0;
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
    io_close(&s.guest);
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
    ck_assert(s.guest >= 0);
    io_close(&s.guest);
    io_close(&s.cocotpm);
    open_tunnel(&s);
    ck_assert_msg(s.guest >= 0 && s.cocotpm >= 0, "%s", s.error ? s.error->message : "");
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
    ck_assert(s.guest >= 0);
    ck_assert_int_eq(tunnel_connect(s.device, g_get_monotonic_time() + 1000, &error), -1);
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
    ck_assert_int_eq(s.guest, -1);
    ck_assert(s.error != NULL);
    g_clear_error(&s.error);
    setup_close(&s);
}
END_TEST

static const struct {
    const char *what;
    const char *answer;              /* to OPEN */
} opening_cases[] = {
    { "a TPM that knows no tunnel", "8001 0000000a 00000143" },
    { "another stream", "8001 00000012 00000000 00000000 00001000" },
    { "a frame above all", "8001 00000012 00000000 00000000 00001001" },
    { "stale bytes", "8001 0000000e 2000c0c3 00000001" },
    { "half an answer", "8001 0000" },
};

START_TEST(a_foreign_device_is_refused)
{
    g_autoptr(GBytes) bad = test_bytes(opening_cases[_i].answer);
    g_autoptr(GError) error = NULL;
    g_autoptr(TunnelDevice) device = NULL;
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    device = tunnel_device_take(pair[0]);
    /* The first exchange is thrown away, whatever it is. */
    ck_assert_int_eq(write(pair[1], "junk", 4), 4);
    ck_assert(io_write_full(pair[1], g_bytes_get_data(bad, NULL), g_bytes_get_size(bad), NULL));
    /* And after these no other ones come, which could be the right ones late. */
    ck_assert_int_eq(shutdown(pair[1], SHUT_WR), 0);
    ck_assert_msg(tunnel_connect(device, patience(), &error) == -1, "%s", opening_cases[_i].what);
    ck_assert(error != NULL);
    close(pair[1]);
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
    tcase_add_test(t, nobody_behind_the_relay_is_an_error);
    tcase_add_loop_test(t, a_foreign_device_is_refused, 0, G_N_ELEMENTS(opening_cases));
    suite_add_tcase(s, t);
    return s;
}
