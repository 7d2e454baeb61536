/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's session over TLS with a server that says what the test has: whose
 * turn it is, what each asker gets for each answer, and what all get at the end.
 */
#include "config.h"

#include "peer.h"
#include "suites.h"

#include <unistd.h>

#define GET_RANDOM "8001 0000000c 0000017b 0008"
#define PCR_READ "8001 0000000a 0000017e"
#define RANDOM "8001 0000000c 00000000 0102"
#define FAILURE "80010000000a00000101"
#define LOCALITY "c0c0 0000000b 00000004 03"
#define CANCEL "c0c0 0000000a 00000005"
#define DETACH "c0c0 0000000a 00000003"

/* ---- what is asked, and what is called back ---- */

static void
log_bytes(struct world *w, const char *what, const guint8 *bytes, gsize len)
{
    g_string_append_printf(w->log, "%s", what);
    for (gsize i = 0; i < len; i++)
        g_string_append_printf(w->log, "%02x", bytes[i]);
    g_string_append_c(w->log, ' ');
}

static void
command_done(const guint8 *answer, gsize len, gpointer data)
{
    log_bytes(data, "tpm ", answer, len);
}

static void
result_done(guint32 result, gpointer data)
{
    g_string_append_printf(((struct world *)data)->log, "result %x ", result);
}

static void
status_done(enum coco_status status, const guint8 *body, gsize len, gpointer data)
{
    g_string_append_printf(((struct world *)data)->log, "status %x ", status);
    log_bytes(data, "body ", body, len);
}

static void
command(struct world *w, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    w->tpm->ops->command(w->tpm, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                         command_done, w);
}

enum asked { TPM, SET_LOCALITY, END, INFO };

static void
ask(struct world *w, enum asked what)
{
    static const guint8 body[2] = { 9, 9 };

    if (what == TPM)
        command(w, GET_RANDOM);
    else if (what == SET_LOCALITY)
        w->tpm->ops->locality(w->tpm, 3, result_done, w);
    else if (what == END)
        w->tpm->ops->shutdown(w->tpm, result_done, w);
    else
        driver_session_request(w->session, COCO_INFO, body, sizeof(body), status_done, w);
}

/* What was called back since the last time. */
static void
told(struct world *w, const char *what)
{
    ck_assert_str_eq(w->log->str, what);
    g_string_truncate(w->log, 0);
}

START_TEST(one_after_the_other)
{
    struct world w;

    world_open(&w);
    command(&w, GET_RANDOM);
    ask(&w, SET_LOCALITY);
    command(&w, PCR_READ);
    heard(&w, GET_RANDOM);
    heard_nothing(&w);
    say(&w, RANDOM);
    told(&w, "tpm 80010000000c000000000102 ");
    ck_assert_uint_eq(w.answered, 1);
    heard(&w, LOCALITY);
    heard_nothing(&w);
    say(&w, "c0c1 0000000a 00000000");
    told(&w, "result 0 ");
    heard(&w, PCR_READ);
    told(&w, "");
    say(&w, "8001 0000000a 00000100");
    told(&w, "tpm 80010000000a00000100 ");
    ck_assert_uint_eq(w.answered, 3);
    heard_nothing(&w);
    world_close(&w);
}
END_TEST

static const struct {
    const char *what;
    enum asked asked;
    const char *heard, *answer;
    const char *told;                /* "": nothing yet, the link is opened anew */
} answers[] = {
    { "a TPM's", TPM, GET_RANDOM, RANDOM, "tpm 80010000000c000000000102 " },
    { "ours to a TPM command", TPM, GET_RANDOM, "c0c1 0000000a 00000000", "" },
    { "of another size", TPM, GET_RANDOM, "8001 0000000d 00000000 0102", "" },
    { "locality", SET_LOCALITY, LOCALITY, "c0c1 0000000a 00000000", "result 0 " },
    { "locality, denied", SET_LOCALITY, LOCALITY, "c0c1 0000000c 00000002 0000", "result 3d " },
    { "locality, busy", SET_LOCALITY, LOCALITY, "c0c1 0000000c 00000007 0000", "result 9 " },
    { "a TPM's to locality", SET_LOCALITY, LOCALITY, RANDOM, "" },
    { "info", INFO, "c0c0 0000000c 00000007 0909", "c0c1 0000000c 00000000 0102", "status 0 body 0102 " },
    { "info, stale", INFO, "c0c0 0000000c 00000007 0909", "c0c1 0000000c 00000005 0000",
      "status 5 body 0000 " },
    { "the end", END, DETACH, "c0c1 0000000a 00000000", "result 0 " },
    { "the end, refused", END, DETACH, "c0c1 0000000c 00000003 0000", "result 9 " },
};

START_TEST(each_asker_gets_its_answer)
{
    struct world w;

    world_open(&w);
    ask(&w, answers[_i].asked);
    heard(&w, answers[_i].heard);
    say(&w, answers[_i].answer);
    told(&w, answers[_i].told);
    ck_assert_msg(driver_session_lost(w.session) == (*answers[_i].told == '\0'), "%s", answers[_i].what);
    ck_assert_uint_eq(w.answered, *answers[_i].told ? 1 : 0);
    world_close(&w);
}
END_TEST

/* Whatever the CoCoTPM says to DETACH: who asked for the end goes on with nothing. */
START_TEST(nothing_comes_after_the_end)
{
    struct world w;

    world_open(&w);
    ask(&w, END);
    command(&w, PCR_READ);
    heard(&w, DETACH);
    say(&w, "c0c1 0000000a 00000000");
    told(&w, "result 0 tpm " FAILURE " ");
    ask(&w, TPM);
    heard_nothing(&w);
    told(&w, "tpm " FAILURE " ");
    world_close(&w);
}
END_TEST

START_TEST(cancel_goes_with_what_is_in_hand)
{
    struct world w;

    world_open(&w);
    settle(&w);
    w.tpm->ops->cancel(w.tpm);
    command(&w, GET_RANDOM);
    heard(&w, GET_RANDOM);
    heard_nothing(&w);
    w.tpm->ops->cancel(w.tpm);
    heard(&w, CANCEL);
    heard_nothing(&w);
    say(&w, "8001 0000000a 00000909");
    told(&w, "tpm 80010000000a00000909 ");
    w.tpm->ops->cancel(w.tpm);
    command(&w, PCR_READ);
    heard(&w, PCR_READ);
    heard_nothing(&w);
    world_close(&w);
}
END_TEST

START_TEST(an_answer_to_nothing_is_none)
{
    struct world w;

    world_open(&w);
    settle(&w);
    say(&w, RANDOM);
    told(&w, "");
    ck_assert_uint_eq(w.answered, 0);
    ck_assert(driver_session_lost(w.session));
    world_close(&w);
}
END_TEST

static void
wait_connects(struct world *w, gint count)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    while (g_atomic_int_get(&w->connects) < count) {
        ck_assert(g_get_monotonic_time() < end);
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
}

/* Nobody is answered while the link may come back; all are once it will not. */
START_TEST(all_wait_and_all_fail)
{
    struct world w;
    gint connects;

    world_open(&w);
    command(&w, GET_RANDOM);
    heard(&w, GET_RANDOM);
    ask(&w, SET_LOCALITY);
    close(w.p.host.ends[0]);
    w.p.host.ends[0] = -1;
    wait_connects(&w, 3);
    ck_assert(driver_session_lost(w.session));
    ask(&w, END);
    ask(&w, INFO);
    w.tpm->ops->cancel(w.tpm);
    wait_connects(&w, 4);
    told(&w, "");
    driver_session_fail(w.session, "the test says so");
    settle(&w);
    told(&w, "tpm " FAILURE " result 9 result 0 status 9 body  ");
    ck_assert(!driver_session_lost(w.session));
    command(&w, PCR_READ);
    settle(&w);
    told(&w, "tpm " FAILURE " ");
    ck_assert_uint_eq(w.answered, 0);
    /* What was begun may end; nothing goes on, and nothing comes back. */
    connects = g_atomic_int_get(&w.connects);
    for (guint i = 0; i < 400; i++) {
        settle(&w);
        g_usleep(10000);
    }
    ck_assert_int_le(g_atomic_int_get(&w.connects), connects + 1);
    ck_assert(!driver_session_lost(w.session));
    world_close(&w);
}
END_TEST

/* The thread that resumes has the client to itself; and no attempt is due once all is freed. */
START_TEST(it_is_freed_between_attempts)
{
    struct world w;

    world_open(&w);
    w.hold = TRUE;
    settle(&w);
    close(w.p.host.ends[0]);
    w.p.host.ends[0] = -1;
    wait_connects(&w, 1);
    ask(&w, TPM);
    ck_assert(!driver_session_free(w.session));
    g_atomic_int_set(&w.hold, FALSE);
    world_close(&w);
    ck_assert_int_eq(w.connects, 1);
    ck_assert_ptr_null(g_main_context_find_source_by_user_data(NULL, w.session));
}
END_TEST

Suite *driver_session_suite(void);

Suite *
driver_session_suite(void)
{
    Suite *s = suite_create("driver session");
    TCase *t = tcase_create("driver session");

    tcase_add_test(t, one_after_the_other);
    tcase_add_loop_test(t, each_asker_gets_its_answer, 0, G_N_ELEMENTS(answers));
    tcase_add_test(t, nothing_comes_after_the_end);
    tcase_add_test(t, cancel_goes_with_what_is_in_hand);
    tcase_add_test(t, an_answer_to_nothing_is_none);
    tcase_add_test(t, all_wait_and_all_fail);
    tcase_add_test(t, it_is_freed_between_attempts);
    suite_add_tcase(s, t);
    return s;
}
