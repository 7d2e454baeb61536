/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's end of the tunnel on devices that are none, lag behind, or answer
 * with what is no frame.
 */
#include "config.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/link/tunnel.h"
#include "cocotransport/wire/tunnel.h"

#include "suites.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static gint64
patience(void)
{
    return g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
}

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
    ck_assert_msg(tunnel_connect(device, patience(), &error) == NULL, "%s", opening_cases[_i].what);
    ck_assert(error != NULL);
    close(pair[1]);
}
END_TEST

/* A device whose answers lag behind, and the number of the stream that it was asked for. */
struct device {
    int fd;
    guint stale;                     /* answers to OPEN that are not its own */
    guint32 number;
    gsize longest;                   /* of the frames after it */
    gint got;                        /* of their bytes */
    gboolean closed;                 /* the stream, by its user */
};

#define DEVICE_FRAME_MAX 1024

static gboolean
device_read(struct device *d, guint8 *frame, struct tunnel_frame *ret)
{
    const ssize_t n = read(d->fd, frame, TUNNEL_FRAME_MAX);

    return n > 0 && tunnel_request_parse(frame, (gsize)n, ret, NULL);
}

static gpointer
device_run(gpointer data)
{
    static const guint8 nothing[] = { 0x80, 1, 0, 0, 0, TUNNEL_HEADER, 0, 0, 0, 0 };
    struct device *d = data;
    guint8 frame[TUNNEL_FRAME_MAX], memory[64];
    struct builder out = builder_on(memory, sizeof(memory));
    struct tunnel_frame f = { 0 };
    guint asked = 0;

    /* Whatever comes first is of an exchange before. */
    (void)(device_read(d, frame, &f) && write(d->fd, "junk", 4));
    while (device_read(d, frame, &f)) {
        if (f.code == TUNNEL_OPEN) {
            struct cursor in = cursor_from(f.payload, f.len);

            d->number = cursor_be32(&in);
            builder_be16(&out, 0x8001);
            builder_be32(&out, TUNNEL_HEADER + 8);
            builder_be32(&out, TUNNEL_OK);
            builder_be32(&out, d->number);
            builder_be32(&out, DEVICE_FRAME_MAX);
        }
        d->closed = f.code == TUNNEL_CLOSE;
        if (f.code == TUNNEL_DATA) {
            d->longest = MAX(d->longest, TUNNEL_HEADER + f.len);
            g_atomic_int_add(&d->got, (gint)f.len);
        }
        if (write(d->fd, asked == d->stale ? memory : nothing,
                  asked == d->stale ? builder_len(&out) : sizeof(nothing)) < 0)
            break;
        asked++;
    }
    return NULL;
}

static const struct {
    guint stale;
    gboolean good;
} lags[] = { { 0, TRUE }, { 1, TRUE }, { 15, TRUE }, { 16, FALSE } };

/* The answer to an opening is found behind older ones, but not however late; and no frame is longer
 * than it says. */
START_TEST(a_device_that_lags_is_caught_up_with)
{
    guint32 numbers[2] = { 0, 0 };

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(TunnelDevice) device = NULL;
        g_autofree guint8 *bytes = g_malloc0(4000);
        struct device d = { .stale = lags[_i].stale };
        int pair[2];
        GThread *thread;
        Stream *stream;
        gint64 end = patience();

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        d.fd = pair[1];
        device = tunnel_device_take(pair[0]);
        thread = g_thread_new("device", device_run, &d);
        stream = tunnel_connect(device, patience(), NULL);
        ck_assert((stream != NULL) == lags[_i].good);
        if (stream != NULL)
            ck_assert_int_eq(stream_send(stream, bytes, 4000), 4000);
        while (stream != NULL && g_atomic_int_get(&d.got) < 4000 &&
               g_get_monotonic_time() < end)
            g_usleep(100);
        shutdown(pair[1], SHUT_RDWR);
        g_thread_join(thread);
        stream_free(stream);
        close(pair[1]);
        numbers[i] = d.number;
        ck_assert_uint_eq(d.longest, lags[_i].good ? DEVICE_FRAME_MAX : 0);
    }
    ck_assert_uint_ne(numbers[0], numbers[1]);
}
END_TEST

/* Without room for a thread it is an error like any other, which may pass, and the stream is over. */
START_TEST(no_room_for_its_thread_is_an_error)
{
    g_autoptr(TunnelDevice) device = NULL;
    g_autoptr(GError) error = NULL;
    struct device d = { .stale = 0 };
    int pair[2];
    GThread *thread;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    d.fd = pair[1];
    device = tunnel_device_take(pair[0]);
    thread = g_thread_new("device", device_run, &d);
    test_no_more_threads();
    ck_assert(tunnel_connect(device, patience(), &error) == NULL);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    shutdown(pair[1], SHUT_RDWR);
    g_thread_join(thread);
    close(pair[1]);
    ck_assert(d.closed);
}
END_TEST

/* Opens as it should; its answer to the first bytes is none, and later ones would be good. */
static const char *const no_answers[] = {
    "8001 0000", "8002 0000000b 00000000 aa", "8001 0000000c 00000000 aa",
    "8001 0000000a 00000000 aa", "8001 0000000b 00000101 aa", "8001 0000000b 2000c0cf aa",
};

static gpointer
bad_device_run(gpointer data)
{
    struct device *d = data;
    g_autoptr(GBytes) bad = test_bytes(no_answers[d->stale]);
    g_autoptr(GBytes) good = test_bytes("8001 0000000b 00000000 aa");
    guint8 frame[TUNNEL_FRAME_MAX], memory[64];
    struct builder out = builder_on(memory, sizeof(memory));
    struct tunnel_frame f = { 0 };
    GBytes *answer = bad;

    (void)(device_read(d, frame, &f) && write(d->fd, "junk", 4));
    (void)device_read(d, frame, &f);
    builder_be16(&out, 0x8001);
    builder_be32(&out, TUNNEL_HEADER + 8);
    builder_be32(&out, TUNNEL_OK);
    builder_bytes(&out, f.payload, 4);
    builder_be32(&out, DEVICE_FRAME_MAX);
    (void)!write(d->fd, memory, builder_len(&out));
    while (device_read(d, frame, &f)) {
        if (f.code != TUNNEL_POLL || answer == good) {
            (void)!write(d->fd, g_bytes_get_data(answer, NULL), g_bytes_get_size(answer));
            answer = good;
        } else {
            (void)!write(d->fd, "\x80\x01\0\0\0\x0a\0\0\0", 10);
        }
    }
    return NULL;
}

/* Where one answer is none, nothing tells what the next ones belong to. */
START_TEST(an_answer_that_is_none_ends_the_stream)
{
    g_autoptr(TunnelDevice) device = NULL;
    struct device d = { .stale = (guint)_i };
    struct pollfd p = { .events = POLLIN };
    guint8 got[16];
    int pair[2];
    GThread *thread;
    Stream *stream;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    d.fd = pair[1];
    device = tunnel_device_take(pair[0]);
    thread = g_thread_new("device", bad_device_run, &d);
    stream = tunnel_connect(device, patience(), NULL);
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(stream_send(stream, "four", 4), 4);
    p.fd = stream_poll_fd(stream);
    ck_assert_int_eq(poll(&p, 1, 60000), 1);
    ck_assert_msg(stream_recv(stream, got, sizeof(got)) == 0, "after %s", no_answers[_i]);
    ck_assert_int_eq(stream_send(stream, "more", 4), -1);
    ck_assert_int_eq(errno, EPIPE);
    shutdown(pair[1], SHUT_RDWR);
    g_thread_join(thread);
    stream_free(stream);
    close(pair[1]);
}
END_TEST

Suite *device_suite(void);

Suite *
device_suite(void)
{
    Suite *s = suite_create("tunnel device");
    TCase *t = tcase_create("tunnel device");

    tcase_set_timeout(t, 180);
    tcase_add_loop_test(t, a_device_that_lags_is_caught_up_with, 0, G_N_ELEMENTS(lags));
    tcase_add_test(t, no_room_for_its_thread_is_an_error);
    tcase_add_loop_test(t, an_answer_that_is_none_ends_the_stream, 0, G_N_ELEMENTS(no_answers));
    tcase_add_loop_test(t, a_foreign_device_is_refused, 0, G_N_ELEMENTS(opening_cases));
    suite_add_tcase(s, t);
    return s;
}
