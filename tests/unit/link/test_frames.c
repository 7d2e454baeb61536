/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of the in-band tunnel (src/cocotransport/wire/tunnel.h).
 */
#include "config.h"

#include "cocotransport/wire/tunnel.h"

#include "suites.h"

#include <string.h>

static const struct {
    const char *what;
    const char *hex;
    gboolean request, answer;
} frame_cases[] = {
    { "an opening", "8001 0000000e 2000c0c3 00000007", TRUE, FALSE },
    { "an opening without its number", "8001 0000000a 2000c0c3", FALSE, FALSE },
    { "an opening with too much", "8001 0000000f 2000c0c3 0000000700", FALSE, FALSE },
    { "data", "8001 0000000b 2000c0c0 aa", TRUE, FALSE },
    { "data without any", "8001 0000000a 2000c0c0", FALSE, FALSE },
    { "a record", "8001 0000000b 2000c0c1 aa", TRUE, TRUE },
    { "an empty record", "8001 0000000a 2000c0c1", FALSE, FALSE },
    { "a poll", "8001 0000000a 2000c0c2", TRUE, FALSE },
    { "a poll with a payload", "8001 0000000b 2000c0c2 00", FALSE, FALSE },
    { "a closing", "8001 0000000a 2000c0c4", TRUE, FALSE },
    { "an answer with nothing", "8001 0000000a 00000000", FALSE, TRUE },
    { "an answer with bytes", "8001 0000000c 00000000 0102", FALSE, TRUE },
    { "an answer that ends the stream", "8001 0000000a 2000c0cf", FALSE, TRUE },
    { "an end with bytes", "8001 0000000b 2000c0cf 00", FALSE, FALSE },
    { "a TPM's refusal", "8001 0000000a 00000143", FALSE, FALSE },
    { "a TPM command", "8001 0000000c 00000144 0000", FALSE, FALSE },
    { "another tag", "8002 0000000a 2000c0c2", FALSE, FALSE },
    { "a size above what came", "8001 0000000b 2000c0c2", FALSE, FALSE },
    { "a size below what came", "8001 0000000a 2000c0c0 aa", FALSE, FALSE },
    { "half a header", "8001 0000", FALSE, FALSE },
    { "nothing", "", FALSE, FALSE },
};

START_TEST(frames_are_checked)
{
    g_autoptr(GBytes) wire = test_bytes(frame_cases[_i].hex);
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(wire, &len);
    g_autoptr(GError) error = NULL;
    struct tunnel_frame f = { .code = 42 };

    ck_assert_msg(tunnel_request_parse(data, len, &f, &error) == frame_cases[_i].request, "%s",
                  frame_cases[_i].what);
    ck_assert((error != NULL) != frame_cases[_i].request);
    ck_assert(frame_cases[_i].request || f.code == 42);

    g_clear_error(&error);
    f.code = 42;
    ck_assert_msg(tunnel_answer_parse(data, len, &f, &error) == frame_cases[_i].answer, "%s",
                  frame_cases[_i].what);
    ck_assert((error != NULL) != frame_cases[_i].answer);
    ck_assert(frame_cases[_i].answer || f.code == 42);
}
END_TEST

static const struct {
    const char *what;
    const char *stream;
    gsize frame_max;
    gboolean answer;
    gsize taken;
    const char *frame;
} pack_cases[] = {
    { "one record loses its header", "1703030003 aabbcc", 1024, FALSE, 8,
      "8001 0000000d 2000c0c1 aabbcc" },
    { "one record in an answer too", "1703030003 aabbcc", 1024, TRUE, 8,
      "8001 0000000d 2000c0c1 aabbcc" },
    { "a record that is not whole goes as bytes", "1703030003 aabb", 1024, FALSE, 7,
      "8001 00000011 2000c0c0 1703030003aabb" },
    { "more than a record goes as bytes", "1703030001 aa bb", 1024, TRUE, 7,
      "8001 00000011 00000000 1703030001aabb" },
    { "a handshake record keeps its header", "1603030001 aa", 1024, FALSE, 6,
      "8001 00000010 2000c0c0 1603030001aa" },
    { "an empty record keeps its header", "1703030000", 1024, FALSE, 5,
      "8001 0000000f 2000c0c0 1703030000" },
    { "a record that does not fit goes in pieces", "1703030006 aabbccddeeff", 15, FALSE, 5,
      "8001 0000000f 2000c0c0 1703030006" },
    { "nothing", "", 1024, TRUE, 0, "8001 0000000a 00000000" },
};

START_TEST(streams_are_packed)
{
    g_autoptr(GBytes) stream = test_bytes(pack_cases[_i].stream);
    g_autoptr(GBytes) wanted = test_bytes(pack_cases[_i].frame);
    guint8 memory[64];
    struct builder out = builder_on(memory, sizeof(memory));
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(stream, &len);
    g_autoptr(GBytes) frame = NULL;

    ck_assert_uint_eq(tunnel_pack(data, len, pack_cases[_i].frame_max, pack_cases[_i].answer, &out),
                      pack_cases[_i].taken);
    frame = g_bytes_new(memory, builder_len(&out));
    ck_assert_msg(g_bytes_equal(frame, wanted), "%s", pack_cases[_i].what);
}
END_TEST

START_TEST(a_record_header_is_given_back)
{
    const guint8 wanted[] = { 0x17, 0x03, 0x03, 0x01, 0x02 };
    guint8 header[TUNNEL_RECORD_HEADER];

    tunnel_record_header(0x0102, header);
    ck_assert_mem_eq(header, wanted, sizeof(wanted));
}
END_TEST

static const struct {
    const char *hex;
    gboolean ok;
} opened_cases[] = {
    { "00000001 00000f80", TRUE },  { "00000001 00001000", TRUE },
    { "00000001 00001001", FALSE }, { "00000001 000003ff", FALSE },
    { "00000001 0000", FALSE },     { "00000001 00000f80 00", FALSE },
};

START_TEST(the_opening_s_answer_is_checked)
{
    g_autoptr(GBytes) payload = test_bytes(opened_cases[_i].hex);
    const struct tunnel_frame f = { TUNNEL_OK, g_bytes_get_data(payload, NULL),
                                    g_bytes_get_size(payload) };
    g_autoptr(GError) error = NULL;
    struct tunnel_opened o = { 9, 9 };
    guint8 memory[8];
    struct builder out = builder_on(memory, sizeof(memory));

    ck_assert(tunnel_opened_parse(&f, &o, &error) == opened_cases[_i].ok);
    ck_assert((error != NULL) != opened_cases[_i].ok);
    if (!opened_cases[_i].ok) {
        ck_assert_uint_eq(o.stream, 9);
        return;
    }
    tunnel_opened_write(&o, &out);
    ck_assert_mem_eq(memory, f.payload, f.len);
}
END_TEST

Suite *frames_suite(void);

Suite *
frames_suite(void)
{
    Suite *s = suite_create("tunnel frames");
    TCase *t = tcase_create("frames");

    tcase_add_loop_test(t, frames_are_checked, 0, G_N_ELEMENTS(frame_cases));
    tcase_add_loop_test(t, streams_are_packed, 0, G_N_ELEMENTS(pack_cases));
    tcase_add_test(t, a_record_header_is_given_back);
    tcase_add_loop_test(t, the_opening_s_answer_is_checked, 0, G_N_ELEMENTS(opened_cases));
    suite_add_tcase(s, t);
    return s;
}
