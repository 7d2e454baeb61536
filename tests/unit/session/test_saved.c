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

START_TEST(a_session_comes_back)
{
    g_autoptr(Client) c = session(_i);
    g_autoptr(Secret) saved = client_save(c, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Client) back = client_load(saved, &error);
    g_autoptr(Secret) again = NULL;

    ck_assert_msg((back != NULL) == sessions[_i].good, "%s", sessions[_i].what);
    if (!back) {
        ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
        return;
    }
    ck_assert(client_waiting(back) == (c->sent > c->received));
    ck_assert_int_eq(client_fd(back), -1);
    ck_assert_uint_eq(client_attachment(back)->epoch, 9);
    ck_assert((client_receipt(back) != NULL) == sessions[_i].receipt);
    again = client_save(back, NULL);
    ck_assert(secret_equal(saved, again));
}
END_TEST

START_TEST(half_a_session_is_none)
{
    g_autoptr(Client) c = session(3);
    g_autoptr(Secret) saved = client_save(c, NULL);
    g_autoptr(Secret) longer = secret_new(secret_len(saved) + 1);

    memcpy(secret_bytes(longer), secret_peek(saved), secret_len(saved));
    ck_assert(client_load(longer, NULL) == NULL);
    for (gsize len = 1; len < secret_len(saved); len++) {
        g_autoptr(Secret) cut = secret_copy(secret_peek(saved), len);

        ck_assert_msg(client_load(cut, NULL) == NULL, "%zu bytes", len);
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
    suite_add_tcase(s, t);
    return s;
}
