/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's measurement list into PCR 10, over a TPM that is a table here: what
 * is an entry, what is extended for it byte by byte, and what ends the following.
 */
#include "config.h"

#include "cocotpm/driver_ima.h"

#include "base/builder.h"
#include "base/cursor.h"

#include "suites.h"

#include <glib/gstdio.h>
#include <string.h>

#define PATIENCE (60 * G_USEC_PER_SEC)       /* a hang only */

/* TPML_PCR_SELECTION of one bank of SHA-256. */
#define SHA256 "8001 00000019 00000000 00 00000005 00000001 000b 03 ffffff"
#define DONE "8001 0000000a 00000000"
#define ASKED "8001 00000016 0000017a 00000005 00000000 00000001"

struct fake {
    struct driver_tpm tpm;
    char *folder, *list;
    GByteArray *entries;             /* what the list has */
    GBytes *asked;                   /* the last command */
    guint commands;
    driver_answer done;
    gpointer data;
    char *why;                       /* it failed */
    DriverIma *ima;
};

/* ---- one entry ---- */

/* With @data bytes of 'd'. */
static GByteArray *
entry(guint32 pcr, guint8 digest, const char *name, guint32 data)
{
    GByteArray *a = g_byte_array_new();
    const guint32 fields[] = { GUINT32_TO_LE(pcr), GUINT32_TO_LE((guint32)strlen(name)),
                               GUINT32_TO_LE(data) };
    guint8 fill[20];

    memset(fill, digest, sizeof(fill));
    g_byte_array_append(a, (const guint8 *)&fields[0], 4);
    g_byte_array_append(a, fill, sizeof(fill));
    g_byte_array_append(a, (const guint8 *)&fields[1], 4);
    g_byte_array_append(a, (const guint8 *)name, (guint)strlen(name));
    g_byte_array_append(a, (const guint8 *)&fields[2], 4);
    g_byte_array_set_size(a, a->len + data);
    if (data > 0)
        memset(a->data + a->len - data, 'd', data);
    return a;
}

#define NAME_64 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static const struct {
    const char *what;
    guint32 pcr;
    guint8 digest;
    const char *name;
    guint32 data;
    gboolean good;
} entries[] = {
    { "any", 10, 7, "ima-ng", 9, TRUE },
    { "of no data", 10, 7, "ima-ng", 0, TRUE },
    { "of another PCR", 11, 7, "ima-ng", 9, TRUE },
    { "a violation", 10, 0, "ima-ng", 9, TRUE },
    { "the longest name", 10, 7, NAME_64, 9, TRUE },
    { "a longer name", 10, 7, NAME_64 "n", 9, FALSE },
    { "no name", 10, 7, "", 9, FALSE },
    { "the template of SHA-1 alone", 10, 7, "ima", 9, FALSE },
    { "another name of its length", 10, 7, "imb", 9, TRUE },
    { "the most data", 10, 7, "ima-ng", 1024 * 1024, TRUE },
    { "more data", 10, 7, "ima-ng", 1024 * 1024 + 1, FALSE },
};

START_TEST(an_entry_is_whole_or_none)
{
    g_autoptr(GByteArray) bytes = entry(entries[_i].pcr, entries[_i].digest, entries[_i].name,
                                        entries[_i].data);
    const gsize head = bytes->len - entries[_i].data;

    /* Whole, and cut at each byte of its head and at the last of its data. */
    for (gsize len = 0; len <= bytes->len; len = len == head ? MAX(head + 1, bytes->len - 1) : len + 1) {
        struct cursor in = cursor_from(bytes->data, len);
        struct ima_entry e;
        const gboolean good = ima_entry_parse(&in, &e, NULL);

        ck_assert_msg(good || !entries[_i].good, "%s, %zu bytes", entries[_i].what, len);
        ck_assert_msg(!good || entries[_i].good || len < head, "%s, %zu bytes", entries[_i].what, len);
        if (len < bytes->len || !entries[_i].good) {
            ck_assert(e.data == NULL && e.len == 0);
            ck_assert(in.pos == bytes->data);
            continue;
        }
        ck_assert(e.data == bytes->data + head && e.len == entries[_i].data);
        ck_assert(e.pcr == entries[_i].pcr && e.violation == (entries[_i].digest == 0));
        ck_assert(cursor_done(&in));
    }
}
END_TEST

/* ---- the following of a list ---- */

static void
fake_command(struct driver_tpm *tpm, const guint8 *command, gsize len, driver_answer done,
             gpointer data)
{
    struct fake *f = (struct fake *)tpm;

    ck_assert_msg(f->done == NULL, "a second command before the answer to the first");
    g_clear_pointer(&f->asked, g_bytes_unref);
    f->asked = g_bytes_new(command, len);
    f->commands++;
    f->done = done;
    f->data = data;
}

static const struct driver_tpm_ops fake_ops = { .command = fake_command };

static void
answer(struct fake *f, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);
    driver_answer done = f->done;

    ck_assert_ptr_nonnull(done);
    f->done = NULL;
    done(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), f->data);
}

static void
failed(const char *why, gpointer data)
{
    struct fake *f = data;

    ck_assert_msg(f->why == NULL, "it fails twice");
    f->why = g_strdup(why);
}

static void
asked(const struct fake *f, const char *hex)
{
    g_autoptr(GBytes) wanted = test_bytes(hex);

    ck_assert_msg(g_bytes_equal(f->asked, wanted), "not %s", hex);
}

/* As a whole, as the kernel gives it. */
static void
list_write(struct fake *f)
{
    ck_assert(g_file_set_contents(f->list, (const char *)f->entries->data, f->entries->len, NULL));
}

static void
list_add(struct fake *f, guint32 pcr, guint8 digest, guint32 data)
{
    g_autoptr(GByteArray) e = entry(pcr, digest, "ima-ng", data);

    g_byte_array_append(f->entries, e->data, e->len);
    list_write(f);
}

static void
fake_open(struct fake *f)
{
    *f = (struct fake){ .tpm.ops = &fake_ops, .folder = test_folder_new() };
    f->list = g_build_filename(f->folder, "list", NULL);
    f->entries = g_byte_array_new();
    list_write(f);
}

static void
follow(struct fake *f, const char *banks)
{
    f->ima = driver_ima_new(f->list, &f->tpm, failed, f, NULL);
    ck_assert_ptr_nonnull(f->ima);
    asked(f, ASKED);
    answer(f, banks);
}

static void
fake_close(struct fake *f)
{
    driver_ima_free(f->ima);
    g_clear_pointer(&f->asked, g_bytes_unref);
    g_byte_array_unref(f->entries);
    test_folder_remove(f->folder);
    g_free(f->list);
    g_free(f->why);
}

/* Until it has asked for @commands in all, or failed. */
static void
wait_for(struct fake *f, guint commands)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    while (f->commands < commands && f->why == NULL) {
        ck_assert(g_get_monotonic_time() < end);
        g_main_context_iteration(NULL, TRUE);
    }
}

/* At least so long, in which nothing more may happen. */
static void
pass(guint ms)
{
    const gint64 end = g_get_monotonic_time() + ms * (gint64)1000;

    while (g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(10000);
    }
}

/* Of one digest for each bank of @hashes, which are extended with @len bytes of 'd'. */
static void
was_extended(const struct fake *f, const char *banks, gsize len)
{
    static const struct {
        char name;
        const char *alg;
        GChecksumType type;
    } rows[] = {
        { '1', "0004", G_CHECKSUM_SHA1 },   { '2', "000b", G_CHECKSUM_SHA256 },
        { '3', "000c", G_CHECKSUM_SHA384 }, { '5', "000d", G_CHECKSUM_SHA512 },
    };
    g_autofree char *data = g_strnfill(len, 'd');
    g_autoptr(GString) digests = g_string_new(NULL);
    g_autofree char *hex = NULL;

    for (const char *b = banks; *b != '\0'; b++)
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
            g_autofree char *digest = g_compute_checksum_for_string(rows[i].type, data, (gssize)len);

            if (rows[i].name == *b)
                g_string_append_printf(digests, "%s%s", rows[i].alg, digest);
        }
    hex = g_strdup_printf("8002 %08zx 00000182 0000000a 00000009 40000009 0000 00 0000 %08zx %s",
                          31 + digests->len / 2, strlen(banks), digests->str);
    asked(f, hex);
}

static const struct {
    const char *what, *answer;
    const char *banks;               /* by the first digit of their hash; NULL: it fails */
} banks[] = {
    { "SHA-256", SHA256, "2" },
    { "all", "8001 0000002b 00000000 00 00000005 00000004 0004 03 000004 000b 03 000400 "
      "000c 03 ff0000 000d 03 ffffff", "1235" },
    { "one without PCRs", "8001 0000001f 00000000 00 00000005 00000002 0004 03 000000 000b 03 010000",
      "2" },
    { "one that nobody knows", "8001 0000001f 00000000 00 00000005 00000002 0012 03 ffffff 000b 03 ffffff",
      "2" },
    { "more than there is room for", "8001 00000049 00000000 00 00000005 00000009 000b 03 ffffff "
      "000b 03 ffffff 000b 03 ffffff 000b 03 ffffff 000b 03 ffffff 000b 03 ffffff 000b 03 ffffff "
      "000b 03 ffffff 000b 03 ffffff", "22222222" },
    { "none", "8001 00000013 00000000 00 00000005 00000000", NULL },
    { "half a list", "8001 00000019 00000000 00 00000005 00000002 000b 03 ffffff", NULL },
    { "half a bank", "8001 00000017 00000000 00 00000005 00000001 000b 03 ff", NULL },
    { "a refusal", "8001 00000019 00000101 00 00000005 00000001 000b 03 ffffff", NULL },
    { "another size", "8001 0000001a 00000000 00 00000005 00000001 000b 03 ffffff", NULL },
    { "no answer", "8001 0000", NULL },
};

START_TEST(each_bank_that_there_is)
{
    struct fake f;

    fake_open(&f);
    list_add(&f, 10, 7, 5);
    follow(&f, banks[_i].answer);
    ck_assert_msg((f.why == NULL) == (banks[_i].banks != NULL), "%s: %s", banks[_i].what, f.why);
    ck_assert_uint_eq(f.commands, banks[_i].banks ? 2 : 1);
    if (banks[_i].banks)
        was_extended(&f, banks[_i].banks, 5);
    fake_close(&f);
}
END_TEST

START_TEST(entries_are_extended_in_turn)
{
    struct fake f;

    fake_open(&f);
    list_add(&f, 10, 7, 5);
    list_add(&f, 10, 7, 0);
    follow(&f, SHA256);
    was_extended(&f, "2", 5);
    answer(&f, DONE);
    was_extended(&f, "2", 0);
    /* Comes while the last one is under way: looked for at once, and only behind that. */
    list_add(&f, 10, 7, 300);
    ck_assert_uint_eq(f.commands, 3);
    answer(&f, DONE);
    ck_assert_uint_eq(f.commands, 4);
    was_extended(&f, "2", 300);
    answer(&f, DONE);
    ck_assert_uint_eq(f.commands, 4);
    list_add(&f, 10, 0, 8);
    wait_for(&f, 5);
    asked(&f, "8002 00000041 00000182 0000000a 00000009 40000009 0000 00 0000 00000001 000b "
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    /* Nobody looks again meanwhile: the next one waits for its turn. */
    list_add(&f, 10, 7, 1);
    pass(1500);
    ck_assert_uint_eq(f.commands, 5);
    answer(&f, DONE);
    was_extended(&f, "2", 1);
    ck_assert_ptr_null(f.why);
    fake_close(&f);
}
END_TEST

/* What ends it, once and for all: nothing behind it is extended. */
static const struct {
    const char *what;
    const char *answer;              /* to the extension of the first entry */
    enum { NOTHING, OTHER_PCR, BROKEN, SHORTER, GONE } harm;
    const char *why;
} ends[] = {
    { "nothing", DONE, NOTHING, NULL },
    { "a refusal", "8001 0000000a 00000101", NOTHING, "does not extend" },
    { "half an answer", "8001 0000000a 0000", NOTHING, "does not extend" },
    { "an answer of another size", "8001 0000000b 00000000", NOTHING, "does not extend" },
    { "another PCR", DONE, OTHER_PCR, "another PCR" },
    { "a broken entry", DONE, BROKEN, "name of 0 bytes" },
    { "a shorter list", DONE, SHORTER, "shorter" },
    { "no list", DONE, GONE, "No such file" },
};

static void
do_harm(struct fake *f, int harm)
{
    g_autoptr(GByteArray) e = entry(10, 7, "", 4);

    if (harm == OTHER_PCR)
        list_add(f, 11, 7, 5);
    if (harm == BROKEN)
        g_byte_array_append(f->entries, e->data, e->len);
    if (harm == SHORTER)
        g_byte_array_set_size(f->entries, f->entries->len - 1);
    list_write(f);
    if (harm == GONE)
        ck_assert_int_eq(g_unlink(f->list), 0);
    else if (harm != SHORTER)
        list_add(f, 10, 7, 6);
}

START_TEST(what_cannot_be_followed_ends_it)
{
    struct fake f;

    fake_open(&f);
    list_add(&f, 10, 7, 5);
    follow(&f, SHA256);
    do_harm(&f, ends[_i].harm);
    answer(&f, ends[_i].answer);
    if (ends[_i].why) {
        ck_assert_msg(f.why && strstr(f.why, ends[_i].why), "%s: %s", ends[_i].what, f.why);
        ck_assert_ptr_null(f.done);
        ck_assert_uint_eq(f.commands, 2);
        ck_assert(!g_main_context_pending(NULL));
    } else {
        ck_assert_ptr_null(f.why);
        was_extended(&f, "2", 6);
    }
    fake_close(&f);
}
END_TEST

/* The same where it stands at the very beginning. */
START_TEST(what_begins_broken_is_not_followed)
{
    struct fake f;

    fake_open(&f);
    do_harm(&f, _i == 0 ? OTHER_PCR : BROKEN);
    follow(&f, SHA256);
    ck_assert_ptr_nonnull(f.why);
    pass(1500);
    ck_assert_uint_eq(f.commands, 1);
    fake_close(&f);
}
END_TEST

/* Half an entry is none yet; the other half makes it one. */
START_TEST(half_an_entry_is_waited_for)
{
    struct fake f;
    guint whole;

    fake_open(&f);
    list_add(&f, 10, 7, 5);
    whole = f.entries->len;
    g_byte_array_set_size(f.entries, whole - 1);
    list_write(&f);
    follow(&f, SHA256);
    ck_assert_uint_eq(f.commands, 1);
    g_byte_array_set_size(f.entries, whole);
    f.entries->data[whole - 1] = 'd';
    list_write(&f);
    wait_for(&f, 2);
    was_extended(&f, "2", 5);
    fake_close(&f);
}
END_TEST

START_TEST(without_a_list_it_does_not_begin)
{
    struct fake f;
    g_autofree char *elsewhere = NULL;

    fake_open(&f);
    elsewhere = g_build_filename(f.folder, "none", "list", NULL);
    ck_assert_ptr_null(driver_ima_new(elsewhere, &f.tpm, failed, &f, NULL));
    ck_assert_int_eq(g_unlink(f.list), 0);
    ck_assert_ptr_null(driver_ima_new(f.list, &f.tpm, failed, &f, NULL));
    ck_assert_uint_eq(f.commands, 0);
    fake_close(&f);
}
END_TEST

Suite *ima_suite(void);

Suite *
ima_suite(void)
{
    Suite *s = suite_create("driver ima");
    TCase *t = tcase_create("driver ima");

    tcase_add_loop_test(t, an_entry_is_whole_or_none, 0, G_N_ELEMENTS(entries));
    tcase_add_loop_test(t, each_bank_that_there_is, 0, G_N_ELEMENTS(banks));
    tcase_add_test(t, entries_are_extended_in_turn);
    tcase_add_loop_test(t, what_cannot_be_followed_ends_it, 0, G_N_ELEMENTS(ends));
    tcase_add_loop_test(t, what_begins_broken_is_not_followed, 0, 2);
    tcase_add_test(t, half_an_entry_is_waited_for);
    tcase_add_test(t, without_a_list_it_does_not_begin);
    suite_add_tcase(s, t);
    return s;
}
