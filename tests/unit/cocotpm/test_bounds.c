/* SPDX-License-Identifier: BSD-3-Clause */
/* bounds - the relay behind QEMU where one of its peers says too much, too little or too late. */
#include "config.h"

#include "qemu.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An answer of the CoCoTPM that no device could carry: in pieces, none above the granted size. */
START_TEST(answers_are_clamped)
{
    static const struct { const char *size; gsize granted; gsize record; } cases[] = {
        { "00001000", 4096, 4097 }, { "00001000", 4096, 6000 }, { "00000f80", 3968, 4097 },
        { "00000f80", 3968, 6000 }, { "00000001", 2808, 6000 }, { "00000f80", 3968, 3959 },
    };
    g_autofree char *frame_max = g_strdup_printf("%08zx", cases[_i].granted);
    g_autofree guint8 *record = g_malloc0(cases[_i].record);
    g_autofree guint8 *got = g_malloc0(cases[_i].record);
    gsize len = 0;
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, cases[_i].size);
    qemu_open_tunnel(&s, frame_max);
    for (gsize i = 0; i < cases[_i].record; i++)
        record[i] = (guint8)(i * 7);
    tunnel_record_header(cases[_i].record - TUNNEL_RECORD_HEADER, record);
    qemu_say(s.data, "8001 0000000b 2000c0c1 01");
    ck_assert(io_write_until(s.link, record, cases[_i].record, qemu_patience(), NULL));

    while (len < cases[_i].record) {
        guint8 frame[TUNNEL_FRAME_MAX];
        gsize size;

        qemu_take(s.data, frame, TUNNEL_HEADER);
        size = (gsize)frame[2] << 24 | frame[3] << 16 | frame[4] << 8 | frame[5];
        ck_assert_msg(size <= cases[_i].granted, "%zu bytes into %zu", size, cases[_i].granted);
        qemu_take(s.data, frame + TUNNEL_HEADER, size - TUNNEL_HEADER);
        /* A record that fits loses its header. */
        if (frame[6] == 0x20) {
            tunnel_record_header(size - TUNNEL_HEADER, got);
            len += TUNNEL_RECORD_HEADER;
        }
        ck_assert_uint_le(len + size - TUNNEL_HEADER, cases[_i].record);
        memcpy(got + len, frame + TUNNEL_HEADER, size - TUNNEL_HEADER);
        len += size - TUNNEL_HEADER;
        if (len < cases[_i].record)
            qemu_say(s.data, "8001 0000000a 2000c0c2");
    }
    ck_assert_mem_eq(got, record, len);
    qemu_close(&s);
}
END_TEST

/* As much of a record as the device takes goes to the guest before the rest is there. */
START_TEST(a_full_answer_is_not_kept_back)
{
    const guint8 start[TUNNEL_FRAME_MAX] = { 0x17, 0x03, 0x03, 0x20, 0x00 };
    guint8 frame[TUNNEL_FRAME_MAX];
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    qemu_open_tunnel(&s, "00001000");
    qemu_say(s.data, "8001 0000000b 2000c0c1 01");
    ck_assert(io_write_until(s.link, start, sizeof(start), qemu_patience(), NULL));
    qemu_expect_at_once(s.data, "8001 00001000 00000000");
    qemu_take(s.data, frame, sizeof(frame) - TUNNEL_HEADER);
    qemu_close(&s);
}
END_TEST

/* The relay has the OPEN, and the time in which answers are due is over; it has no link yet. */
static void
opening(struct qemu *s)
{
    g_autoptr(GBytes) open = test_bytes("8001 0000000e 2000c0c3 00000001");

    qemu_open(s);
    qemu_power_on(s, "00001000");
    ck_assert(io_write_until(s->data, g_bytes_get_data(open, NULL), g_bytes_get_size(open),
                             qemu_patience(), NULL));
    /* The frame is read, and then looked at; what the connecting thread says comes after that. */
    g_main_context_iteration(NULL, TRUE);
    g_main_context_iteration(NULL, TRUE);
    g_usleep(2 * RELAY_TUNNEL_WAIT_MS * 1000);
}

/* However long that takes: answers are due after a while, the one to OPEN is not. */
START_TEST(an_opening_waits_for_its_connection)
{
    struct qemu s;

    opening(&s);
    /* A cancellation does not hurry it either. */
    ck_assert_int_eq(write(s.control, "\0\0\0\x09", 4), 4);
    qemu_accept_link(&s);
    qemu_expect(s.control, "00000000");
    qemu_expect(s.data, "8001 00000012 00000000 00000001 00001000");
    qemu_close(&s);
}
END_TEST

/* A connection that is made when its VM is gone serves nobody. */
START_TEST(a_late_connection_is_closed)
{
    struct qemu s;

    opening(&s);
    ck_assert_int_eq(write(s.control, "\0\0\0\x0e", 4), 4);
    qemu_expect(s.control, "00000000");
    qemu_expect(s.data, "8001 0000000a 2000c0cf");
    qemu_accept_link(&s);
    qemu_expect_end(s.link);
    qemu_close(&s);
}
END_TEST

/* Neither side of the host's buffers grows without a bound: a CoCoTPM that does not read loses the
 * stream, one that says much is not read on until the guest has taken it. */
/* One full frame of @fill; TRUE: the relay's answer is that the stream goes on. */
static gboolean
send_full_frame(struct qemu *s, guint8 fill)
{
    guint8 frame[TUNNEL_FRAME_MAX], answer[TUNNEL_HEADER];
    struct builder out = builder_on(frame, TUNNEL_HEADER);

    memset(frame, fill, sizeof(frame));
    builder_be16(&out, 0x8001);
    builder_be32(&out, sizeof(frame));
    builder_be32(&out, TUNNEL_DATA);
    ck_assert(io_write_until(s->data, frame, sizeof(frame), qemu_patience(), NULL));
    qemu_settle();
    qemu_say(s->control, "00000009");
    qemu_expect(s->control, "00000000");
    qemu_take(s->data, answer, sizeof(answer));
    return answer[9] != (TUNNEL_ENDED & 0xff);
}

START_TEST(a_cocotpm_that_does_not_read_loses_the_stream)
{
    const gsize len = TUNNEL_FRAME_MAX - TUNNEL_HEADER;
    guint count = 0;
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    qemu_open_tunnel(&s, "00001000");
    while (send_full_frame(&s, 0))
        ck_assert_msg(count++ < 1000, "no bound");
    ck_assert_uint_gt(count, 16);
    /* One that reads in time, when most of that waits here, gets all of it. */
    qemu_open_tunnel(&s, "00001000");
    for (guint i = 0; i < count - 4; i++)
        ck_assert(send_full_frame(&s, (guint8)i));
    for (guint i = 0; i < count - 4; i++) {
        guint8 got[TUNNEL_FRAME_MAX], sent[TUNNEL_FRAME_MAX];

        memset(sent, (guint8)i, len);
        qemu_take(s.link, got, len);
        ck_assert_mem_eq(got, sent, len);
    }
    qemu_close(&s);
}
END_TEST

START_TEST(a_cocotpm_that_says_much_is_heard_in_time)
{
    const gsize total = 600000;
    const int room = 65536;
    g_autofree guint8 *bytes = g_malloc0(total);
    gsize sent = 0, got = 0;
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    qemu_open_tunnel(&s, "00001000");
    ck_assert_int_eq(setsockopt(s.link, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    for (gsize i = 0; i < total; i++)
        bytes[i] = (guint8)(i * 37 >> 3);
    while (got < total) {
        guint8 frame[TUNNEL_FRAME_MAX];
        gsize len;
        ssize_t n;

        while ((n = send(s.link, bytes + sent, total - sent, MSG_DONTWAIT)) > 0) {
            sent += (gsize)n;
            qemu_settle();
        }
        ck_assert_msg(got > 0 || sent < total, "all of it is kept");
        qemu_say(s.data, "8001 0000000a 2000c0c2");
        qemu_take(s.data, frame, TUNNEL_HEADER);
        len = ((gsize)frame[4] << 8 | frame[5]) - TUNNEL_HEADER;
        qemu_take(s.data, frame, len);
        ck_assert_mem_eq(frame, bytes + got, len);
        got += len;
    }
    qemu_close(&s);
}
END_TEST

/* Commands that have no size, and requests that are none, end their channel. */
START_TEST(what_cannot_be_framed_ends_the_channel)
{
    static const char *const sizes[] = { "8001 00000009 00000144", "8001 00001001 00000144",
                                         "8001 ffffffff 00000144" };
    struct qemu s;

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        qemu_open(&s);
        qemu_power_on(&s, "00001000");
        qemu_say(s.data, sizes[i]);
        qemu_expect_end(s.data);
        qemu_close(&s);
    }
    qemu_open(&s);
    qemu_say(s.control, "000000");
    qemu_expect_end(s.control);
    qemu_close(&s);
}
END_TEST

/* What a data channel has left half said is not the next one's. */
START_TEST(a_new_data_channel_begins_anew)
{
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    qemu_say(s.data, "8001 0000000c 00000144");
    io_close(&s.data);
    qemu_settle();
    qemu_send_data_fd(&s);
    qemu_say(s.data, "8001 0000000c 0000017b 0010");
    qemu_expect(s.data, "8001 0000000a 00000143");
    qemu_close(&s);
}
END_TEST

/* A second one is refused, and the first goes on. */
START_TEST(there_is_one_data_channel)
{
    const guint8 command[] = { 0, 0, 0, 0x10 };
    struct qemu s;
    int pair[2];

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert(io_send_fd(s.control, command, sizeof(command), pair[1], NULL));
    qemu_expect(s.control, "0000001f");
    close(pair[1]);
    qemu_expect_end(pair[0]);
    qemu_say(s.data, "8001 0000000c 00000144 0000");
    qemu_expect(s.data, "8001 0000000a 00000000");
    close(pair[0]);
    qemu_close(&s);
}
END_TEST

Suite *bounds_suite(void);

Suite *
bounds_suite(void)
{
    Suite *s = suite_create("relay bounds");
    TCase *t = tcase_create("bounds");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, answers_are_clamped, 0, 6);
    tcase_add_test(t, a_full_answer_is_not_kept_back);
    tcase_add_test(t, an_opening_waits_for_its_connection);
    tcase_add_test(t, a_late_connection_is_closed);
    tcase_add_test(t, a_cocotpm_that_does_not_read_loses_the_stream);
    tcase_add_test(t, a_cocotpm_that_says_much_is_heard_in_time);
    tcase_add_test(t, what_cannot_be_framed_ends_the_channel);
    tcase_add_test(t, a_new_data_channel_begins_anew);
    tcase_add_test(t, there_is_one_data_channel);
    suite_add_tcase(s, t);
    return s;
}
