/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session as bytes and back: the same session, or none.
 */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"
#include "suites.h"

#include <string.h>

static const struct {
    const char *what;
    guint64 sent, received, older, newer;
    gsize command, answer;           /* their lengths; a TPM's */
    gboolean attached, receipt;
    gboolean good;
} sessions[] = {
    { "attached, no answer yet", 1, 0, 0, 1, 1300, 0, FALSE, FALSE, TRUE },
    { "all answered", 7, 7, 3, 4, 0, 0, TRUE, TRUE, TRUE },
    { "a command under way", 8, 7, 3, 4, 12, 0, TRUE, TRUE, TRUE },
    { "an answer that nobody took", 8, 7, 3, 4, 12, 20, TRUE, FALSE, TRUE },
    { "the largest", 8, 7, 3, 4, COCO_MESSAGE_MAX, COCO_MESSAGE_MAX, TRUE, TRUE, TRUE },
    { "no key", 7, 7, 3, 0, 0, 0, TRUE, FALSE, FALSE },
    { "more answers than commands", 7, 8, 3, 4, 0, 0, TRUE, FALSE, FALSE },
    { "two commands open", 9, 7, 3, 4, 12, 0, TRUE, FALSE, FALSE },
    { "a command that is not there", 8, 7, 3, 4, 0, 0, TRUE, FALSE, FALSE },
    { "a command that was answered", 7, 7, 3, 4, 12, 0, TRUE, FALSE, FALSE },
    { "an answer to nothing", 7, 7, 3, 4, 0, 20, TRUE, FALSE, FALSE },
};

static Secret *
filled(gsize len, int value)
{
    Secret *s = secret_new(len);

    memset(secret_bytes(s), value, len);
    return s;
}

/* A TPM's, of @len bytes, to be told from others by @fill. */
static void
message(guint8 *memory, gsize len, guint8 fill)
{
    struct builder b = builder_on(memory, len);

    memset(memory, fill, len);
    message_header_write(&b, TAG_TPM_NO_SESSIONS, (guint32)len, 0);
}

static Client *
session(int n)
{
    Client *c = client_new();

    c->attached = sessions[n].attached;
    c->burnt = TRUE;
    c->sent = sessions[n].sent;
    c->received = sessions[n].received;
    memset(c->uuid, 1, sizeof(c->uuid));
    memset(c->context, 2, sizeof(c->context));
    memset(c->attachment.attach_id, 3, ATTACH_ID_SIZE);
    c->attachment.epoch = 9;
    c->attachment.localities = 5;
    if (sessions[n].older)
        c->keys[0] = (struct resume_key){ sessions[n].older, filled(32, 4) };
    if (sessions[n].newer)
        c->keys[1] = (struct resume_key){ sessions[n].newer, filled(32, 5) };
    message(secret_bytes(c->command), sessions[n].command, 6);
    c->command_len = sessions[n].command;
    if (sessions[n].answer) {
        c->answer = secret_new(sessions[n].answer);
        message(secret_bytes(c->answer), sessions[n].answer, 7);
    }
    c->receipt_given = sessions[n].receipt;
    c->receipt.generation = 11;
    return c;
}

static GBytes *
save(const Client *c)
{
    guint8 *bytes = g_malloc(CLIENT_SAVED_MAX);
    struct builder out = builder_on(bytes, CLIENT_SAVED_MAX);

    client_save(c, &out);
    ck_assert(!out.failed);
    return g_bytes_new_take(bytes, builder_len(&out));
}

static Client *
load(GBytes *saved, GError **error)
{
    gsize len = 0;
    const guint8 *bytes = g_bytes_get_data(saved, &len);

    return client_load(bytes, len, error);
}

START_TEST(a_session_comes_back)
{
    g_autoptr(Client) c = session(_i);
    g_autoptr(GBytes) saved = save(c);
    g_autoptr(GError) error = NULL;
    g_autoptr(Client) back = load(saved, &error);
    g_autoptr(GBytes) again = NULL;

    ck_assert_msg((back != NULL) == sessions[_i].good, "%s", sessions[_i].what);
    if (!back) {
        ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
        return;
    }
    ck_assert(client_waiting(back) == (c->sent > c->received));
    ck_assert_int_eq(client_fd(back), -1);
    ck_assert_uint_eq(client_attachment(back)->epoch, 9);
    ck_assert((client_receipt(back) != NULL) == sessions[_i].receipt);
    again = save(back);
    ck_assert(g_bytes_equal(saved, again));
}
END_TEST

START_TEST(half_a_session_is_none)
{
    g_autoptr(Client) c = session(3);
    g_autoptr(GBytes) saved = save(c);
    const gsize whole = g_bytes_get_size(saved);
    g_autofree guint8 *bytes = g_malloc0(whole + 1);

    memcpy(bytes, g_bytes_get_data(saved, NULL), whole);
    for (gsize len = 0; len <= whole + 1; len++) {
        g_autoptr(Client) back = client_load(bytes, len, NULL);

        ck_assert_msg((back != NULL) == (len == whole), "%zu bytes", len);
    }
}
END_TEST

/* Where what is in @session begins that the parser judges: up to its numbers, and to its command. */
#define AT_ATTACHED 17
#define AT_BURNT 18
#define AT_NUMBERS (19 + 16 + 32 + ATTACH_ID_SIZE + 8 + 16 + 1 + 2 * (8 + 32))
#define AT_COMMAND (AT_NUMBERS + 16)
#define AT_ANSWER (AT_COMMAND + 2 + 12)
#define AT_RECEIPT (AT_ANSWER + 2 + 20)

static const struct {
    const char *what;
    gsize at;
    const char *hex;                 /* what stands there instead */
} changes[] = {
    { "nothing", 0, "43" },
    { "another beginning", 0, "00" },
    { "another version", 16, "32" },
    { "attached twice", AT_ATTACHED, "02" },
    { "burnt twice", AT_BURNT, "ff" },
    { "a receipt given twice", AT_RECEIPT, "02" },
    { "more answers than commands", AT_NUMBERS, "0000000000000007 0000000000000008" },
    { "answers of before the first", AT_NUMBERS, "0000000000000000 ffffffffffffffff" },
    { "an answer of ours to a TPM command", AT_ANSWER + 2, "c0c1" },
    { "a command for an answer", AT_ANSWER + 2, "c0c0" },
    { "an answer that says it is longer", AT_ANSWER + 4, "00000015" },
    { "an answer that says it is shorter", AT_ANSWER + 4, "00000013" },
};

START_TEST(each_field_is_judged)
{
    g_autoptr(Client) c = session(3);
    g_autoptr(GBytes) saved = save(c);
    g_autoptr(GBytes) change = test_bytes(changes[_i].hex);
    gsize len = g_bytes_get_size(saved);
    g_autofree guint8 *bytes = g_memdup2(g_bytes_get_data(saved, NULL), len);
    g_autoptr(Client) back = NULL;

    ck_assert_uint_eq(len, AT_RECEIPT + 1);
    memcpy(bytes + changes[_i].at, g_bytes_get_data(change, NULL), g_bytes_get_size(change));
    back = client_load(bytes, len, NULL);
    ck_assert_msg((back != NULL) == (_i == 0), "%s", changes[_i].what);
}
END_TEST

/* There is room for the largest message, and the length says up to four times of that. */
START_TEST(a_longer_message_than_any_is_refused)
{
    static const gsize at[] = { AT_COMMAND, AT_ANSWER }, rest[] = { 2 + 20 + 1, 1 };
    static const guint16 lengths[] = { COCO_MESSAGE_MAX + 1, G_MAXUINT16 };
    const gsize which = (gsize)_i % 2, len = lengths[_i / 2];
    g_autoptr(Client) c = session(3);
    g_autoptr(GBytes) saved = save(c);
    const guint8 *good = g_bytes_get_data(saved, NULL);
    const gsize whole = at[which] + 2 + len + rest[which];
    g_autofree guint8 *bytes = g_malloc0(whole);
    struct builder length = builder_on(bytes + at[which], 2);

    memcpy(bytes, good, at[which]);
    builder_be16(&length, (guint16)len);
    message(bytes + at[which] + 2, len, 6);
    memcpy(bytes + whole - rest[which], good + g_bytes_get_size(saved) - rest[which], rest[which]);
    ck_assert_ptr_null(client_load(bytes, whole, NULL));
}
END_TEST

START_TEST(too_little_room_is_seen)
{
    g_autoptr(Client) c = session(3);
    g_autoptr(GBytes) saved = save(c);
    const gsize whole = g_bytes_get_size(saved);
    g_autofree guint8 *bytes = g_malloc(whole);

    for (gsize size = 0; size <= whole; size++) {
        struct builder out = builder_on(bytes, size);

        client_save(c, &out);
        ck_assert_msg(out.failed == (size < whole), "%zu bytes", size);
    }
}
END_TEST

Suite *saved_suite(void);

Suite *
saved_suite(void)
{
    Suite *s = suite_create("saved");
    TCase *t = tcase_create("saved");

    tcase_add_loop_test(t, a_session_comes_back, 0, G_N_ELEMENTS(sessions));
    tcase_add_test(t, half_a_session_is_none);
    tcase_add_loop_test(t, each_field_is_judged, 0, G_N_ELEMENTS(changes));
    tcase_add_loop_test(t, a_longer_message_than_any_is_refused, 0, 4);
    tcase_add_test(t, too_little_room_is_seen);
    suite_add_tcase(s, t);
    return s;
}
