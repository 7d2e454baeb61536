/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's one question: what is said for an answer, and what is read of it.
 * The server is a thread that says what its case has.
 */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/operator_client.h"
#include "pair.h"
#include "suites.h"

#include <string.h>
#include <sys/socket.h>

#define SECONDS 60                   /* a hang only */

static const struct {
    const char *what;
    const char *answer;              /* hex; NULL: the link is closed instead */
    gssize body;                     /* -1: an error */
    int error;
} answers[] = {
    { "done", "c0c1 0000000a 00000000", 0, 0 },
    { "done, and a body", "c0c1 0000000c 00000000 0102", 2, 0 },
    { "denied", "c0c1 0000000c 00000002 0000", -1, COCO_ERROR_DENIED },
    { "unsupported, in words", "c0c1 0000000e 00000008 0002 6e6f", -1, COCO_ERROR_DENIED },
    { "a TPM's", "8001 0000000a 00000000", -1, COCO_ERROR_MALFORMED },
    { "a command", "c0c0 0000000a 00000011", -1, COCO_ERROR_MALFORMED },
    { "longer than it says", "c0c1 0000000a 00000000 00", -1, COCO_ERROR_MALFORMED },
    { "shorter than it says", "c0c1 0000000b 00000000", -1, COCO_ERROR_MALFORMED },
    { "half a header", "c0c1 0000000a", -1, COCO_ERROR_MALFORMED },
    { "nothing", NULL, -1, COCO_ERROR_SYSTEM },
};

struct host {
    const char *answer;
    guint8 fill;                     /* of the key that it knows */
    int fd;
    GThread *thread;
    guint8 heard[COCO_MESSAGE_MAX];
    gsize len;
};

static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    const struct host *h = data;
    g_autoptr(Secret) key = pair_key(h->fill);
    struct psk_identity id;

    ck_assert(psk_identity_parse(identity, len, &id, NULL));
    ck_assert_int_eq(id.role, ROLE_OPERATOR);
    *ret_known = TRUE;
    return schedule_psk(key, identity, len, NULL);
}

static gpointer
serve(gpointer data)
{
    struct host *h = data;
    const gint64 deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
    g_autoptr(Tls) tls = tls_server_new(h->fd, lookup, h, NULL);
    g_autoptr(GBytes) answer = test_bytes(h->answer ? h->answer : "");

    if (tls_handshake_until(tls, deadline, NULL) != TLS_DONE ||
        tls_receive_until(tls, h->heard, sizeof(h->heard), &h->len, deadline, NULL) != TLS_DONE ||
        !h->answer)
        return NULL;
    (void)tls_send(tls, g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), NULL);
    (void)tls_flush_until(tls, deadline, NULL);
    return NULL;
}

static Stream *
link_to(gpointer data, G_GNUC_UNUSED gint64 deadline, G_GNUC_UNUSED GError **error)
{
    struct host *h = data;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    h->fd = ends[1];
    h->thread = g_thread_new("server", serve, h);
    return stream_new(ends[0]);
}

static gboolean
ask(struct host *h, GBytes **ret, GError **error)
{
    static const guint8 uuid[16] = { 7 };
    g_autoptr(Secret) key = pair_key(5);
    const gboolean good = operator_client_run(uuid, key, COCO_OP_RESET, link_to, h,
                                              g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC,
                                              ret, error);

    g_thread_join(h->thread);
    return good;
}

START_TEST(only_ok_is_good)
{
    static const guint8 asked[] = { 0xc0, 0xc0, 0, 0, 0, 10, 0, 0, 0, COCO_OP_RESET };
    g_autofree struct host *h = g_new0(struct host, 1);
    g_autoptr(GBytes) body = NULL;
    g_autoptr(GError) error = NULL;
    gboolean good;

    h->answer = answers[_i].answer;
    h->fill = 5;
    good = ask(h, &body, &error);
    ck_assert_msg(good == (answers[_i].body >= 0), "%s: %s", answers[_i].what,
                  error ? error->message : "taken");
    if (good)
        ck_assert_int_eq((gssize)g_bytes_get_size(body), answers[_i].body);
    else
        ck_assert_msg(g_error_matches(error, COCO_ERROR, answers[_i].error), "%s: %s", answers[_i].what,
                      error->message);
    ck_assert(h->len == sizeof(asked) && memcmp(h->heard, asked, sizeof(asked)) == 0);
}
END_TEST

START_TEST(another_key_is_told_nothing)
{
    g_autofree struct host *h = g_new0(struct host, 1);
    g_autoptr(GBytes) body = NULL;
    g_autoptr(GError) error = NULL;

    h->answer = answers[0].answer;
    h->fill = 6;
    ck_assert(!ask(h, &body, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    ck_assert_uint_eq(h->len, 0);
}
END_TEST

#define NUMBERS "0001 00001000 00001000 0000000000000002 0000000000000003 "

static const struct {
    const char *what;
    const char *body;
    gboolean good;
    const char *why;
} statuses[] = {
    { "attached", NUMBERS "01 00 0000", TRUE, "" },
    { "waiting, in words", NUMBERS "01 01 0004 66756c6c", TRUE, "full" },
    { "words for a terminal", NUMBERS "01 01 0004 1b5b0a41", TRUE, "?[?A" },
    { "words that say they are longer", NUMBERS "01 01 0005 66756c6c", FALSE, NULL },
    { "words that say they are shorter", NUMBERS "01 01 0003 66756c6c", FALSE, NULL },
    { "cut short", NUMBERS "01", FALSE, NULL },
    { "nothing", "", FALSE, NULL },
};

START_TEST(a_status_is_read)
{
    g_autoptr(GBytes) body = test_bytes(statuses[_i].body);
    struct operator_status s = { 0 };

    ck_assert_msg(operator_status_parse(body, &s, NULL) == statuses[_i].good, "%s", statuses[_i].what);
    ck_assert_msg(g_strcmp0(s.why, statuses[_i].why) == 0, "%s: %s", statuses[_i].what, s.why);
    if (statuses[_i].good) {
        ck_assert(s.version == 1 && s.epoch == 2 && s.generation == 3 && s.attached);
        ck_assert(s.waiting == (_i > 0));
    }
    g_free(s.why);
}
END_TEST

Suite *operator_suite(void);

Suite *
operator_suite(void)
{
    Suite *s = suite_create("operator");
    TCase *t = tcase_create("operator");

    tcase_set_timeout(t, 2 * SECONDS);
    tcase_add_loop_test(t, only_ok_is_good, 0, G_N_ELEMENTS(answers));
    tcase_add_test(t, another_key_is_told_nothing);
    tcase_add_loop_test(t, a_status_is_read, 0, G_N_ELEMENTS(statuses));
    suite_add_tcase(s, t);
    return s;
}
