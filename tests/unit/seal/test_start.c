/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_start - the table of sealed_start.c, row by row. Files of generations
 * 1, 2 and 3 of one history, and of a fork of it, are put in place of state
 * and .next, and the witness is set to one of them.
 */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "fake.h"
#include "suites.h"

Suite *start_suite(void);

/* One history A1 A2 A3, and B2 written over A1 by another. */
struct history {
    struct fake *f;
    char *a[4], *b2;
    struct receipt at[4], fork;
};

static void
keep(struct fake *f, SealedStore *s, char **path, const char *name, struct receipt *at)
{
    *path = g_build_filename(f->folder, name, NULL);
    fake_copy(f->state, *path);
    sealed_receipt(s, at);
}

static struct history
history_new(gboolean with_witness)
{
    struct history h = { .f = fake_new() };
    SealedStore *s;

    fake_make(h.f, "A1");
    s = fake_open(h.f, NULL);
    keep(h.f, s, &h.a[1], "a1", &h.at[1]);
    fake_save(s, "A2");
    keep(h.f, s, &h.a[2], "a2", &h.at[2]);
    fake_save(s, "A3");
    keep(h.f, s, &h.a[3], "a3", &h.at[3]);
    sealed_free(s);
    fake_copy(h.a[1], h.f->state);
    s = fake_open(h.f, NULL);
    fake_save(s, "B2");
    keep(h.f, s, &h.b2, "b2", &h.fork);
    sealed_free(s);
    g_unlink(h.f->state);
    h.f->with_witness = with_witness;
    h.f->noticed = 0;

    return h;
}

static void
history_clear(struct history *h)
{
    for (guint i = 1; i < 4; i++)
        g_free(h->a[i]);
    g_free(h->b2);
    fake_free(h->f);
}

static void
witness_holds(struct history *h, const struct receipt *r)
{
    guint8 wire[RECEIPT_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));

    receipt_write(r, &out);
    fake_write(h->f->witness, wire, sizeof(wire));
}

/* 0: none. 1, 2, 3: that of A. 'b': B2. 'x': bytes that are no state. 't': A2 cut short. */
static void
place(struct history *h, int which, const char *path)
{
    g_autoptr(GBytes) bytes = NULL;

    if (which == 0)
        return;
    if (which == 'x') {
        fake_write(path, "no state", 8);
        return;
    }
    bytes = fake_read(which == 'b' ? h->b2 : which == 't' ? h->a[2] : h->a[which]);
    fake_write(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes) - (which == 't'));
}

static const struct {
    const char *what;
    int witness;                         /* 0: no witness; 'b': the fork; 'e': empty */
    int state, next;
    const char *found;                   /* NULL: refused */
} rows[] = {
    { "no witness, state alone", 0, 2, 0, "A2" },
    { "no witness, .next is removed unread", 0, 2, 3, "A2" },
    { "no witness, torn .next", 0, 1, 't', "A1" },
    { "no witness, .next alone is no state", 0, 0, 2, NULL },
    { "no witness, damage is never a fall-back", 0, 'x', 2, NULL },
    { "no witness, an older state is not seen", 0, 1, 0, "A1" },

    { "witness = state", 2, 2, 0, "A2" },
    { "witness = state, its successor: forward", 2, 2, 3, "A3" },
    { "witness = state, .next torn", 1, 1, 't', "A1" },
    { "witness = state, .next foreign", 2, 2, 'x', "A2" },
    { "witness = state, .next older", 2, 2, 1, "A2" },
    { "witness = state, .next is the state itself", 2, 2, 2, "A2" },
    { "witness = state, .next of a fork", 2, 2, 'b', "A2" },
    { "witness = .next, state before it: rename", 2, 1, 2, "A2" },
    { "witness = .next of a fork, state before both", 'b', 1, 'b', "B2" },
    { "witness ahead, .next missing", 2, 1, 0, NULL },
    { "witness ahead, .next torn", 2, 1, 't', NULL },
    { "witness ahead, .next of a fork", 2, 1, 'b', NULL },
    { "witness two ahead", 3, 1, 2, NULL },
    { "witness two ahead, .next = witness", 3, 1, 3, NULL },
    { "witness behind", 1, 2, 0, NULL },
    { "witness behind, successor there", 1, 2, 3, NULL },
    { "witness holds a fork", 'b', 2, 0, NULL },
    { "witness holds a fork, and .next", 'b', 2, 3, NULL },
    { "witness = .next, state gone", 2, 0, 2, NULL },
    { "witness = .next, state damaged", 2, 'x', 2, NULL },
    { "witness knows nothing", 'e', 2, 0, NULL },
};

START_TEST(the_table)
{
    struct history h = history_new(rows[_i].witness != 0);
    struct fake *f = h.f;
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *said = NULL, *tpm = NULL;
    const gboolean next_before = rows[_i].next != 0;

    if (rows[_i].witness == 'b')
        witness_holds(&h, &h.fork);
    else if (rows[_i].witness >= 1 && rows[_i].witness <= 3)
        witness_holds(&h, &h.at[rows[_i].witness]);
    place(&h, rows[_i].state, f->state);
    place(&h, rows[_i].next, f->next);
    s = fake_open(f, &said);
    if (rows[_i].found == NULL) {
        ck_assert_msg(s == NULL, "%s: opened", rows[_i].what);
        ck_assert_msg(fake_exists(f->next) == next_before, "%s: .next", rows[_i].what);
    } else {
        ck_assert_msg(s != NULL, "%s: %s", rows[_i].what, said);
        tpm = fake_load(s);
        ck_assert_msg(strcmp(tpm, rows[_i].found) == 0, "%s: %s", rows[_i].what, tpm);
        ck_assert_msg(!fake_exists(f->next), "%s: .next is left", rows[_i].what);
        fake_save(s, "after");
        g_clear_pointer(&s, sealed_free);
        s = fake_open(f, NULL);
        ck_assert_ptr_nonnull(s);
    }
    g_clear_pointer(&s, sealed_free);
    history_clear(&h);
}
END_TEST

/* Opens with @bytes as .next; the state stays, or it is an error where the witness holds the next. */
static void
damaged_next(struct history *h, int state, const guint8 *bytes, gsize len, const char *what, gsize at)
{
    struct fake *f = h->f;
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *tpm = NULL;
    const gboolean witness_ahead = f->with_witness && state == 1;

    fake_write(f->next, bytes, len);
    s = fake_open(f, NULL);
    ck_assert_msg((s == NULL) == witness_ahead, "%s %zu, state %d", what, at, state);
    if (s == NULL)
        return;
    tpm = fake_load(s);
    ck_assert_msg(strcmp(tpm, state == 1 ? "A1" : "A2") == 0, "%s %zu: %s", what, at, tpm);
}

static const struct {
    gboolean with_witness;               /* which holds A2 */
    int state, next;
} next_rows[] = { { FALSE, 1, 2 }, { TRUE, 2, 3 }, { TRUE, 1, 2 } };

START_TEST(every_byte_of_next_counts)
{
    struct history h = history_new(next_rows[_i].with_witness);
    const int state = next_rows[_i].state;
    g_autoptr(GBytes) whole = fake_read(h.a[next_rows[_i].next]), after = NULL;
    gsize len;
    const guint8 *bytes = g_bytes_get_data(whole, &len);
    g_autofree guint8 *copy = g_memdup2(bytes, len);

    witness_holds(&h, &h.at[2]);
    place(&h, state, h.f->state);
    for (gsize i = 0; i < len; i++) {
        copy[i] ^= 0x10;
        damaged_next(&h, state, copy, len, "byte", i);
        damaged_next(&h, state, bytes, i, "cut at", i);
        copy[i] ^= 0x10;
    }
    after = fake_read(h.f->state);
    place(&h, state, h.f->next);
    g_bytes_unref(whole);
    whole = fake_read(h.f->next);
    ck_assert(g_bytes_equal(after, whole));
    history_clear(&h);
}
END_TEST

START_TEST(a_removed_next_is_told)
{
    struct history h = history_new(FALSE);

    place(&h, 2, h.f->state);
    place(&h, 3, h.f->next);
    sealed_free(fake_open(h.f, NULL));
    ck_assert_uint_eq(h.f->noticed, 1);
    sealed_free(fake_open(h.f, NULL));
    ck_assert_uint_eq(h.f->noticed, 1);
    history_clear(&h);
}
END_TEST

/* Two processes from copies of one state: the older one ends at its next save, exit status 42. */
START_TEST(a_fenced_clone_ends)
{
    struct history h = history_new(TRUE);
    struct fake *clone = fake_new();
    g_autoptr(SealedStore) first = NULL, second = NULL;

    place(&h, 2, h.f->state);
    place(&h, 2, clone->state);
    witness_holds(&h, &h.at[2]);
    clone->with_witness = TRUE;
    g_free(clone->witness);
    clone->witness = g_strdup(h.f->witness);
    first = fake_open(h.f, NULL);
    second = fake_open(clone, NULL);
    ck_assert(sealed_witnessed(first, NULL));
    fake_save(second, "goes on");
    ck_assert(sealed_witnessed(second, NULL));
    ck_assert(!sealed_witnessed(first, NULL));
    fake_save(first, "fenced");
    ck_abort_msg("the older clone went on");
}
END_TEST

START_TEST(a_witness_that_is_away_is_waited_for)
{
    struct history h = history_new(TRUE);
    g_autofree char *lock = g_strconcat(h.f->witness, ".lock", NULL);
    g_autoptr(SealedStore) s = NULL;
    struct sealed_status status;
    g_autofree char *said = NULL;

    place(&h, 2, h.f->state);
    witness_holds(&h, &h.at[2]);
    g_mkdir(lock, 0700);
    s = fake_open(h.f, &said);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(said, "away"));
    g_rmdir(lock);
    s = fake_open(h.f, NULL);
    ck_assert_ptr_nonnull(s);
    fake_save(s, "A3");
    sealed_status(s, &status);
    ck_assert(!status.waiting);
    g_clear_pointer(&s, sealed_free);
    history_clear(&h);
}
END_TEST

START_TEST(provisioning_registers)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(SealedStore) s = NULL;

    f->with_witness = TRUE;
    fake_make(f, "tpm");
    ck_assert(fake_exists(f->witness));
    s = fake_open(f, NULL);
    ck_assert_ptr_nonnull(s);
    ck_assert(sealed_attach(s, (const guint8 *)"sixteen bytes...", NULL));
    ck_assert(sealed_witnessed(s, NULL));
}
END_TEST

START_TEST(the_old_place_is_refused_after_recovery)
{
    struct history h = history_new(TRUE);
    g_autoptr(Secret) recovery = secret_copy("recovery-secret-of-32-bytes-here", 32);
    g_autoptr(SealedStore) s = NULL;

    place(&h, 2, h.f->state);
    witness_holds(&h, &h.at[2]);
    h.f->provider.image = "new image";
    ck_assert(sealed_recover(&h.f->config, recovery, NULL));
    s = fake_open(h.f, NULL);
    ck_assert_ptr_nonnull(s);
    g_clear_pointer(&s, sealed_free);
    place(&h, 2, h.f->state);
    h.f->provider.image = "image";
    ck_assert_ptr_null(fake_open(h.f, NULL));
    ck_assert(!sealed_recover(&h.f->config, recovery, NULL));
    history_clear(&h);
}
END_TEST

Suite *
start_suite(void)
{
    Suite *suite = suite_create("start");
    TCase *tc = tcase_create("start");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, the_table, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, every_byte_of_next_counts, 0, G_N_ELEMENTS(next_rows));
    tcase_add_test(tc, a_removed_next_is_told);
    tcase_add_exit_test(tc, a_fenced_clone_ends, 42);
    tcase_add_test(tc, a_witness_that_is_away_is_waited_for);
    tcase_add_test(tc, provisioning_registers);
    tcase_add_test(tc, the_old_place_is_refused_after_recovery);
    suite_add_tcase(suite, tc);
    return suite;
}
