/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "cocotransport/wire/eventlog.h"
#include "suites.h"

#include <string.h>

/* PCR 0, EV_EFI_HCRTM_EVENT, one SHA-1 digest and one SHA-256, three bytes of data. */
#define ENTRY \
    "00000000 10000080 02000000" \
    "0400 1111111111111111111111111111111111111111" \
    "0b00 2222222222222222222222222222222222222222222222222222222222222222" \
    "03000000 616263"

START_TEST(entry_comes_back)
{
    g_autoptr(GBytes) wire = test_bytes(ENTRY);
    gsize len;
    const void *bytes = g_bytes_get_data(wire, &len);
    struct event e, before;
    guint8 again[256];
    struct builder b = builder_on(again, sizeof(again));
    struct cursor in = cursor_from(bytes, len);

    ck_assert(event_parse(&in, &e, NULL));
    ck_assert(cursor_done(&in));
    ck_assert_uint_eq(e.count, 2);
    ck_assert_uint_eq(e.digests[1].len, 32);
    event_write(&e, &b);
    ck_assert_uint_eq(builder_len(&b), len);
    ck_assert_mem_eq(again, bytes, len);
    before = e;
    for (gsize n = 0; n < len; n++) {
        in = cursor_from(bytes, n);
        ck_assert(!event_parse(&in, &e, NULL));
        ck_assert_mem_eq(&e, &before, sizeof(e));
    }
}
END_TEST

#define SHA1 "0400 1111111111111111111111111111111111111111"
#define EIGHT SHA1 SHA1 SHA1 SHA1 SHA1 SHA1 SHA1 SHA1

static const struct {
    const char *what;
    const char *hex;
} bad[] = {
    { "nine digests that are there", "00000000 10000080 09000000" EIGHT SHA1 "00000000" },
    { "a hash nobody knows, and nothing of it",
      "00000000 10000080 02000000" SHA1 "9900 00000000" },
    { "no digest", "00000000 10000080 00000000 00000000" },
    { "nine digests", "00000000 10000080 09000000 00000000" },
    { "a hash nobody knows", "00000000 10000080 01000000 9900 11 00000000" },
    { "data of all ones", "00000000 10000080 01000000"
      "0400 1111111111111111111111111111111111111111 ffffffff" },
};

START_TEST(entry_is_checked)
{
    g_autoptr(GBytes) wire = test_bytes(bad[_i].hex);
    struct cursor in = cursor_from(g_bytes_get_data(wire, NULL), g_bytes_get_size(wire));
    struct event e;

    ck_assert_msg(!event_parse(&in, &e, NULL), "%s", bad[_i].what);
}
END_TEST

START_TEST(eight_digests_are_as_many_as_there_may_be)
{
    g_autoptr(GBytes) wire = test_bytes("00000000 10000080 08000000" EIGHT "00000000");
    struct cursor in = cursor_from(g_bytes_get_data(wire, NULL), g_bytes_get_size(wire));
    struct event e;

    ck_assert(event_parse(&in, &e, NULL));
    ck_assert_uint_eq(e.count, EVENT_DIGESTS_MAX);
}
END_TEST

START_TEST(log_has_header_locality_and_entry)
{
    g_autoptr(GBytes) wire = test_bytes(ENTRY);
    gsize len, total;
    const void *bytes = g_bytes_get_data(wire, &len);
    g_autoptr(GBytes) log = eventlog_of(bytes, len, NULL);
    const guint8 *at;
    struct cursor in;
    struct event e;

    ck_assert_ptr_nonnull(log);
    at = g_bytes_get_data(log, &total);
    ck_assert_mem_eq(at + 32, "Spec ID Event03", 16);
    in = cursor_from(at + 32 + 37, total - 32 - 37);
    ck_assert(event_parse(&in, &e, NULL));
    ck_assert_uint_eq(e.type, EV_NO_ACTION);
    ck_assert_mem_eq(e.data, "StartupLocality\0\4", 17);
    ck_assert_uint_eq(cursor_left(&in), len);
    ck_assert_mem_eq(in.pos, bytes, len);
}
END_TEST

START_TEST(log_takes_only_that_entry)
{
    g_autoptr(GBytes) wire = test_bytes(ENTRY);
    gsize len;
    g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(wire, &len), g_bytes_get_size(wire));

    len = g_bytes_get_size(wire);
    copy[0] = 1;                     /* another PCR */
    ck_assert_ptr_null(eventlog_of(copy, len, NULL));
    copy[0] = 0;
    copy[4] = 3;                     /* another kind of event */
    ck_assert_ptr_null(eventlog_of(copy, len, NULL));
    copy[4] = 0x10;
    ck_assert_ptr_null(eventlog_of(copy, len - 1, NULL));
    copy[len - 5] = 2;               /* and a byte after it */
    ck_assert_ptr_null(eventlog_of(copy, len, NULL));
}
END_TEST

Suite *eventlog_suite(void);

Suite *
eventlog_suite(void)
{
    Suite *s = suite_create("eventlog");
    TCase *t = tcase_create("eventlog");

    tcase_add_test(t, entry_comes_back);
    tcase_add_loop_test(t, entry_is_checked, 0, G_N_ELEMENTS(bad));
    tcase_add_test(t, eight_digests_are_as_many_as_there_may_be);
    tcase_add_test(t, log_has_header_locality_and_entry);
    tcase_add_test(t, log_takes_only_that_entry);
    suite_add_tcase(s, t);
    return s;
}
