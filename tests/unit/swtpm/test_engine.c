/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <string.h>

#include "memory_store.h"
#include "suites.h"
#include "swtpm/engine/engine.h"

Suite *engine_suite(void);

#define SHA256 0x000b

static Engine *
open_tpm2(struct memory_store *m, gboolean must_exist)
{
    const struct engine_settings settings = { .tpm2 = TRUE, .store = &m->store,
                                              .must_exist = must_exist };
    Engine *e = engine_open(&settings, NULL);

    ck_assert_ptr_nonnull(e);
    return e;
}

START_TEST(a_tpm_that_is_off_says_so)
{
    static const guint8 probe[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x81 };
    static const guint8 off[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1 };
    struct memory_store m;
    const guint8 *answer;
    gsize len;
    Engine *e;

    memory_store_init(&m);
    e = open_tpm2(&m, FALSE);
    engine_process(e, probe, sizeof(probe), &answer, &len);
    ck_assert_uint_eq(len, sizeof(off));
    ck_assert_mem_eq(answer, off, sizeof(off));
    ck_assert_uint_eq(m.saves, 0);
    engine_close(e);
    memory_store_clear(&m);
}
END_TEST

START_TEST(state_is_never_made_anew_for_one_that_is_damaged_or_must_exist)
{
    struct memory_store m;
    GError *error = NULL;
    Engine *e;

    memory_store_init(&m);
    e = open_tpm2(&m, TRUE);
    ck_assert(!engine_power_on(e, FALSE, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "missing"));
    ck_assert(!engine_running(e));
    ck_assert_uint_eq(m.saves, 0);
    g_clear_error(&error);
    engine_close(e);

    m.fail_load = TRUE;
    e = open_tpm2(&m, FALSE);
    ck_assert(!engine_power_on(e, FALSE, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "damaged"));
    ck_assert_uint_eq(m.saves, 0);
    g_clear_error(&error);
    engine_close(e);
    memory_store_clear(&m);
}
END_TEST

START_TEST(brief_commands_are_bare_and_known)
{
    guint8 command[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8 };

    ck_assert(engine_is_brief(command, sizeof(command)));
    ck_assert(!engine_is_brief(command, 9));
    command[1] = 2;                        /* with a session */
    ck_assert(!engine_is_brief(command, sizeof(command)));
    command[1] = 1;
    command[9] = 0x31;                     /* CreatePrimary */
    ck_assert(!engine_is_brief(command, sizeof(command)));
}
END_TEST

START_TEST(an_event_before_startup_is_in_pcr_0)
{
    guint8 before[64], after[64], pcr17[64];
    g_autoptr(GBytes) digests = NULL;
    g_autoptr(GBytes) properties = NULL;
    struct memory_store m;
    gsize len = 0;
    Engine *e;

    memory_store_init(&m);
    e = open_tpm2(&m, FALSE);
    ck_assert(engine_power_on(e, FALSE, NULL));
    ck_assert_uint_eq(engine_startup(e, ENGINE_STARTUP_CLEAR), 0);
    ck_assert_uint_eq(engine_pcr_read(e, SHA256, 0, before, sizeof(before), &len), 0);
    ck_assert_uint_eq(len, 32);
    ck_assert(engine_shutdown_due(e));
    ck_assert_uint_eq(engine_shutdown(e, FALSE), 0);
    ck_assert(!engine_shutdown_due(e));

    ck_assert(engine_power_on(e, FALSE, NULL));
    ck_assert(engine_hash_start(e, NULL));
    ck_assert(engine_hash_data(e, (const guint8 *)"launch", 6, NULL));
    ck_assert(engine_hash_end(e, NULL));
    ck_assert_uint_eq(engine_startup(e, ENGINE_STARTUP_CLEAR), 0);
    ck_assert_uint_eq(engine_startup(e, ENGINE_STARTUP_CLEAR), TPM_RC_INITIALIZE_CODE);
    ck_assert_uint_eq(engine_pcr_read(e, SHA256, 0, after, sizeof(after), &len), 0);
    ck_assert_mem_ne(before, after, 32);

    /* PCR 17 takes events from locality 4 only; the one that is set stays what it was. */
    engine_set_locality(e, 0);
    ck_assert_uint_ne(engine_pcr_event(e, 17, 0, (const guint8 *)"x", 1, NULL), 0);
    ck_assert_uint_eq(engine_pcr_event(e, 17, 4, (const guint8 *)"x", 1, &digests), 0);
    ck_assert_uint_gt(g_bytes_get_size(digests), 4);
    ck_assert_uint_eq(engine_locality(e), 0);
    ck_assert_uint_eq(engine_pcr_read(e, SHA256, 17, pcr17, sizeof(pcr17), &len), 0);

    ck_assert_uint_eq(engine_get_capability(e, 6, 0x100, 1, &properties), 0);
    ck_assert_uint_ne(engine_read_public(e, 0x81000001, NULL, NULL, NULL), 0);
    engine_close(e);
    memory_store_clear(&m);
}
END_TEST

START_TEST(blobs_carry_a_tpm_over)
{
    static const enum engine_state kinds[] = { ENGINE_STATE_PERMANENT, ENGINE_STATE_VOLATILE };
    GBytes *blobs[G_N_ELEMENTS(kinds)];
    guint8 before[64], after[64];
    struct memory_store m;
    gsize len = 0, size;
    Engine *e;

    memory_store_init(&m);
    e = open_tpm2(&m, FALSE);
    ck_assert(engine_power_on(e, FALSE, NULL));
    ck_assert_uint_eq(engine_startup(e, ENGINE_STARTUP_CLEAR), 0);
    ck_assert_uint_eq(engine_pcr_event(e, 16, 0, (const guint8 *)"x", 1, NULL), 0);
    ck_assert_uint_eq(engine_pcr_read(e, SHA256, 16, before, sizeof(before), &len), 0);
    ck_assert_ptr_null(engine_get_state(e, ENGINE_STATE_SAVE, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        blobs[i] = engine_get_state(e, kinds[i], NULL);
        ck_assert_ptr_nonnull(blobs[i]);
    }
    engine_power_off(e);
    g_hash_table_remove_all(m.states);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const guint8 *bytes = g_bytes_get_data(blobs[i], &size);

        ck_assert(engine_set_state(e, kinds[i], bytes, size, NULL));
        g_bytes_unref(blobs[i]);
    }
    ck_assert(engine_power_on(e, TRUE, NULL));
    ck_assert_uint_eq(engine_pcr_read(e, SHA256, 16, after, sizeof(after), &len), 0);
    ck_assert_mem_eq(before, after, 32);
    engine_close(e);
    memory_store_clear(&m);
}
END_TEST

Suite *
engine_suite(void)
{
    Suite *s = suite_create("engine");
    TCase *t = tcase_create("libtpms");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_tpm_that_is_off_says_so);
    tcase_add_test(t, state_is_never_made_anew_for_one_that_is_damaged_or_must_exist);
    tcase_add_test(t, brief_commands_are_bare_and_known);
    tcase_add_test(t, an_event_before_startup_is_in_pcr_0);
    tcase_add_test(t, blobs_carry_a_tpm_over);
    suite_add_tcase(s, t);
    return s;
}
