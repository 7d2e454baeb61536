/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay in swtpm's place behind QEMU, and the host's end of the tunnel: this
 * test is QEMU on one side and the CoCoTPM's listener on the other.
 */
#include "config.h"

#include "qemu.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *what;
    const char *request, *answer;
} control_cases[] = {
    { "GET_CAPABILITY: no state blobs", "00000001", "00000000 000034af" },
    { "GET_TPMESTABLISHED", "00000004", "00000000 00000000" },
    { "SET_LOCALITY as QEMU sends it", "00000005 00000000", "00000000" },
    { "locality four", "00000005 04000000", "00000000" },
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
    struct qemu s;

    qemu_open(&s);
    qemu_say(s.control, control_cases[_i].request);
    qemu_expect(s.control, control_cases[_i].answer);
    qemu_close(&s);
}
END_TEST

START_TEST(plain_commands_stay_here)
{
    struct qemu s;

    qemu_open(&s);
    qemu_say(s.data, "8001 0000000a 00000181");
    qemu_expect(s.data, "8001 0000000a 00000101");
    qemu_power_on(&s, "00001000");
    qemu_say(s.data, "8001 0000000c 00000144 0000");
    qemu_expect(s.data, "8001 0000000a 00000000");
    qemu_say(s.data, "8001 0000000c 0000017b 0010");
    qemu_expect(s.data, "8001 0000000a 00000143");
    ck_assert_int_eq(link_accept(s.listener, NULL), -1);
    ck_assert_uint_eq(s.gone, 0);
    qemu_close(&s);
}
END_TEST

START_TEST(commands_are_framed_by_their_size)
{
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    /* One and a half, then the rest; in the tunnel, two at once. */
    qemu_say(s.data, "8001 0000000c 0000017b 0010 8001 0000000c 000001");
    qemu_expect(s.data, "8001 0000000a 00000143");
    qemu_say(s.data, "44 0000");
    qemu_expect(s.data, "8001 0000000a 00000000");
    qemu_open_tunnel(&s, "00001000");
    qemu_say(s.data, "8001 0000000c 2000c0c0 1603 8001 0000000b 2000c0c0 04");
    qemu_expect(s.link, "1603");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\xaa", 6), 6);
    qemu_expect(s.data, "8001 0000000b 2000c0c1 aa");
    qemu_expect(s.link, "04");
    qemu_close(&s);
}
END_TEST

START_TEST(a_tunnel_carries_records)
{
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00000f80");
    qemu_open_tunnel(&s, "00000f80");

    /* Bytes go as they are; an answer waits for a whole record. */
    qemu_say(s.data, "8001 0000000c 2000c0c0 1603");
    qemu_expect(s.link, "1603");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x02\xaa", 6), 6);
    qemu_settle();
    ck_assert_int_eq(write(s.link, "\xbb", 1), 1);
    qemu_expect_at_once(s.data, "8001 0000000c 2000c0c1 aabb");

    /* A record gets its header back; two records come as bytes. */
    qemu_say(s.data, "8001 0000000d 2000c0c1 010203");
    qemu_expect(s.link, "1703030003 010203");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0a\x17\x03\x03\x00\x01\x0b", 12), 12);
    qemu_expect(s.data, "8001 00000016 00000000 1703030001 0a 1703030001 0b");

    /* Nothing was asked: nothing is waited for. */
    qemu_say(s.data, "8001 0000000a 2000c0c2");
    qemu_expect_at_once(s.data, "8001 0000000a 00000000");

    /* A cancellation with no frame in hand loses nothing. */
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0d", 6), 6);
    qemu_settle();
    qemu_say(s.control, "00000009");
    qemu_expect(s.control, "00000000");
    qemu_say(s.data, "8001 0000000a 2000c0c2");
    qemu_expect(s.data, "8001 0000000b 2000c0c1 0d");

    /* Asked, and no answer in time: an empty one. Then a poll gets it. */
    qemu_say(s.data, "8001 0000000b 2000c0c1 01");
    qemu_expect(s.data, "8001 0000000a 00000000");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0c", 6), 6);
    qemu_say(s.data, "8001 0000000a 2000c0c2");
    qemu_expect(s.data, "8001 0000000b 2000c0c1 0c");
    qemu_close(&s);
}
END_TEST

START_TEST(a_buffer_size_is_asked_for_at_any_time)
{
    struct qemu s;

    qemu_open(&s);
    qemu_power_on(&s, "00000f80");
    qemu_say(s.control, "00000011 00000000");
    qemu_expect(s.control, "00000000 00000f80 00000af8 00001000");
    qemu_say(s.control, "00000011 00001000");
    qemu_expect(s.control, "0000000a");
    qemu_say(s.control, "00000011 00000000");
    qemu_expect(s.control, "00000000 00000f80 00000af8 00001000");
    qemu_close(&s);
}
END_TEST

START_TEST(ends_are_told)
{
    struct qemu s;
    int older;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    /* No stream yet, and one that the CoCoTPM closes after its last bytes. */
    qemu_say(s.data, "8001 0000000a 2000c0c2");
    qemu_expect(s.data, "8001 0000000a 2000c0cf");
    qemu_open_tunnel(&s, "00001000");
    ck_assert_int_eq(write(s.link, "\x17\x03\x03\x00\x01\x0a", 6), 6);
    io_close(&s.link);
    qemu_settle();
    qemu_say(s.data, "8001 0000000a 2000c0c2");
    qemu_expect(s.data, "8001 0000000b 2000c0c1 0a");
    qemu_say(s.data, "8001 0000000a 2000c0c2");
    qemu_expect_at_once(s.data, "8001 0000000a 2000c0cf");

    /* Asked, and no answer but the end: told when it comes. */
    qemu_open_tunnel(&s, "00001000");
    qemu_say(s.data, "8001 0000000b 2000c0c1 01");
    io_close(&s.link);
    qemu_expect_at_once(s.data, "8001 0000000a 2000c0cf");

    /* A new one ends the older. */
    qemu_open_tunnel(&s, "00001000");
    ck_assert_int_eq(write(s.link, "old", 3), 3);
    qemu_settle();
    older = s.link;
    s.link = -1;
    qemu_open_tunnel(&s, "00001000");
    qemu_expect_end(older);
    io_close(&older);
    qemu_say(s.data, "8001 0000000a 2000c0c4");
    qemu_expect(s.data, "8001 0000000a 2000c0cf");

    /* A frame that is none closes it too. */
    qemu_open_tunnel(&s, "00001000");
    qemu_say(s.data, "8001 0000000b 2000c0c2 00");
    qemu_expect(s.data, "8001 0000000a 2000c0cf");

    /* Nobody listens. */
    io_close(&s.listener);
    qemu_say(s.data, "8001 0000000e 2000c0c3 00000001");
    qemu_expect(s.data, "8001 0000000a 2000c0cf");
    qemu_close(&s);
}
END_TEST

START_TEST(a_reset_tells_that_the_vm_is_gone)
{
    struct qemu s;
    char byte;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    qemu_power_on(&s, "00001000");
    ck_assert_msg(s.gone == 0, "no tunnel was opened yet");
    qemu_open_tunnel(&s, "00001000");
    for (guint i = 0; i < 3; i++)
        qemu_power_on(&s, "00001000");
    ck_assert_uint_eq(s.gone, 1);
    qemu_settle();
    ck_assert_int_eq(recv(s.link, &byte, 1, MSG_DONTWAIT), 0);

    /* INIT alone says it too. */
    qemu_open_tunnel(&s, "00001000");
    qemu_say(s.control, "00000002 00000000");
    qemu_expect(s.control, "00000000");
    ck_assert_uint_eq(s.gone, 2);

    /* A stopped carrier carries nothing. */
    qemu_say(s.control, "0000000e");
    qemu_expect(s.control, "00000000");
    qemu_say(s.data, "8001 0000000e 2000c0c3 00000001");
    qemu_expect(s.data, "8001 0000000a 00000101");

    qemu_power_on(&s, "00001000");
    qemu_open_tunnel(&s, "00001000");
    qemu_say(s.control, "00000003");
    qemu_expect(s.control, "00000000");
    ck_assert_uint_eq(s.gone, 3);
    ck_assert_uint_eq(s.shutdown, 1);
    qemu_close(&s);
}
END_TEST

/* Whichever of its two channels is seen to end first. */
START_TEST(a_dead_qemu_is_a_vm_that_is_gone)
{
    struct qemu s;
    char byte;

    qemu_open(&s);
    qemu_power_on(&s, "00001000");
    qemu_open_tunnel(&s, "00001000");
    io_close(_i == 0 ? &s.control : &s.data);
    qemu_settle();
    io_close(_i == 0 ? &s.data : &s.control);
    qemu_settle();
    ck_assert_uint_eq(s.gone, 1);
    ck_assert_int_eq(recv(s.link, &byte, 1, MSG_DONTWAIT), 0);
    /* The next one is served, once it has said INIT. */
    s.control = link_connect(&s.control_address, qemu_patience(), NULL);
    qemu_settle();
    qemu_send_data_fd(&s);
    qemu_say(s.data, "8001 0000000e 2000c0c3 00000001");
    qemu_expect(s.data, "8001 0000000a 00000101");
    qemu_power_on(&s, "00001000");
    qemu_open_tunnel(&s, "00001000");
    qemu_close(&s);
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
    tcase_add_test(t, a_buffer_size_is_asked_for_at_any_time);
    tcase_add_test(t, ends_are_told);
    tcase_add_test(t, a_reset_tells_that_the_vm_is_gone);
    tcase_add_loop_test(t, a_dead_qemu_is_a_vm_that_is_gone, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
