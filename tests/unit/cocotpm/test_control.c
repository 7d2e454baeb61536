/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay in swtpm's place behind QEMU, and the host's end of the tunnel: this
 * test is QEMU on one side and the CoCoTPM's listener on the other.
 */
#include "config.h"

#include "cocotpm/relay_control.h"

#include "base/io.h"
#include "cocotpm/relay_tunnel.h"
#include "cocotransport/wire/tunnel.h"

#include "suites.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (30 * G_USEC_PER_SEC)

struct setup {
    char *folder;
    struct link_address control_address, to;
    RelayControl *relay;
    int control, data;               /* QEMU's ends */
    int listener, link;              /* the CoCoTPM's */
    guint gone, shutdown;
};

static void
vm_gone(gpointer data)
{
    ((struct setup *)data)->gone++;
}

static void
vm_shutdown(gpointer data)
{
    ((struct setup *)data)->shutdown++;
}

static const struct relay_control_events events = { vm_gone, vm_shutdown };

static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static gint64
patience(void)
{
    return g_get_monotonic_time() + PATIENCE;
}

static void
say(int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    ck_assert(io_write_until(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                             patience(), NULL));
    settle();
}

/* Reads as soon as the relay, which runs in this thread, has written. */
static void
take(int fd, void *buffer, gsize len)
{
    gint64 end = patience();
    gsize got = 0;

    while (got < len) {
        ssize_t n = recv(fd, (char *)buffer + got, len - got, MSG_DONTWAIT);

        ck_assert_msg(n != 0, "the relay has closed");
        got += n > 0 ? (gsize)n : 0;
        ck_assert_msg(g_get_monotonic_time() < end, "%zu of %zu bytes came", got, len);
        if (n < 0)
            g_main_context_iteration(NULL, FALSE);
    }
}

static void
expect_end(int fd)
{
    gint64 end = patience();
    char byte;

    while (recv(fd, &byte, 1, MSG_DONTWAIT) != 0) {
        ck_assert_msg(g_get_monotonic_time() < end, "no end");
        g_main_context_iteration(NULL, FALSE);
    }
}

static void
expect(int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);
    gsize len = g_bytes_get_size(bytes);
    g_autofree guint8 *got = g_malloc0(len + 1);

    take(fd, got, len);
    ck_assert_msg(memcmp(got, g_bytes_get_data(bytes, NULL), len) == 0, "not %s", hex);
}

/* The same of what nothing is waited for. */
static void
expect_at_once(int fd, const char *hex)
{
    char byte;

    settle();
    ck_assert_msg(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1, "not at once: %s", hex);
    expect(fd, hex);
}

static void
send_data_fd(struct setup *s)
{
    const guint8 command[] = { 0, 0, 0, 0x10 };
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert(io_send_fd(s->control, command, sizeof(command), pair[1], NULL));
    close(pair[1]);
    s->data = pair[0];
    expect(s->control, "00000000");
}

static void
setup_open(struct setup *s)
{
    *s = (struct setup){ .folder = test_folder_new(), .link = -1 };
    s->control_address = (struct link_address){ .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    s->to = s->control_address;
    s->control_address.path = g_build_filename(s->folder, "ctrl", NULL);
    s->to.path = g_build_filename(s->folder, "coco", NULL);
    s->listener = link_listen(&s->to, NULL);
    ck_assert(s->listener >= 0);
    s->relay = relay_control_new(link_listen(&s->control_address, NULL), &s->to, &events, s);
    s->control = link_connect(&s->control_address, patience(), NULL);
    ck_assert(s->control >= 0);
    send_data_fd(s);
}

static void
setup_close(struct setup *s)
{
    relay_control_free(s->relay);
    io_close(&s->control);
    io_close(&s->data);
    io_close(&s->listener);
    io_close(&s->link);
    link_address_clear(&s->control_address);
    link_address_clear(&s->to);
    test_folder_remove(s->folder);
}

/* As QEMU does at each power on. */
static void
power_on(struct setup *s, const char *size)
{
    g_autofree char *buffersize = g_strconcat("00000011", size, NULL);
    guint8 answer[16];

    say(s->control, "0000000e");
    expect(s->control, "00000000");
    say(s->control, buffersize);
    take(s->control, answer, sizeof(answer));
    say(s->control, "00000002 00000000");
    expect(s->control, "00000000");
}

static void
accept_link(struct setup *s)
{
    gint64 end = patience();

    io_close(&s->link);
    while (s->link < 0 && g_get_monotonic_time() < end) {
        s->link = link_accept(s->listener, NULL);
        g_main_context_iteration(NULL, FALSE);
    }
    ck_assert(s->link >= 0);
}

static void
open_tunnel(struct setup *s, const char *frame_max)
{
    g_autofree char *answer = g_strconcat("8001 00000012 00000000 00000001", frame_max, NULL);

    say(s->data, "8001 0000000e 2000c0c3 00000001");
    accept_link(s);
    expect(s->data, answer);
}

static const struct {
    const char *what;
    const char *request, *answer;
} control_cases[] = {
    { "GET_CAPABILITY: no state blobs", "00000001", "00000000 000034af" },
    { "GET_TPMESTABLISHED", "00000004", "00000000 00000000" },
    { "SET_LOCALITY as QEMU sends it", "00000005 00000000", "00000000" },
    { "a locality above four", "00000005 05000000", "0000003d" },
    { "RESET_TPMESTABLISHED", "0000000b 03000000", "00000000" },
    { "CANCEL_TPM_CMD with nothing to cancel", "00000009", "00000000" },
    { "a second SET_DATAFD, without one", "00000010", "00000003" },
    { "SET_BUFFERSIZE 0", "00000011 00000000", "00000000 00001000 00000af8 00001000" },
    { "SET_BUFFERSIZE", "00000011 00000f80", "00000000 00000f80 00000af8 00001000" },
    { "SET_BUFFERSIZE too much", "00000011 00002000", "00000000 00001000 00000af8 00001000" },
    { "INIT without flags", "00000002", "00000003" },
    { "GET_STATEBLOB", "0000000c 00000001 00000001 00000000", "0000000a" },
    { "SET_STATEBLOB", "0000000d 00000000 00000001 00000000", "0000000a" },
    { "HASH_START", "00000006", "0000000a" },
    { "STORE_VOLATILE", "0000000a", "0000000a" },
    { "nothing known", "000000ff", "0000000a" },
};

START_TEST(control_requests_are_answered)
{
    struct setup s;

    setup_open(&s);
    say(s.control, control_cases[_i].request);
    expect(s.control, control_cases[_i].answer);
    setup_close(&s);
}
END_TEST

START_TEST(plain_commands_stay_here)
{
    struct setup s;

    setup_open(&s);
    say(s.data, "8001 0000000a 00000181");
    expect(s.data, "8001 0000000a 00000101");
    power_on(&s, "00001000");
    say(s.data, "8001 0000000c 00000144 0000");
    expect(s.data, "8001 0000000a 00000000");
    say(s.data, "8001 0000000c 0000017b 0010");
    expect(s.data, "8001 0000000a 00000143");
    ck_assert_int_eq(link_accept(s.listener, NULL), -1);
    ck_assert_uint_eq(s.gone, 0);
    setup_close(&s);
}
END_TEST

START_TEST(commands_are_framed_by_their_size)
{
    struct setup s;

    setup_open(&s);
    power_on(&s, "00001000");
    /* One and a half, then the rest; in the tunnel, two at once. */
    say(s.data, "8001 0000000c 0000017b 0010 8001 0000000c 000001");
    expect(s.data, "8001 0000000a 00000143");
    say(s.data, "44 0000");
    expect(s.data, "8001 0000000a 00000000");
    open_tunnel(&s, "00001000");
    say(s.data, "8001 0000000c 2000c0c0 1603 8001 0000000b 2000c0c0 04");
    expect(s.link, "1603");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\xaa", 6), 6);
    expect(s.data, "8001 0000000b 2000c0c1 aa");
    expect(s.link, "04");
    setup_close(&s);
}
END_TEST

START_TEST(a_tunnel_carries_records)
{
    struct setup s;

    setup_open(&s);
    power_on(&s, "00000f80");
    open_tunnel(&s, "00000f80");

    /* Bytes go as they are; an answer waits for a whole record. */
    say(s.data, "8001 0000000c 2000c0c0 1603");
    expect(s.link, "1603");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x02\xaa", 6), 6);
    settle();
    ck_assert_int_eq(write(s.link, "\xbb", 1), 1);
    expect_at_once(s.data, "8001 0000000c 2000c0c1 aabb");

    /* A record gets its header back; two records come as bytes. */
    say(s.data, "8001 0000000d 2000c0c1 010203");
    expect(s.link, "1703030003 010203");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0a\x17\x03\x03\x00\x01\x0b", 12), 12);
    expect(s.data, "8001 00000016 00000000 1703030001 0a 1703030001 0b");

    /* Nothing was asked: nothing is waited for. */
    say(s.data, "8001 0000000a 2000c0c2");
    expect_at_once(s.data, "8001 0000000a 00000000");

    /* A cancellation with no frame in hand loses nothing. */
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0d", 6), 6);
    settle();
    say(s.control, "00000009");
    expect(s.control, "00000000");
    say(s.data, "8001 0000000a 2000c0c2");
    expect(s.data, "8001 0000000b 2000c0c1 0d");

    /* Asked, and no answer in time: an empty one. Then a poll gets it. */
    say(s.data, "8001 0000000b 2000c0c1 01");
    expect(s.data, "8001 0000000a 00000000");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0c", 6), 6);
    say(s.data, "8001 0000000a 2000c0c2");
    expect(s.data, "8001 0000000b 2000c0c1 0c");
    setup_close(&s);
}
END_TEST

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
    struct setup s;

    setup_open(&s);
    power_on(&s, cases[_i].size);
    open_tunnel(&s, frame_max);
    for (gsize i = 0; i < cases[_i].record; i++)
        record[i] = (guint8)(i * 7);
    tunnel_record_header(cases[_i].record - TUNNEL_RECORD_HEADER, record);
    say(s.data, "8001 0000000b 2000c0c1 01");
    ck_assert(io_write_until(s.link, record, cases[_i].record, patience(), NULL));

    while (len < cases[_i].record) {
        guint8 frame[TUNNEL_FRAME_MAX];
        gsize size;

        take(s.data, frame, TUNNEL_HEADER);
        size = (gsize)frame[2] << 24 | frame[3] << 16 | frame[4] << 8 | frame[5];
        ck_assert_msg(size <= cases[_i].granted, "%zu bytes into %zu", size, cases[_i].granted);
        take(s.data, frame + TUNNEL_HEADER, size - TUNNEL_HEADER);
        /* A record that fits loses its header. */
        if (frame[6] == 0x20) {
            tunnel_record_header(size - TUNNEL_HEADER, got);
            len += TUNNEL_RECORD_HEADER;
        }
        ck_assert_uint_le(len + size - TUNNEL_HEADER, cases[_i].record);
        memcpy(got + len, frame + TUNNEL_HEADER, size - TUNNEL_HEADER);
        len += size - TUNNEL_HEADER;
        if (len < cases[_i].record)
            say(s.data, "8001 0000000a 2000c0c2");
    }
    ck_assert_mem_eq(got, record, len);
    setup_close(&s);
}
END_TEST

/* As much of a record as the device takes goes to the guest before the rest is there. */
START_TEST(a_full_answer_is_not_kept_back)
{
    const guint8 start[TUNNEL_FRAME_MAX] = { 0x17, 0x03, 0x03, 0x20, 0x00 };
    guint8 frame[TUNNEL_FRAME_MAX];
    struct setup s;

    setup_open(&s);
    power_on(&s, "00001000");
    open_tunnel(&s, "00001000");
    say(s.data, "8001 0000000b 2000c0c1 01");
    ck_assert(io_write_until(s.link, start, sizeof(start), patience(), NULL));
    expect_at_once(s.data, "8001 00001000 00000000");
    take(s.data, frame, sizeof(frame) - TUNNEL_HEADER);
    setup_close(&s);
}
END_TEST

/* However long that takes: answers are due after a while, the one to OPEN is not. */
START_TEST(an_opening_waits_for_its_connection)
{
    g_autoptr(GBytes) open = test_bytes("8001 0000000e 2000c0c3 00000001");
    struct setup s;

    setup_open(&s);
    power_on(&s, "00001000");
    ck_assert(io_write_until(s.data, g_bytes_get_data(open, NULL), g_bytes_get_size(open),
                             patience(), NULL));
    /* The frame is read, and then looked at; what the connecting thread says comes after that. */
    g_main_context_iteration(NULL, TRUE);
    g_main_context_iteration(NULL, TRUE);
    g_usleep(2 * RELAY_TUNNEL_WAIT_MS * 1000);
    /* A cancellation does not hurry it either. */
    ck_assert_int_eq(write(s.control, "\0\0\0\x09", 4), 4);
    accept_link(&s);
    expect(s.control, "00000000");
    expect(s.data, "8001 00000012 00000000 00000001 00001000");
    setup_close(&s);
}
END_TEST

/* A connection that is made when its VM is gone serves nobody. */
START_TEST(a_late_connection_is_closed)
{
    g_autoptr(GBytes) open = test_bytes("8001 0000000e 2000c0c3 00000001");
    struct setup s;

    setup_open(&s);
    power_on(&s, "00001000");
    ck_assert(io_write_until(s.data, g_bytes_get_data(open, NULL), g_bytes_get_size(open),
                             patience(), NULL));
    g_main_context_iteration(NULL, TRUE);
    g_main_context_iteration(NULL, TRUE);
    g_usleep(2 * RELAY_TUNNEL_WAIT_MS * 1000);
    ck_assert_int_eq(write(s.control, "\0\0\0\x0e", 4), 4);
    expect(s.control, "00000000");
    expect(s.data, "8001 0000000a 2000c0cf");
    accept_link(&s);
    expect_end(s.link);
    setup_close(&s);
}
END_TEST

/* Neither side of the host's buffers grows without a bound: a CoCoTPM that does not read loses the
 * stream, one that says much is not read on until the guest has taken it. */
START_TEST(a_cocotpm_that_does_not_read_loses_the_stream)
{
    guint8 frame[TUNNEL_FRAME_MAX] = { 0 }, answer[TUNNEL_HEADER];
    struct builder out = builder_on(frame, TUNNEL_HEADER);
    guint count = 0;
    struct setup s;

    builder_be16(&out, 0x8001);
    builder_be32(&out, sizeof(frame));
    builder_be32(&out, TUNNEL_DATA);
    setup_open(&s);
    power_on(&s, "00001000");
    open_tunnel(&s, "00001000");
    do {
        ck_assert_msg(count++ < 1000, "no bound");
        ck_assert(io_write_until(s.data, frame, sizeof(frame), patience(), NULL));
        settle();
        say(s.control, "00000009");
        expect(s.control, "00000000");
        take(s.data, answer, sizeof(answer));
    } while (answer[9] != (TUNNEL_ENDED & 0xff));
    ck_assert_uint_gt(count, 16);
    setup_close(&s);
}
END_TEST

START_TEST(a_cocotpm_that_says_much_is_heard_in_time)
{
    const gsize total = 600000;
    const int room = 65536;
    g_autofree guint8 *bytes = g_malloc0(total);
    gsize sent = 0, got = 0;
    struct setup s;

    setup_open(&s);
    power_on(&s, "00001000");
    open_tunnel(&s, "00001000");
    ck_assert_int_eq(setsockopt(s.link, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    for (gsize i = 0; i < total; i++)
        bytes[i] = (guint8)(i * 37 >> 3);
    while (got < total) {
        guint8 frame[TUNNEL_FRAME_MAX];
        gsize len;
        ssize_t n;

        while ((n = send(s.link, bytes + sent, total - sent, MSG_DONTWAIT)) > 0) {
            sent += (gsize)n;
            settle();
        }
        ck_assert_msg(got > 0 || sent < total, "all of it is kept");
        say(s.data, "8001 0000000a 2000c0c2");
        take(s.data, frame, TUNNEL_HEADER);
        len = ((gsize)frame[4] << 8 | frame[5]) - TUNNEL_HEADER;
        take(s.data, frame, len);
        ck_assert_mem_eq(frame, bytes + got, len);
        got += len;
    }
    setup_close(&s);
}
END_TEST

/* Commands that have no size, and requests that are none, end their channel. */
START_TEST(what_cannot_be_framed_ends_the_channel)
{
    static const char *const sizes[] = { "8001 00000009 00000144", "8001 00001001 00000144",
                                         "8001 ffffffff 00000144" };
    struct setup s;

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        setup_open(&s);
        power_on(&s, "00001000");
        say(s.data, sizes[i]);
        expect_end(s.data);
        setup_close(&s);
    }
    setup_open(&s);
    say(s.control, "000000");
    expect_end(s.control);
    setup_close(&s);
}
END_TEST

/* What a data channel has left half said is not the next one's. */
START_TEST(a_new_data_channel_begins_anew)
{
    struct setup s;

    setup_open(&s);
    power_on(&s, "00001000");
    say(s.data, "8001 0000000c 00000144");
    io_close(&s.data);
    settle();
    send_data_fd(&s);
    say(s.data, "8001 0000000c 0000017b 0010");
    expect(s.data, "8001 0000000a 00000143");
    setup_close(&s);
}
END_TEST

START_TEST(a_buffer_size_is_asked_for_at_any_time)
{
    struct setup s;

    setup_open(&s);
    power_on(&s, "00000f80");
    say(s.control, "00000011 00000000");
    expect(s.control, "00000000 00000f80 00000af8 00001000");
    say(s.control, "00000011 00001000");
    expect(s.control, "0000000a");
    say(s.control, "00000011 00000000");
    expect(s.control, "00000000 00000f80 00000af8 00001000");
    setup_close(&s);
}
END_TEST

START_TEST(ends_are_told)
{
    struct setup s;
    int older;

    setup_open(&s);
    power_on(&s, "00001000");
    /* No stream yet, and one that the CoCoTPM closes after its last bytes. */
    say(s.data, "8001 0000000a 2000c0c2");
    expect(s.data, "8001 0000000a 2000c0cf");
    open_tunnel(&s, "00001000");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0a", 6), 6);
    io_close(&s.link);
    settle();
    say(s.data, "8001 0000000a 2000c0c2");
    expect(s.data, "8001 0000000b 2000c0c1 0a");
    say(s.data, "8001 0000000a 2000c0c2");
    expect_at_once(s.data, "8001 0000000a 2000c0cf");

    /* Asked, and no answer but the end: told when it comes. */
    open_tunnel(&s, "00001000");
    say(s.data, "8001 0000000b 2000c0c1 01");
    io_close(&s.link);
    expect_at_once(s.data, "8001 0000000a 2000c0cf");

    /* A new one ends the older. */
    open_tunnel(&s, "00001000");
    ck_assert_int_eq(write(s.link, "old", 3), 3);
    settle();
    older = s.link;
    s.link = -1;
    open_tunnel(&s, "00001000");
    expect_end(older);
    io_close(&older);
    say(s.data, "8001 0000000a 2000c0c4");
    expect(s.data, "8001 0000000a 2000c0cf");

    /* A frame that is none closes it too. */
    open_tunnel(&s, "00001000");
    say(s.data, "8001 0000000b 2000c0c2 00");
    expect(s.data, "8001 0000000a 2000c0cf");

    /* Nobody listens. */
    io_close(&s.listener);
    say(s.data, "8001 0000000e 2000c0c3 00000001");
    expect(s.data, "8001 0000000a 2000c0cf");
    setup_close(&s);
}
END_TEST

START_TEST(a_reset_tells_that_the_vm_is_gone)
{
    struct setup s;
    char byte;

    setup_open(&s);
    power_on(&s, "00001000");
    power_on(&s, "00001000");
    ck_assert_msg(s.gone == 0, "no tunnel was opened yet");
    open_tunnel(&s, "00001000");
    for (guint i = 0; i < 3; i++)
        power_on(&s, "00001000");
    ck_assert_uint_eq(s.gone, 1);
    settle();
    ck_assert_int_eq(recv(s.link, &byte, 1, MSG_DONTWAIT), 0);

    /* INIT alone says it too. */
    open_tunnel(&s, "00001000");
    say(s.control, "00000002 00000000");
    expect(s.control, "00000000");
    ck_assert_uint_eq(s.gone, 2);

    /* A stopped carrier carries nothing. */
    say(s.control, "0000000e");
    expect(s.control, "00000000");
    say(s.data, "8001 0000000e 2000c0c3 00000001");
    expect(s.data, "8001 0000000a 00000101");

    power_on(&s, "00001000");
    open_tunnel(&s, "00001000");
    say(s.control, "00000003");
    expect(s.control, "00000000");
    ck_assert_uint_eq(s.gone, 3);
    ck_assert_uint_eq(s.shutdown, 1);
    setup_close(&s);
}
END_TEST

/* Whichever of its two channels is seen to end first. */
START_TEST(a_dead_qemu_is_a_vm_that_is_gone)
{
    struct setup s;
    char byte;

    setup_open(&s);
    power_on(&s, "00001000");
    open_tunnel(&s, "00001000");
    io_close(_i == 0 ? &s.control : &s.data);
    settle();
    io_close(_i == 0 ? &s.data : &s.control);
    settle();
    ck_assert_uint_eq(s.gone, 1);
    ck_assert_int_eq(recv(s.link, &byte, 1, MSG_DONTWAIT), 0);
    /* The next one is served, once it has said INIT. */
    s.control = link_connect(&s.control_address, patience(), NULL);
    settle();
    send_data_fd(&s);
    say(s.data, "8001 0000000e 2000c0c3 00000001");
    expect(s.data, "8001 0000000a 00000101");
    power_on(&s, "00001000");
    open_tunnel(&s, "00001000");
    setup_close(&s);
}
END_TEST

Suite *control_suite(void);

Suite *
control_suite(void)
{
    Suite *s = suite_create("relay control");
    TCase *t = tcase_create("control");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, control_requests_are_answered, 0, G_N_ELEMENTS(control_cases));
    tcase_add_test(t, plain_commands_stay_here);
    tcase_add_test(t, commands_are_framed_by_their_size);
    tcase_add_test(t, a_tunnel_carries_records);
    tcase_add_loop_test(t, answers_are_clamped, 0, 6);
    tcase_add_test(t, a_full_answer_is_not_kept_back);
    tcase_add_test(t, an_opening_waits_for_its_connection);
    tcase_add_test(t, a_late_connection_is_closed);
    tcase_add_test(t, a_cocotpm_that_does_not_read_loses_the_stream);
    tcase_add_test(t, a_cocotpm_that_says_much_is_heard_in_time);
    tcase_add_test(t, what_cannot_be_framed_ends_the_channel);
    tcase_add_test(t, a_new_data_channel_begins_anew);
    tcase_add_test(t, a_buffer_size_is_asked_for_at_any_time);
    tcase_add_test(t, ends_are_told);
    tcase_add_test(t, a_reset_tells_that_the_vm_is_gone);
    tcase_add_loop_test(t, a_dead_qemu_is_a_vm_that_is_gone, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
