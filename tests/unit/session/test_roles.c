/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole table: every role in every state with every code; only what is listed may pass. */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/protocol.h"
#include "cocotransport/session/roles.h"
#include "suites.h"

#include <string.h>

#define C ROLE_BIT(ROLE_COCOVM)
#define O ROLE_BIT(ROLE_OPERATOR)
#define R ROLE_BIT(ROLE_RESUME)

static const struct {
    guint32 code;
    guint16 tag;
    guint8 roles;
    guint8 states;
    gsize body;                      /* a length that fits */
} allowed[] = {
    { 0x0000017b, TAG_TPM_NO_SESSIONS, C | R, PEER_ATTACHED, 2 },
    { 0x0000017b, TAG_TPM_SESSIONS, C | R, PEER_ATTACHED, 2 },
    { COCO_HELLO, TAG_COCO_COMMAND, C, PEER_OPEN, 40 },
    { COCO_ATTACH, TAG_COCO_COMMAND, C, PEER_GREETED, 40 },
    { COCO_DETACH, TAG_COCO_COMMAND, C | R, PEER_ATTACHED, 0 },
    { COCO_SET_LOCALITY, TAG_COCO_COMMAND, C | R, PEER_ATTACHED, 1 },
    { COCO_CANCEL, TAG_COCO_COMMAND, C | R, PEER_ATTACHED, 0 },
    { COCO_EVIDENCE, TAG_COCO_COMMAND, C | R, PEER_ATTACHED, 40 },
    { COCO_INFO, TAG_COCO_COMMAND, C | R, PEER_OPEN | PEER_GREETED | PEER_ATTACHED, 0 },
    { COCO_INFO, TAG_COCO_COMMAND, O, PEER_OPEN | PEER_GREETED, 0 },
    { COCO_RESUME, TAG_COCO_COMMAND, R, PEER_OPEN, RESUME_SIZE },
    { COCO_CHECK_RECEIPT, TAG_COCO_COMMAND, C | R, PEER_ATTACHED, RECEIPT_SIZE },
    { COCO_OP_STATUS, TAG_COCO_COMMAND, O, PEER_OPEN, 0 },
    { COCO_OP_RESET, TAG_COCO_COMMAND, O, PEER_OPEN, 0 },
    { COCO_OP_STOP, TAG_COCO_COMMAND, O, PEER_OPEN, 0 },
};

static gsize
message(guint8 *out, guint16 tag, guint32 code, gsize body)
{
    struct builder b = builder_on(out, COCO_MESSAGE_MAX);

    message_header_write(&b, tag, (guint32)(MESSAGE_HEADER + body), code);
    builder_zero(&b, body);
    return builder_len(&b);
}

static gboolean
expected(guint16 tag, guint32 code, guint8 role, guint8 state, gsize *ret_body)
{
    for (gsize i = 0; i < G_N_ELEMENTS(allowed); i++)
        if (allowed[i].tag == tag && (allowed[i].code == code || tag != TAG_COCO_COMMAND)) {
            *ret_body = allowed[i].body;
            if ((allowed[i].roles & ROLE_BIT(role)) && (allowed[i].states & state))
                return TRUE;
        }
    return FALSE;
}

START_TEST(only_what_has_a_row_passes)
{
    static const guint16 tags[] = { TAG_TPM_NO_SESSIONS, TAG_TPM_SESSIONS, TAG_COCO_COMMAND,
                                    TAG_COCO_ANSWER, 0x8003, 0x00c1, 0 };
    guint8 bytes[COCO_MESSAGE_MAX];
    guint passed = 0;

    for (gsize t = 0; t < G_N_ELEMENTS(tags); t++)
        for (guint32 code = 0; code < 24; code++)
            for (guint8 role = 0; role < 6; role++)
                for (guint state = PEER_HANDSHAKE; state <= PEER_ATTACHED; state <<= 1) {
                    gsize body = 0;
                    const gboolean may = expected(tags[t], code, role, (guint8)state, &body);
                    const gsize len = message(bytes, tags[t], code, body);
                    g_autoptr(GError) error = NULL;
                    struct message_header h = { .tag = 0xffff };

                    ck_assert_msg((roles_find(role, state, bytes, len, &h, &error) != NULL) == may,
                                  "tag %04x code %u role %u state %u", tags[t], code, role, state);
                    ck_assert((error != NULL) != may);
                    ck_assert_uint_eq(h.tag, may ? tags[t] : 0xffff);
                    passed += may;
                }
    ck_assert_uint_gt(passed, 100);
}
END_TEST

static const struct {
    const char *what;
    guint32 code;
    guint8 role;
    enum peer_state state;
    gsize body;
    gboolean ok;
} sizes[] = {
    { "a HELLO of nothing", COCO_HELLO, ROLE_COCOVM, PEER_OPEN, 0, FALSE },
    { "the shortest HELLO", COCO_HELLO, ROLE_COCOVM, PEER_OPEN, 1, TRUE },
    { "the largest HELLO", COCO_HELLO, ROLE_COCOVM, PEER_OPEN, 4096, TRUE },
    { "a HELLO too long", COCO_HELLO, ROLE_COCOVM, PEER_OPEN, 4097, FALSE },
    { "the largest evidence", COCO_ATTACH, ROLE_COCOVM, PEER_GREETED, 12288, TRUE },
    { "evidence too long", COCO_ATTACH, ROLE_COCOVM, PEER_GREETED, 12289, FALSE },
    { "no locality", COCO_SET_LOCALITY, ROLE_COCOVM, PEER_ATTACHED, 0, FALSE },
    { "a locality", COCO_SET_LOCALITY, ROLE_COCOVM, PEER_ATTACHED, 1, TRUE },
    { "a locality of two bytes", COCO_SET_LOCALITY, ROLE_COCOVM, PEER_ATTACHED, 2, FALSE },
    { "a DETACH with a body", COCO_DETACH, ROLE_COCOVM, PEER_ATTACHED, 1, FALSE },
    { "a CANCEL with a body", COCO_CANCEL, ROLE_COCOVM, PEER_ATTACHED, 1, FALSE },
    { "an INFO with a body", COCO_INFO, ROLE_COCOVM, PEER_OPEN, 1, FALSE },
    { "an OP_RESET with a body", COCO_OP_RESET, ROLE_OPERATOR, PEER_OPEN, 1, FALSE },
    { "a nonce too short", COCO_EVIDENCE, ROLE_COCOVM, PEER_ATTACHED, 35, FALSE },
    { "the shortest nonce", COCO_EVIDENCE, ROLE_COCOVM, PEER_ATTACHED, 36, TRUE },
    { "the longest nonce", COCO_EVIDENCE, ROLE_COCOVM, PEER_ATTACHED, 68, TRUE },
    { "a nonce too long", COCO_EVIDENCE, ROLE_COCOVM, PEER_ATTACHED, 69, FALSE },
    { "a receipt too short", COCO_CHECK_RECEIPT, ROLE_COCOVM, PEER_ATTACHED, 79, FALSE },
    { "a receipt", COCO_CHECK_RECEIPT, ROLE_COCOVM, PEER_ATTACHED, 80, TRUE },
    { "a receipt too long", COCO_CHECK_RECEIPT, ROLE_COCOVM, PEER_ATTACHED, 81, FALSE },
    { "a RESUME too short", COCO_RESUME, ROLE_RESUME, PEER_OPEN, 47, FALSE },
    { "a RESUME without evidence", COCO_RESUME, ROLE_RESUME, PEER_OPEN, 48, TRUE },
    { "a RESUME with the largest evidence", COCO_RESUME, ROLE_RESUME, PEER_OPEN, 48 + 12288, TRUE },
    { "a RESUME too long", COCO_RESUME, ROLE_RESUME, PEER_OPEN, 48 + 12289, FALSE },
};

START_TEST(sizes_are_judged)
{
    guint8 bytes[COCO_MESSAGE_MAX];
    const gsize len = message(bytes, TAG_COCO_COMMAND, sizes[_i].code, sizes[_i].body);
    g_autoptr(GError) error = NULL;
    struct message_header h;

    ck_assert_msg((roles_find(sizes[_i].role, sizes[_i].state, bytes, len, &h, &error) != NULL) ==
                      sizes[_i].ok, "%s", sizes[_i].what);
}
END_TEST

START_TEST(one_record_is_one_message)
{
    guint8 bytes[COCO_MESSAGE_MAX];
    const gsize len = message(bytes, TAG_TPM_NO_SESSIONS, 0x17b, 2);
    g_autoptr(GError) error = NULL;
    struct message_header h;

    ck_assert_ptr_null(roles_find(ROLE_COCOVM, PEER_ATTACHED, bytes, len + 1, &h, NULL));
    ck_assert_ptr_null(roles_find(ROLE_COCOVM, PEER_ATTACHED, bytes, len - 1, &h, NULL));
    ck_assert_ptr_null(roles_find(ROLE_COCOVM, PEER_ATTACHED, bytes, 3, &h, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    ck_assert_ptr_nonnull(roles_find(ROLE_COCOVM, PEER_ATTACHED, bytes,
                                     message(bytes, 0x8001, 1, 4086), &h, NULL));
    ck_assert_ptr_null(roles_find(ROLE_COCOVM, PEER_ATTACHED, bytes, message(bytes, 0x8001, 1, 4087),
                                  &h, NULL));
}
END_TEST

Suite *roles_suite(void);

Suite *
roles_suite(void)
{
    Suite *s = suite_create("roles");
    TCase *t = tcase_create("roles");

    tcase_add_test(t, only_what_has_a_row_passes);
    tcase_add_loop_test(t, sizes_are_judged, 0, G_N_ELEMENTS(sizes));
    tcase_add_test(t, one_record_is_one_message);
    suite_add_tcase(s, t);
    return s;
}
