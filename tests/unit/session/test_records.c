/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of each record alone, at its limits and one beyond; and a stream that stalls. */
#include "config.h"

#include "cocotransport/session/records.h"

#include "base/builder.h"
#include "suites.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 5

/* What a side has seen before the record in question. */
enum before { FIRST_OF_CLIENT, FIRST_OF_SERVER, WITHIN, LATER };

static const struct {
    const char *what;
    enum before before;
    guint8 type;
    guint16 version, len;
    gboolean good;
} headers[] = {
    { "a ClientHello", FIRST_OF_CLIENT, 22, 0x0301, 1, TRUE },
    { "the longest ClientHello", FIRST_OF_CLIENT, 22, 0x0301, 4096, TRUE },
    { "a ClientHello above that", FIRST_OF_CLIENT, 22, 0x0301, 4097, FALSE },
    { "nothing in it", FIRST_OF_CLIENT, 22, 0x0301, 0, FALSE },
    { "a later version", FIRST_OF_CLIENT, 22, 0x0303, 1, FALSE },
    { "an earlier version", FIRST_OF_CLIENT, 22, 0x0300, 1, FALSE },
    { "a client that begins with an alert", FIRST_OF_CLIENT, 21, 0x0301, 2, FALSE },
    { "a client that begins with data", FIRST_OF_CLIENT, 23, 0x0301, 17, FALSE },
    { "a client that begins with ChangeCipherSpec", FIRST_OF_CLIENT, 20, 0x0301, 1, FALSE },
    { "a ServerHello", FIRST_OF_SERVER, 22, 0x0303, 1, TRUE },
    { "the longest ServerHello", FIRST_OF_SERVER, 22, 0x0303, 4096, TRUE },
    { "a ServerHello above that", FIRST_OF_SERVER, 22, 0x0303, 4097, FALSE },
    { "an empty ServerHello", FIRST_OF_SERVER, 22, 0x0303, 0, FALSE },
    { "a ClientHello's version", FIRST_OF_SERVER, 22, 0x0301, 1, FALSE },
    { "an alert in its place", FIRST_OF_SERVER, 21, 0x0303, 2, TRUE },
    { "half an alert", FIRST_OF_SERVER, 21, 0x0303, 1, FALSE },
    { "more than an alert", FIRST_OF_SERVER, 21, 0x0303, 3, FALSE },
    { "data in its place", FIRST_OF_SERVER, 23, 0x0303, 17, FALSE },
    { "ChangeCipherSpec in its place", FIRST_OF_SERVER, 20, 0x0303, 1, FALSE },
    { "the shortest record of a handshake", WITHIN, 23, 0x0303, 17, TRUE },
    { "the longest record of a handshake", WITHIN, 23, 0x0303, 4096, TRUE },
    { "one above that", WITHIN, 23, 0x0303, 4097, FALSE },
    { "another one in the clear", WITHIN, 22, 0x0303, 17, FALSE },
    { "the shortest record", LATER, 23, 0x0303, 17, TRUE },
    { "one below that", LATER, 23, 0x0303, 16, FALSE },
    { "the longest record", LATER, 23, 0x0303, 16384 + 256, TRUE },
    { "one above that", LATER, 23, 0x0303, 16384 + 257, FALSE },
    { "a second record in the clear", LATER, 22, 0x0303, 17, FALSE },
    { "an alert in the clear", LATER, 21, 0x0303, 17, FALSE },
    { "ChangeCipherSpec", LATER, 20, 0x0303, 17, FALSE },
    { "heartbeat", LATER, 24, 0x0303, 17, FALSE },
    { "a version that came before", LATER, 23, 0x0301, 17, FALSE },
    { "a version that comes after", LATER, 23, 0x0304, 17, FALSE },
};

struct setup {
    struct records r;
    int peer;
};

static void
setup_open(struct setup *s, gboolean server)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    s->peer = ends[1];
    records_open(&s->r, stream_new(ends[0]), server);
}

static void
setup_close(struct setup *s)
{
    records_close(&s->r);
    close(s->peer);
}

/* A header, and @bytes of what it announces. */
static void
say(struct setup *s, guint8 type, guint16 version, guint16 len, gsize bytes)
{
    guint8 memory[64] = { 0 };
    struct builder b = builder_on(memory, sizeof(memory));

    builder_u8(&b, type);
    builder_be16(&b, version);
    builder_be16(&b, len);
    ck_assert_uint_le(HEADER + bytes, sizeof(memory));
    ck_assert_int_eq(write(s->peer, memory, HEADER + bytes), (ssize_t)(HEADER + bytes));
}

/* The first record, which was good, is over. */
static void
begin(struct setup *s)
{
    guint8 got[HEADER + 1];

    say(s, 22, 0x0303, 1, 1);
    ck_assert_int_eq(records_pull(&s->r, got, sizeof(got)), sizeof(got));
}

START_TEST(each_header_is_judged)
{
    guint8 got[HEADER];
    struct setup s;

    setup_open(&s, headers[_i].before == FIRST_OF_CLIENT);
    if (headers[_i].before >= WITHIN)
        begin(&s);
    s.r.open = headers[_i].before == LATER;
    say(&s, headers[_i].type, headers[_i].version, headers[_i].len, 0);
    if (headers[_i].good) {
        ck_assert_msg(records_pull(&s.r, got, sizeof(got)) == HEADER, "%s", headers[_i].what);
    } else {
        for (int i = 0; i < 2; i++) {
            errno = 0;
            ck_assert_msg(records_pull(&s.r, got, sizeof(got)) == -1 && errno == EPROTO, "%s",
                          headers[_i].what);
            /* A good one after it mends nothing. */
            say(&s, 23, 0x0303, 17, 17);
        }
    }
    setup_close(&s);
}
END_TEST

/* Byte by byte nothing is passed on before its header is whole, and the end is told as one. */
START_TEST(pieces_are_waited_for)
{
    static const guint8 record[HEADER + 1] = { 22, 3, 1, 0, 1, 0xaa };
    guint8 got[sizeof(record)];
    struct setup s;

    setup_open(&s, TRUE);
    for (gsize i = 0; i < HEADER - 1; i++) {
        ck_assert_int_eq(write(s.peer, record + i, 1), 1);
        ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), -1);
        ck_assert_int_eq(errno, EAGAIN);
        ck_assert(!records_pending_in(&s.r));
    }
    ck_assert_int_eq(write(s.peer, record + HEADER - 1, 1), 1);
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), HEADER);
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(shutdown(s.peer, SHUT_WR), 0);
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), 0);
    setup_close(&s);
}
END_TEST

/* Only a whole record, read along with the one before, is something that no event tells of. */
START_TEST(what_was_read_along_is_told)
{
    guint8 got[HEADER + 17];
    struct setup s;

    setup_open(&s, FALSE);
    begin(&s);
    say(&s, 23, 0x0303, 17, 17);
    say(&s, 23, 0x0303, 18, 17);
    ck_assert_int_eq(records_pull(&s.r, got, HEADER), HEADER);
    ck_assert_msg(records_pending_in(&s.r), "the rest of a record");
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), 17);
    ck_assert_msg(!records_pending_in(&s.r), "a record without its last byte");
    ck_assert_int_eq(records_pull(&s.r, got, HEADER), HEADER);
    ck_assert_msg(!records_pending_in(&s.r), "the rest of a record without its last byte");
    ck_assert_int_eq(write(s.peer, "x", 1), 1);
    ck_assert_int_eq(records_pull(&s.r, got, 1), 1);
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), 16);
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), 1);
    say(&s, 23, 0x0303, 17, 17);
    say(&s, 23, 0x0303, 17, 17);
    ck_assert_int_eq(records_pull(&s.r, got, sizeof(got)), sizeof(got));
    ck_assert_msg(records_pending_in(&s.r), "a whole record");
    setup_close(&s);
}
END_TEST

/* A peer that does not read costs a bounded amount, and loses nothing when it does; what was kept
 * goes first. */
START_TEST(what_is_not_taken_is_kept_to_a_bound)
{
    enum { CHUNK = 16384 };
    g_autofree guint8 *chunk = g_malloc0(CHUNK);
    guint8 last = 0xee, got = 0;
    gsize pushed = 0;
    ssize_t n;
    struct setup s;

    setup_open(&s, FALSE);
    while ((n = records_push(&s.r, chunk, CHUNK)) == CHUNK) {
        pushed += CHUNK;
        ck_assert_msg(pushed < 64 * 1024 * 1024, "no bound");
    }
    ck_assert_int_eq(n, -1);
    ck_assert_int_eq(errno, ENOBUFS);
    ck_assert(records_pending_out(&s.r) && !records_flush(&s.r) && errno == EAGAIN);
    /* There is room in the stream now, but this is not its turn. */
    ck_assert_int_eq(read(s.peer, chunk, CHUNK), CHUNK);
    ck_assert_int_eq(records_push(&s.r, &last, 1), 1);
    for (gsize i = CHUNK; i < pushed + 1; i++) {
        while (read(s.peer, &got, 1) != 1)
            (void)records_flush(&s.r);
        ck_assert_uint_eq(got, i < pushed ? 0 : last);
    }
    ck_assert(!records_pending_out(&s.r));
    close(s.peer);
    ck_assert_int_eq(records_push(&s.r, chunk, CHUNK), -1);
    ck_assert_int_eq(errno, EPIPE);
    records_close(&s.r);
}
END_TEST

Suite *records_suite(void);

Suite *
records_suite(void)
{
    Suite *s = suite_create("records");
    TCase *t = tcase_create("records");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_header_is_judged, 0, G_N_ELEMENTS(headers));
    tcase_add_test(t, pieces_are_waited_for);
    tcase_add_test(t, what_was_read_along_is_told);
    tcase_add_test(t, what_is_not_taken_is_kept_to_a_bound);
    suite_add_tcase(s, t);
    return s;
}
