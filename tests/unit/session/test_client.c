/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_client - what an attached client takes for an answer: one to what it
 * asked, whole, and once; and what it keeps of receipts.
 */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"
#include "pair.h"
#include "suites.h"

#include <string.h>
#include <unistd.h>

Suite *client_suite(void);

/* One message of the server: a header, and @body bytes of which a RECEIPT has its own. */
struct said {
    guint16 tag;
    guint32 code;
    gsize body;
    int size_off;                    /* the size it claims, beside the true one */
    enum { PLAIN, RECEIPT, RECEIPT_OF_OTHERS } kind;
};

enum asked { NOTHING, TPM_COMMAND, COCO_COMMAND };

static const struct {
    const char *what;
    enum asked asked;
    struct said said[2];             /* of tag 0: not said */
    enum tls_result result;
    gboolean receipt;
} answers[] = {
    { "a TPM's", TPM_COMMAND, { { 0x8001, 0, 2, 0, PLAIN } }, TLS_DONE, FALSE },
    { "a TPM's with sessions", TPM_COMMAND, { { 0x8002, 0, 9, 0, PLAIN } }, TLS_DONE, FALSE },
    { "ours", COCO_COMMAND, { { TAG_COCO_ANSWER, 0, 2, 0, PLAIN } }, TLS_DONE, FALSE },
    { "ours of status 8 like a receipt", COCO_COMMAND,
      { { TAG_COCO_ANSWER, COCO_RECEIPT, RECEIPT_SIZE, 0, RECEIPT } }, TLS_DONE, FALSE },
    { "ours to a TPM command", TPM_COMMAND, { { TAG_COCO_ANSWER, 0, 0, 0, PLAIN } }, TLS_FAILED,
      FALSE },
    { "a TPM's to ours", COCO_COMMAND, { { 0x8001, 0, 0, 0, PLAIN } }, TLS_FAILED, FALSE },
    { "a command", TPM_COMMAND, { { TAG_COCO_COMMAND, COCO_DETACH, 0, 0, PLAIN } }, TLS_FAILED,
      FALSE },
    { "a command to ours", COCO_COMMAND, { { TAG_COCO_COMMAND, COCO_DETACH, 0, 0, PLAIN } },
      TLS_FAILED, FALSE },
    { "longer than it says", TPM_COMMAND, { { 0x8001, 0, 2, -1, PLAIN } }, TLS_FAILED, FALSE },
    { "shorter than it says", TPM_COMMAND, { { 0x8001, 0, 2, 1, PLAIN } }, TLS_FAILED, FALSE },
    { "to nothing", NOTHING, { { 0x8001, 0, 2, 0, PLAIN } }, TLS_FAILED, FALSE },
    { "ours to nothing", NOTHING, { { TAG_COCO_ANSWER, 0, 0, 0, PLAIN } }, TLS_FAILED, FALSE },
    { "none", TPM_COMMAND, { { 0, 0, 0, 0, PLAIN } }, TLS_AGAIN, FALSE },
    { "behind a receipt", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE, 0, RECEIPT }, { 0x8001, 0, 2, 0, PLAIN } },
      TLS_DONE, TRUE },
    { "a receipt alone", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE, 0, RECEIPT } }, TLS_AGAIN, TRUE },
    { "a receipt of another instance", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE, 0, RECEIPT_OF_OTHERS },
        { 0x8001, 0, 2, 0, PLAIN } }, TLS_FAILED, FALSE },
    { "a receipt cut short", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE - 1, 0, RECEIPT } }, TLS_FAILED, FALSE },
    { "a receipt and more", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE + 1, 0, RECEIPT } }, TLS_FAILED, FALSE },
    { "a receipt that says it is longer", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE, 1, RECEIPT }, { 0x8001, 0, 2, 0, PLAIN } },
      TLS_FAILED, FALSE },
    { "a receipt that says it is shorter", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_RECEIPT, RECEIPT_SIZE, -1, RECEIPT }, { 0x8001, 0, 2, 0, PLAIN } },
      TLS_FAILED, FALSE },
    { "a receipt of a TPM", TPM_COMMAND,
      { { 0x8001, COCO_RECEIPT, RECEIPT_SIZE, 0, RECEIPT } }, TLS_DONE, FALSE },
    { "a receipt under another code", TPM_COMMAND,
      { { TAG_COCO_COMMAND, COCO_INFO, RECEIPT_SIZE, 0, RECEIPT } }, TLS_FAILED, FALSE },
};

static const guint8 tpm_command[12] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 1 };

static Client *
client_over(struct pair *p)
{
    g_autoptr(Secret) key = pair_key(7);
    enum tls_result client, server;
    Client *c = client_new();

    pair_open(p, key, key);
    pair_shake(p, &client, &server);
    ck_assert(client == TLS_DONE && server == TLS_DONE);
    c->tls = g_steal_pointer(&p->client);
    memset(c->uuid, 3, sizeof(c->uuid));
    c->sent = c->received = 4;
    return c;
}

static void
say(struct pair *p, const struct said *said)
{
    guint8 message[256] = { 0 };
    const gsize len = MESSAGE_HEADER + said->body;
    struct builder b = builder_on(message, sizeof(message));
    struct receipt r = { .epoch = 5 };

    memset(r.uuid, said->kind == RECEIPT ? 3 : 4, sizeof(r.uuid));
    message_header_write(&b, said->tag, (guint32)((int)len + said->size_off), said->code);
    if (said->kind != PLAIN)
        receipt_write(&r, &b);
    ck_assert(!b.failed);
    ck_assert(tls_send(p->server, message, len, NULL) == TLS_DONE);
    (void)pair_carry(p);
}

/* Of what was said last. */
static gsize
said_len(int row)
{
    const struct said *said = answers[row].said;

    return MESSAGE_HEADER + (said[1].tag != 0 ? said[1].body : said[0].body);
}

START_TEST(an_answer_is_one_to_what_was_asked)
{
    guint8 got[COCO_MESSAGE_MAX];
    gsize len = 0;
    struct pair p;
    Client *c = client_over(&p);
    const guint64 sent = answers[_i].asked == NOTHING ? 4 : 5;
    enum tls_result result;

    if (answers[_i].asked == TPM_COMMAND)
        ck_assert(client_send(c, tpm_command, sizeof(tpm_command), NULL) == TLS_DONE);
    else if (answers[_i].asked == COCO_COMMAND)
        ck_assert(client_ask(c, COCO_INFO, NULL, 0, NULL) == TLS_DONE);
    for (gsize i = 0; i < G_N_ELEMENTS(answers[_i].said); i++)
        if (answers[_i].said[i].tag != 0)
            say(&p, &answers[_i].said[i]);
    result = client_receive(c, got, &len, NULL);
    ck_assert_msg(result == answers[_i].result, "%s: %d", answers[_i].what, result);
    ck_assert_msg((client_receipt(c) != NULL) == answers[_i].receipt, "%s", answers[_i].what);
    ck_assert_msg(!answers[_i].receipt || client_receipt(c)->epoch == 5, "%s", answers[_i].what);
    ck_assert_msg((client_fd(c) == -1) == (result == TLS_FAILED), "%s", answers[_i].what);
    /* What is left of a failure is 0. */
    ck_assert_uint_eq(len, result == TLS_DONE ? said_len(_i) : 0);
    ck_assert_uint_eq(c->sent, sent);
    ck_assert_uint_eq(c->received, result == TLS_DONE ? sent : 4);
    ck_assert((c->command_len == 0) == (c->received == c->sent));
    if (result == TLS_FAILED) {
        ck_assert(client_receive(c, got, &len, NULL) == TLS_CLOSED);
        ck_assert(client_cancel(c, NULL) == TLS_CLOSED);
    }
    client_free(c);
    pair_close(&p);
}
END_TEST

/* Less than a header, to a command of either kind. */
START_TEST(half_a_header_is_no_answer)
{
    static const guint8 half[9] = { 0x80, 0x01, 0, 0, 0, 10 };
    guint8 got[COCO_MESSAGE_MAX];
    gsize len;

    for (gsize size = 1; size <= sizeof(half); size++) {
        struct pair p;
        Client *c = client_over(&p);

        ck_assert(client_send(c, tpm_command, sizeof(tpm_command), NULL) == TLS_DONE);
        ck_assert(tls_send(p.server, half, size, NULL) == TLS_DONE);
        (void)pair_carry(&p);
        ck_assert(client_receive(c, got, &len, NULL) == TLS_FAILED);
        ck_assert(client_waiting(c));
        client_free(c);
        pair_close(&p);
    }
}
END_TEST

/* One that left by a link that is gone is counted: RESUME will find what became of it. */
START_TEST(a_command_waits_for_a_link)
{
    guint8 got[COCO_MESSAGE_MAX];
    gsize len;
    struct pair p;
    Client *c = client_over(&p);

    close(p.host.ends[0]);
    p.host.ends[0] = -1;
    ck_assert(client_send(c, tpm_command, sizeof(tpm_command), NULL) != TLS_DONE);
    ck_assert_int_eq(client_fd(c), -1);
    ck_assert_int_eq(client_events(c), 0);
    ck_assert(!client_pending(c));
    ck_assert(client_waiting(c));
    ck_assert_uint_eq(c->sent, 5);
    ck_assert_uint_eq(c->command_len, sizeof(tpm_command));
    ck_assert(!client_receive_until(c, got, &len, 0, NULL));
    client_free(c);
    pair_close(&p);
}
END_TEST

/* What is sent before the first answer would be counted as that, and never answered. */
START_TEST(one_command_at_a_time)
{
    g_autofree guint8 *long_one = g_malloc0(COCO_MESSAGE_MAX + 1);
    guint8 got[COCO_MESSAGE_MAX];
    gsize len;
    struct pair p;
    Client *c = client_over(&p);

    ck_assert(client_send(c, long_one, COCO_MESSAGE_MAX + 1, NULL) == TLS_FAILED);
    ck_assert_uint_eq(c->sent, 4);
    ck_assert(client_send(c, tpm_command, sizeof(tpm_command), NULL) == TLS_DONE);
    ck_assert(client_send(c, tpm_command, sizeof(tpm_command), NULL) == TLS_FAILED);
    ck_assert_uint_eq(c->sent, 5);
    (void)pair_carry(&p);
    ck_assert(tls_receive(p.server, got, sizeof(got), &len, NULL) == TLS_DONE);
    ck_assert(len == sizeof(tpm_command) && memcmp(got, tpm_command, len) == 0);
    ck_assert(tls_receive(p.server, got, sizeof(got), &len, NULL) == TLS_AGAIN);
    client_free(c);
    pair_close(&p);
}
END_TEST

static gboolean
cannot_save(G_GNUC_UNUSED const Client *c, G_GNUC_UNUSED gpointer data, GError **error)
{
    return error_system(error, "no room");
}

/* A command that left before its number was saved could be run twice. */
START_TEST(what_cannot_be_saved_does_not_leave)
{
    guint8 got[COCO_MESSAGE_MAX];
    gsize len;
    struct pair p;
    Client *c = client_over(&p);

    client_on_change(c, cannot_save, NULL);
    ck_assert(client_send(c, tpm_command, sizeof(tpm_command), NULL) == TLS_FAILED);
    ck_assert_int_eq(client_fd(c), -1);
    (void)pair_carry(&p);
    ck_assert(tls_receive(p.server, got, sizeof(got), &len, NULL) != TLS_DONE);
    client_free(c);
    pair_close(&p);
}
END_TEST

static const struct {
    const char *hex;
    gboolean good;
    enum coco_status status;
    gsize body;
    const char *reason;
} statuses[] = {
    { "c0c1 0000000a 00000000", TRUE, COCO_OK, 0, NULL },
    { "c0c1 0000000c 00000000 0102", TRUE, COCO_OK, 2, NULL },
    { "c0c1 0000000f 00000007 0003 610a7f", TRUE, COCO_BUSY, 0, "a??" },
    { "c0c1 0000000c 00000007 0000", TRUE, COCO_BUSY, 0, "" },
    { "c0c1 0000000e 00000007 0003 6162", FALSE, COCO_OK, 0, NULL },
    { "c0c1 0000000b 00000007 00", FALSE, COCO_OK, 0, NULL },
    { "c0c1 0000000b 00000000 0102", FALSE, COCO_OK, 0, NULL },
    { "c0c1 0000000d 00000000 0102", FALSE, COCO_OK, 0, NULL },
    { "c0c0 0000000a 00000000", FALSE, COCO_OK, 0, NULL },
    { "8001 0000000a 00000000", FALSE, COCO_OK, 0, NULL },
    { "c0c1 0000000a 000000", FALSE, COCO_OK, 0, NULL },
};

START_TEST(statuses_are_read)
{
    g_autoptr(GBytes) message = test_bytes(statuses[_i].hex);
    g_autoptr(GBytes) body = NULL;
    g_autofree char *reason = NULL;
    enum coco_status status = COCO_OK;
    gsize len;
    const guint8 *bytes = g_bytes_get_data(message, &len);
    const gboolean good = client_read_answer(bytes, len, &status, &body, &reason, NULL);

    ck_assert_msg(good == statuses[_i].good, "%s", statuses[_i].hex);
    ck_assert_int_eq(status, statuses[_i].status);
    ck_assert((body != NULL) == (good && status == COCO_OK));
    ck_assert(body == NULL || g_bytes_get_size(body) == statuses[_i].body);
    ck_assert_msg(g_strcmp0(reason, statuses[_i].reason) == 0, "%s", statuses[_i].hex);
}
END_TEST

Suite *
client_suite(void)
{
    Suite *s = suite_create("client");
    TCase *t = tcase_create("client");

    tcase_add_loop_test(t, an_answer_is_one_to_what_was_asked, 0, G_N_ELEMENTS(answers));
    tcase_add_test(t, half_a_header_is_no_answer);
    tcase_add_test(t, a_command_waits_for_a_link);
    tcase_add_test(t, one_command_at_a_time);
    tcase_add_test(t, what_cannot_be_saved_does_not_leave);
    tcase_add_loop_test(t, statuses_are_read, 0, G_N_ELEMENTS(statuses));
    suite_add_tcase(s, t);
    return s;
}
