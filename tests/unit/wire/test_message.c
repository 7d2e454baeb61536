/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/error.h"
#include "cocotransport/wire/message.h"
#include "suites.h"

#include <string.h>

static const struct {
    const char *what;
    const char *hex;
    gboolean ok;
} header_cases[] = {
    { "a Startup command", "8001 0000000c 00000144", TRUE },
    { "the smallest", "c0c0 0000000a 00000007", TRUE },
    { "the largest", "c0c0 00001000 00000007", TRUE },
    { "size below header", "8001 00000009 00000144", FALSE },
    { "size above maximum", "8001 00001001 00000144", FALSE },
    { "a size of all ones", "8001 ffffffff 00000144", FALSE },
    { "cut short", "8001 0000000c 000001", FALSE },
    { "nothing at all", "", FALSE },
};

START_TEST(header_is_checked)
{
    g_autoptr(GBytes) wire = test_bytes(header_cases[_i].hex);
    struct cursor in = cursor_from(g_bytes_get_data(wire, NULL), g_bytes_get_size(wire));
    g_autoptr(GError) error = NULL;
    struct message_header h = { .tag = 0xffff };

    ck_assert_msg(message_header_parse(&in, TPM_MESSAGE_MAX, &h, &error) == header_cases[_i].ok,
                  "%s", header_cases[_i].what);
    ck_assert((error != NULL) != header_cases[_i].ok);
    if (!header_cases[_i].ok)
        ck_assert_uint_eq(h.tag, 0xffff);
}
END_TEST

START_TEST(refusal_is_an_answer_with_words)
{
    uint8_t memory[1024];
    struct builder b = builder_on(memory, sizeof(memory));
    struct cursor in;
    struct message_header h;

    message_refusal_write(&b, COCO_LAUNCH_USED, "gone");
    ck_assert_uint_eq(builder_len(&b), MESSAGE_HEADER + 2 + 4);
    in = cursor_from(memory, builder_len(&b));
    ck_assert(message_header_parse(&in, COCO_MESSAGE_MAX, &h, NULL));
    ck_assert_uint_eq(h.tag, TAG_COCO_ANSWER);
    ck_assert_uint_eq(h.size, builder_len(&b));
    ck_assert_uint_eq(h.code, COCO_LAUNCH_USED);
    ck_assert_uint_eq(cursor_be16(&in), 4);
    ck_assert_mem_eq(cursor_bytes(&in, 4), "gone", 4);
    ck_assert(cursor_done(&in));
}
END_TEST

START_TEST(refusal_cuts_long_words)
{
    uint8_t memory[1024];
    struct builder b = builder_on(memory, sizeof(memory));
    g_autofree char *words = g_strnfill(2000, 'w');

    message_refusal_write(&b, COCO_INTERNAL, words);
    ck_assert(!b.failed);
    ck_assert_uint_eq(builder_len(&b), MESSAGE_HEADER + 2 + 512);
}
END_TEST

START_TEST(every_code_has_a_name)
{
    ck_assert_str_eq(coco_command_name(COCO_HELLO), "HELLO");
    ck_assert_str_eq(coco_command_name(COCO_OP_STOP), "OP_STOP");
    ck_assert_str_eq(coco_command_name(0), "unknown");
    ck_assert_str_eq(coco_command_name(12), "unknown");
    ck_assert_str_eq(coco_command_name(G_MAXUINT32), "unknown");
    ck_assert_str_eq(coco_status_text(COCO_LAUNCH_USED), "launch already used");
    ck_assert_str_eq(coco_status_text(G_MAXUINT32), "unknown status");
}
END_TEST

Suite *message_suite(void);

Suite *
message_suite(void)
{
    Suite *s = suite_create("message");
    TCase *t = tcase_create("message");

    tcase_add_loop_test(t, header_is_checked, 0, G_N_ELEMENTS(header_cases));
    tcase_add_test(t, refusal_is_an_answer_with_words);
    tcase_add_test(t, refusal_cuts_long_words);
    tcase_add_test(t, every_code_has_a_name);
    suite_add_tcase(s, t);
    return s;
}
