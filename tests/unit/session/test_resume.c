/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_resume - RESUME from the client's side: what the server says it carried
 * out decides whether the command goes out again, and one that counts otherwise
 * is refused. The server is a thread that says what its case has.
 */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"
#include "cocotransport/session/protocol.h"
#include "pair.h"
#include "suites.h"

#include <string.h>
#include <sys/socket.h>

Suite *resume_suite(void);

#define SECONDS 60                   /* a hang only */

#define TPM_ANSWER "8001 0000000c 00000000 0102 "

enum end { REFUSED, CAUGHT_UP, SENT_AGAIN, ANSWER_BROUGHT };

static const struct {
    const char *what;
    guint64 sent, received;
    guint64 executed;
    const char *answer;              /* behind it, hex; NULL: none */
    enum end end;
} cases[] = {
    { "nothing open", 7, 7, 7, NULL, CAUGHT_UP },
    { "nothing open, an answer", 7, 7, 7, TPM_ANSWER, REFUSED },
    { "nothing open, one ahead", 7, 7, 8, NULL, REFUSED },
    { "nothing open, one ahead with its answer", 7, 7, 8, TPM_ANSWER, REFUSED },
    { "nothing open, one behind", 7, 7, 6, NULL, REFUSED },
    { "one open, carried out", 8, 7, 8, TPM_ANSWER, ANSWER_BROUGHT },
    { "one open, carried out without an answer", 8, 7, 8, NULL, REFUSED },
    { "one open, not carried out", 8, 7, 7, NULL, SENT_AGAIN },
    { "one open, not carried out but answered", 8, 7, 7, TPM_ANSWER, REFUSED },
    { "one open, one ahead", 8, 7, 9, NULL, REFUSED },
    { "one open, one ahead with its answer", 8, 7, 9, TPM_ANSWER, REFUSED },
    { "one open, two behind", 8, 7, 6, NULL, REFUSED },
    { "far ahead", 8, 7, G_MAXUINT64, TPM_ANSWER, REFUSED },
    { "ours to a TPM command", 8, 7, 8, "c0c1 0000000a 00000000", REFUSED },
    { "a command in an answer's place", 8, 7, 8, "c0c0 0000000a 00000003", REFUSED },
    { "an answer longer than it says", 8, 7, 8, "8001 0000000b 00000000 0102", REFUSED },
    { "an answer shorter than it says", 8, 7, 8, "8001 0000000d 00000000 0102", REFUSED },
    { "half a header", 8, 7, 8, "8001 0000000a", REFUSED },
};

static const guint8 tpm_command[12] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 1 };

struct host {
    guint64 known;                   /* the number of the key that the server has */
    guint8 message[256];             /* its answer to RESUME */
    gsize len;
    guint connects;
    int fd;
    GThread *thread;
    guint8 resume[RESUME_SIZE];      /* what it was asked */
    gsize heard_len;                 /* what came in after that */
    guint8 heard[COCO_MESSAGE_MAX];
};

static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    const struct host *h = data;
    struct psk_identity id;
    g_autoptr(Secret) key = NULL;

    ck_assert(psk_identity_parse(identity, len, &id, NULL));
    key = pair_key((guint8)id.number);
    *ret_known = id.number == h->known;
    return schedule_psk(key, identity, len, NULL);
}

static gpointer
serve(gpointer data)
{
    struct host *h = data;
    const gint64 deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
    g_autoptr(Tls) tls = tls_server_new(h->fd, lookup, h, NULL);
    gsize len = 0;

    if (tls_handshake_until(tls, deadline, NULL) != TLS_DONE ||
        tls_receive_until(tls, h->heard, sizeof(h->heard), &len, deadline, NULL) != TLS_DONE)
        return NULL;
    ck_assert_uint_eq(len, MESSAGE_HEADER + RESUME_SIZE);
    memcpy(h->resume, h->heard + MESSAGE_HEADER, RESUME_SIZE);
    (void)tls_send(tls, h->message, h->len, NULL);
    (void)tls_flush_until(tls, deadline, NULL);
    if (tls_receive_until(tls, h->heard, sizeof(h->heard), &len, deadline, NULL) == TLS_DONE)
        h->heard_len = len;
    return NULL;
}

static void
join(struct host *h)
{
    if (h->thread != NULL)
        g_thread_join(g_steal_pointer(&h->thread));
}

static Stream *
link_to(gpointer data, G_GNUC_UNUSED gint64 deadline, G_GNUC_UNUSED GError **error)
{
    struct host *h = data;
    int ends[2];

    join(h);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    h->fd = ends[1];
    h->connects++;
    h->thread = g_thread_new("server", serve, h);
    return stream_new(ends[0]);
}

static Stream *
no_link(gpointer data, G_GNUC_UNUSED gint64 deadline, GError **error)
{
    struct host *h = data;

    h->connects++;
    error_system(error, "no link");
    return NULL;
}

static Client *
client_of(guint64 sent, guint64 received)
{
    Client *c = client_new();

    c->attached = c->burnt = TRUE;
    memset(c->attachment.attach_id, 9, ATTACH_ID_SIZE);
    c->sent = sent;
    c->received = received;
    if (sent > received) {
        memcpy(secret_bytes(c->command), tpm_command, sizeof(tpm_command));
        c->command_len = sizeof(tpm_command);
    }
    c->keys[0] = (struct resume_key){ 3, pair_key(3) };
    c->keys[1] = (struct resume_key){ 4, pair_key(4) };
    return c;
}

/* The answer: u64 what was executed, and its answer. */
static void
answer_with(struct host *h, guint64 executed, const char *hex)
{
    g_autoptr(GBytes) answer = test_bytes(hex != NULL ? hex : "");
    struct builder b = builder_on(h->message, sizeof(h->message));

    message_header_write(&b, TAG_COCO_ANSWER, 0, COCO_OK);
    builder_be64(&b, executed);
    builder_bytes(&b, g_bytes_get_data(answer, NULL), g_bytes_get_size(answer));
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    ck_assert(!b.failed);
    h->len = builder_len(&b);
}

static gboolean
resume(Client *c, struct host *h, GError **error)
{
    const struct attach_client_config config = { .burn = TRUE };
    const gint64 deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;

    return resume_client_run(c, &config, link_to, h, deadline, error);
}

/* Zeroes ask for the answer to ATTACH. */
static void
was_asked(const struct host *h, guint8 id, guint64 sent, guint64 received)
{
    struct cursor in = cursor_from(h->resume, sizeof(h->resume));
    struct resume r;

    ck_assert(resume_parse(&in, &r, NULL));
    for (guint i = 0; i < ATTACH_ID_SIZE; i++)
        ck_assert_uint_eq(r.attach_id[i], id);
    ck_assert(r.sent == sent && r.received == received);
}

START_TEST(what_was_carried_out_decides)
{
    g_autofree struct host *h = g_new0(struct host, 1);
    g_autoptr(GError) error = NULL;
    Client *c = client_of(cases[_i].sent, cases[_i].received);
    guint8 got[COCO_MESSAGE_MAX];
    gsize len = 0;
    gboolean good;

    h->known = 4;
    answer_with(h, cases[_i].executed, cases[_i].answer);
    good = resume(c, h, &error);
    ck_assert_msg(good == (cases[_i].end != REFUSED), "%s: %s", cases[_i].what,
                  error != NULL ? error->message : "taken");
    ck_assert(good || g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert((client_fd(c) >= 0) == good);
    if (cases[_i].end == ANSWER_BROUGHT) {
        ck_assert(client_pending(c));
        ck_assert(client_receive(c, got, &len, NULL) == TLS_DONE);
        ck_assert_uint_eq(len, 12);
        ck_assert(!client_waiting(c));
    } else {
        ck_assert_ptr_null(c->answer);
        ck_assert(client_waiting(c) == (cases[_i].sent > cases[_i].received));
    }
    client_free(c);
    join(h);
    was_asked(h, 9, cases[_i].sent, cases[_i].received);
    ck_assert_uint_eq(h->heard_len, cases[_i].end == SENT_AGAIN ? sizeof(tpm_command) : 0);
    ck_assert(h->heard_len == 0 || memcmp(h->heard, tpm_command, h->heard_len) == 0);
}
END_TEST

/* Answers of the server that are none, and what its refusal is. Keys stay, but where the server
 * said that it took them. */
static const struct {
    const char *hex;
    int error;
    guint64 newer;
} bad[] = {
    { "c0c1 0000000a 00000000", COCO_ERROR_DENIED, 5 },           /* no number */
    { "c0c1 00000011 00000000 00000000000000", COCO_ERROR_DENIED, 5 },
    { "c0c1 0000000c 00000003 0000", COCO_ERROR_DENIED, 4 },
    { "c0c1 0000000c 00000007 0000", COCO_ERROR_SYSTEM, 4 },      /* busy: again later */
    { "c0c0 00000012 00000000 0000000000000007", COCO_ERROR_MALFORMED, 4 },
    { "8001 00000012 00000000 0000000000000007", COCO_ERROR_MALFORMED, 4 },
    { "c0c1 00000013 00000000 0000000000000007", COCO_ERROR_MALFORMED, 4 },
};

/* To a client that waits for nothing, and to one that waits for the answer to ATTACH. */
START_TEST(no_answer_to_resume)
{
    g_autoptr(GBytes) message = test_bytes(bad[_i].hex);

    for (guint waiting = 0; waiting < 2; waiting++) {
        g_autofree struct host *h = g_new0(struct host, 1);
        g_autoptr(GError) error = NULL;
        Client *c = client_of(1, 1 - waiting);

        h->known = 4;
        h->len = g_bytes_get_size(message);
        memcpy(h->message, g_bytes_get_data(message, NULL), h->len);
        ck_assert_msg(!resume(c, h, &error), "%s", bad[_i].hex);
        ck_assert_msg(g_error_matches(error, COCO_ERROR, bad[_i].error), "%s: %s", bad[_i].hex,
                      error->message);
        ck_assert_int_eq(client_fd(c), -1);
        ck_assert_uint_eq(c->keys[1].number, bad[_i].newer);
        client_free(c);
        join(h);
        ck_assert_uint_eq(h->heard_len, 0);
    }
}
END_TEST

/* The newer key first, then the older; those that made the new session are kept. */
START_TEST(keys_follow_the_one_that_was_taken)
{
    static const struct {
        guint64 known;
        gboolean good;
        guint connects;
        guint64 older, newer;
    } rows[] = { { 4, TRUE, 1, 4, 5 }, { 3, TRUE, 2, 3, 4 }, { 5, FALSE, 2, 3, 4 } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree struct host *h = g_new0(struct host, 1);
        g_autoptr(Secret) older = pair_key((guint8)rows[i].older);
        g_autoptr(Secret) newer = pair_key((guint8)rows[i].newer);
        Client *c = client_of(7, 7);

        h->known = rows[i].known;
        answer_with(h, 7, NULL);
        ck_assert(resume(c, h, NULL) == rows[i].good);
        ck_assert_uint_eq(h->connects, rows[i].connects);
        ck_assert_uint_eq(c->keys[0].number, rows[i].older);
        ck_assert_uint_eq(c->keys[1].number, rows[i].newer);
        ck_assert(secret_equal(c->keys[0].key, older));
        /* The next one comes from the session, where there is one. */
        ck_assert(secret_equal(c->keys[1].key, newer) == !rows[i].good);
        client_free(c);
        join(h);
    }
}
END_TEST

START_TEST(without_a_key_nobody_is_asked)
{
    g_autofree struct host *h = g_new0(struct host, 1);
    g_autoptr(GError) error = NULL;
    Client *c = client_of(7, 7);

    c->keys[0].number = c->keys[1].number = 0;
    ck_assert(!resume(c, h, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert_uint_eq(h->connects, 0);
    client_free(c);
}
END_TEST

/* Of the link before, nothing is heard any more, also where there is no new one. */
START_TEST(the_older_link_is_let_go)
{
    g_autofree struct host *h = g_new0(struct host, 1);
    const struct attach_client_config config = { .burn = TRUE };
    Client *c = client_of(7, 7);

    h->known = 4;
    answer_with(h, 7, NULL);
    ck_assert(resume(c, h, NULL));
    ck_assert_int_ge(client_fd(c), 0);
    ck_assert(!resume_client_run(c, &config, no_link, h, 0, NULL));
    ck_assert_int_eq(client_fd(c), -1);
    client_free(c);
    join(h);
}
END_TEST

/* The other key is for a server that does not know the first. And time that is over is over. */
START_TEST(without_a_link_nobody_was_refused)
{
    struct host h = { 0 };
    const struct attach_client_config config = { .burn = TRUE };
    const gint64 now = g_get_monotonic_time();
    g_autoptr(GError) error = NULL, late = NULL;
    Client *c = client_of(7, 7);

    ck_assert(!resume_client_run(c, &config, no_link, &h, now + G_USEC_PER_SEC, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert_uint_eq(h.connects, 1);
    ck_assert(!resume_client_insist(c, &config, no_link, &h, now, &late));
    ck_assert(g_error_matches(late, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert_uint_eq(h.connects, 2);
    client_free(c);
}
END_TEST

/* No link at first, and then nobody behind it who has a key. */
static Stream *
refuse(gpointer data, gint64 deadline, GError **error)
{
    struct host *h = data;

    if (h->connects == 0)
        return no_link(data, deadline, error);
    h->connects++;
    error_denied(error, "refused");
    return NULL;
}

/* Takes as long as the pauses between the attempts, which are not shortened for a test. */
START_TEST(only_refusals_are_counted_and_end_it)
{
    struct host h = { 0 };
    const struct attach_client_config config = { .burn = TRUE };
    const gint64 end = g_get_monotonic_time() + 10 * SECONDS * G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;
    Client *c = client_of(7, 7);

    c->keys[0].number = 0;
    ck_assert(!resume_client_insist(c, &config, refuse, &h, end, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert_uint_eq(h.connects, 1 + RESUME_REFUSALS_MAX);
    client_free(c);
}
END_TEST

static gboolean
cannot_save(G_GNUC_UNUSED const Client *c, G_GNUC_UNUSED gpointer data, GError **error)
{
    return error_system(error, "no room");
}

/* Keys that only this process has would be lost with it: the command waits. */
START_TEST(keys_are_saved_before_the_command_leaves)
{
    g_autofree struct host *h = g_new0(struct host, 1);
    g_autoptr(GError) error = NULL;
    Client *c = client_of(8, 7);

    h->known = 4;
    answer_with(h, 7, NULL);
    client_on_change(c, cannot_save, NULL);
    ck_assert(!resume(c, h, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    client_free(c);
    join(h);
    ck_assert_uint_eq(h->heard_len, 0);
}
END_TEST

#define LIFE \
    "0101010101010101010101010101010101010101010101010101010101010101 0000000000000005" \
    "02020202020202020202020202020202"

/* The answer to ATTACH, which RESUME has to bring. */
static const struct {
    const char *what;
    const char *answer;
    gboolean good;
} attachments[] = {
    { "whole", "c0c1 00000043 00000000" LIFE "03", TRUE },
    { "cut short", "c0c1 00000042 00000000" LIFE, FALSE },
    { "a refusal", "c0c1 0000000c 00000006 0000", FALSE },
    { "a TPM's", "8001 00000043 00000000" LIFE "03", FALSE },
    { "of another size", "c0c1 00000044 00000000" LIFE "03", FALSE },
};

START_TEST(the_answer_to_attach_is_fetched)
{
    g_autofree struct host *h = g_new0(struct host, 1);
    Client *c = client_of(1, 0);
    const gboolean good = attachments[_i].good;

    c->attached = FALSE;
    h->known = 4;
    answer_with(h, 1, attachments[_i].answer);
    ck_assert_msg(resume(c, h, NULL) == good, "%s", attachments[_i].what);
    ck_assert(c->attached == good);
    ck_assert(client_waiting(c) == !good);
    ck_assert_uint_eq(c->attachment.epoch, good ? 5 : 0);
    ck_assert_uint_eq(c->attachment.localities, good ? 3 : 0);
    client_free(c);
    join(h);
    was_asked(h, 0, 1, 0);
}
END_TEST

Suite *
resume_suite(void)
{
    Suite *s = suite_create("resume");
    TCase *t = tcase_create("resume");

    tcase_set_timeout(t, 2 * SECONDS);
    tcase_add_loop_test(t, what_was_carried_out_decides, 0, G_N_ELEMENTS(cases));
    tcase_add_loop_test(t, no_answer_to_resume, 0, G_N_ELEMENTS(bad));
    tcase_add_test(t, keys_follow_the_one_that_was_taken);
    tcase_add_test(t, without_a_key_nobody_is_asked);
    tcase_add_test(t, the_older_link_is_let_go);
    tcase_add_test(t, without_a_link_nobody_was_refused);
    tcase_add_test(t, only_refusals_are_counted_and_end_it);
    tcase_add_test(t, keys_are_saved_before_the_command_leaves);
    tcase_add_loop_test(t, the_answer_to_attach_is_fetched, 0, G_N_ELEMENTS(attachments));
    suite_add_tcase(s, t);
    return s;
}
