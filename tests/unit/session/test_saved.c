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
    gsize command, answer;           /* their lengths */
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
    memset(secret_bytes(c->command), 6, sessions[n].command);
    c->command_len = sessions[n].command;
    if (sessions[n].answer)
        c->answer = filled(sessions[n].answer, 7);
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
    tcase_add_test(t, too_little_room_is_seen);
    suite_add_tcase(s, t);
    return s;
}
