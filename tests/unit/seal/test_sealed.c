/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sealed - the life of a sealed state: made, opened, changed, attached, moved, refused. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cocotransport/seal/derive.h"
#include "cocotransport/seal/envelope.h"
#include "fake.h"
#include "suites.h"

Suite *sealed_suite(void);

static void
refused(struct fake *f, const char *words)
{
    g_autofree char *said = NULL;
    g_autoptr(SealedStore) s = fake_open(f, &said);

    ck_assert_msg(s == NULL, "opened, where '%s' was expected", words);
    ck_assert_msg(strstr(said, words) != NULL, "'%s' is not in '%s'", words, said);
    ck_assert_msg(strstr(said, f->folder) != NULL || strstr(said, "platform") != NULL,
                  "'%s' names no file", said);
}

START_TEST(made_and_found_again)
{
    g_autoptr(fake_t) f = fake_new();

    fake_make(f, "tpm state 1");
    for (guint i = 0; i < 3; i++) {
        g_autoptr(SealedStore) s = fake_open(f, NULL);
        g_autofree char *tpm = fake_load(s);
        g_autofree char *next = g_strdup_printf("tpm state %u", i + 2);
        struct receipt r;

        ck_assert_int_eq(tpm[strlen("tpm state ")], (int)('1' + i));
        ck_assert_uint_eq(secret_len(sealed_psk(s)), 32);
        ck_assert_mem_eq(g_bytes_get_data(sealed_policy(s), NULL), fake_policy,
                         strlen(fake_policy));
        ck_assert(sealed_recoverable(s));
        sealed_receipt(s, &r);
        ck_assert_uint_eq(r.generation, i + 1);
        ck_assert_uint_eq(r.epoch, 0);
        fake_save(s, next);
        ck_assert(sealed_check_receipt(s, &r));
    }
    ck_assert(!fake_exists(f->next));
}
END_TEST

START_TEST(only_permanent_state_is_kept)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(SealedStore) s = NULL;
    g_autoptr(GBytes) bytes = NULL;
    Store *store;

    fake_make(f, "tpm");
    s = fake_open(f, NULL);
    store = sealed_store(s);
    ck_assert_int_eq(store->ops->load(store, "volatilestate", &bytes, NULL), STORE_ABSENT);
    ck_assert(!store->ops->save(store, "volatilestate", (const guint8 *)"x", 1, NULL));
    ck_assert(!store->ops->remove(store, "permall", FALSE, NULL));
    ck_assert(store->ops->remove(store, "volatilestate", FALSE, NULL));
    ck_assert(!store->ops->remove(store, "volatilestate", TRUE, NULL));
}
END_TEST

START_TEST(nothing_is_made_anew)
{
    g_autoptr(fake_t) f = fake_new();

    refused(f, "there is none");
    ck_assert(!fake_exists(f->state));
    fake_make(f, "tpm");
    ck_assert_int_eq(g_unlink(f->state), 0);
    fake_write(f->next, "x", 1);
    refused(f, "there is none");
    ck_assert_uint_eq(f->judged, 1);
}
END_TEST

START_TEST(no_second_is_made_over_the_first)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(provision_t) p = { .action = PROVISION_MAKE, .policy = g_bytes_new_static("p", 1) };
    g_autoptr(SealedStore) s = NULL;
    g_autoptr(GError) error = NULL;

    fake_make(f, "tpm");
    s = sealed_make(&f->config, &p, &error);
    ck_assert_ptr_null(s);
    ck_assert(strstr(error->message, "there is one already") != NULL);
}
END_TEST

START_TEST(half_made_is_no_state)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(provision_t) p = { .action = PROVISION_MAKE, .policy = g_bytes_new_static("p", 1) };
    g_autoptr(SealedStore) s = NULL;
    g_autoptr(GError) error = NULL;

    memcpy(p.uuid, fake_uuid, sizeof(fake_uuid));
    s = sealed_make(&f->config, &p, NULL);
    ck_assert(!sealed_finish(s, &error));
    fake_save(s, "tpm");
    g_clear_pointer(&s, sealed_free);
    ck_assert(!fake_exists(f->state));
    refused(f, "there is none");
}
END_TEST

START_TEST(every_byte_of_the_state_counts)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(GBytes) whole = NULL;
    g_autofree guint8 *copy = NULL;
    gsize len;
    const guint8 *bytes;

    fake_make(f, "tpm");
    whole = fake_read(f->state);
    bytes = g_bytes_get_data(whole, &len);
    copy = g_memdup2(bytes, len);
    for (gsize i = 0; i < len; i++) {
        copy[i] ^= 0x10;
        fake_write(f->state, copy, len);
        refused(f, SEALED_FILE ": ");
        copy[i] ^= 0x10;
    }
    for (gsize cut = 0; cut < len; cut++) {
        fake_write(f->state, bytes, cut);
        refused(f, SEALED_FILE ": ");
    }
    fake_write(f->state, bytes, len);
    g_clear_pointer(&whole, g_bytes_unref);
    whole = fake_read(f->state);
    ck_assert(memcmp(g_bytes_get_data(whole, NULL), copy, len) == 0);
}
END_TEST

/* What the platform gives for what this file's header says. */
static Secret *
key_asked_for(struct fake *f, GBytes *file, struct sealed_header *ret)
{
    struct cursor in = cursor_from(g_bytes_get_data(file, NULL), g_bytes_get_size(file));

    ck_assert(sealed_header_parse(&in, ret, NULL));
    return seal_derive(f->config.provider, &ret->key, NULL);
}

static void other_source(struct sealed_header *h) { h->key.source = SEAL_SOURCE_SEV; }
static void other_root(struct sealed_header *h) { h->key.root = 1; }
static void other_selection(struct sealed_header *h) { h->key.key_sel = 0; }
static void other_vmpl(struct sealed_header *h) { h->key.vmpl = 1; }
static void other_vmpck(struct sealed_header *h) { h->key.vmpck = 1; }
static void no_measurement(struct sealed_header *h) { h->key.fields &= ~8ull; }
static void no_fields(struct sealed_header *h) { h->key.fields = 0; }
static void other_svn(struct sealed_header *h) { h->key.svn = 3; }
static void higher_tcb(struct sealed_header *h) { h->key.tcb++; }
static void lower_tcb(struct sealed_header *h) { h->key.tcb--; }
static void no_tcb(struct sealed_header *h) { h->key.tcb = 0; }
static void other_uuid(struct sealed_header *h) { h->uuid[15]++; }
static void no_uuid(struct sealed_header *h) { memset(h->uuid, 0, sizeof(h->uuid)); }
static void other_policy(struct sealed_header *h) { h->policy_digest[0] ^= 1; }
static void no_policy(struct sealed_header *h) { memset(h->policy_digest, 0, 32); }
static void higher_epoch(struct sealed_header *h) { h->epoch++; }
static void no_epoch(struct sealed_header *h) { h->epoch = 0; }
static void no_generation(struct sealed_header *h) { h->generation = 0; }

static void
swapped_counts(struct sealed_header *h)
{
    const guint64 epoch = h->epoch;

    h->epoch = h->generation;
    h->generation = epoch;
}

static void
swapped_identities(struct sealed_header *h)
{
    memcpy(h->uuid, h->policy_digest, sizeof(h->uuid));
    memcpy(h->policy_digest, fake_uuid, sizeof(fake_uuid));
}

static const struct {
    const char *what;
    void (*change)(struct sealed_header *h);
} forged_headers[] = {
    { "another source", other_source },      { "another root", other_root },
    { "another selection", other_selection }, { "another VMPL", other_vmpl },
    { "another VMPCK", other_vmpck },        { "no measurement", no_measurement },
    { "no fields", no_fields },              { "an SVN that nothing binds to", other_svn },
    { "a higher TCB", higher_tcb },          { "a lower TCB", lower_tcb },
    { "no TCB", no_tcb },                    { "another UUID", other_uuid },
    { "no UUID", no_uuid },                  { "another policy", other_policy },
    { "no policy", no_policy },              { "a higher epoch", higher_epoch },
    { "no epoch", no_epoch },                { "no generation", no_generation },
    { "epoch and generation swapped", swapped_counts },
    { "UUID and digest swapped", swapped_identities },
};

/*
 * By whom has each key that the header asks for: body and slots are good under it. This has attached
 * once and stored more often; the image carries a floor, since keys under an older TCB may be known.
 */
START_TEST(a_header_sealed_anew_is_judged)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(Secret) key = NULL, other_key = NULL, body = NULL;
    g_autoptr(Secret) recovery = secret_copy("recovery-secret-of-32-bytes-here", 32);
    g_autoptr(GBytes) good = NULL, bad = NULL;
    struct sealed_header h;
    SealedStore *s;

    fake_make(f, "tpm");
    f->config.platform.tcb_floor = f->config.platform.tcb;
    s = fake_open(f, NULL);
    ck_assert(sealed_attach(s, (const guint8 *)"sixteen bytes...", NULL));
    fake_save(s, "tpm 2");
    sealed_free(s);
    good = fake_read(f->state);
    key = key_asked_for(f, good, &h);
    body = envelope_open(g_bytes_get_data(good, NULL), g_bytes_get_size(good),
                         &(struct seal_keys){ .chip = key }, &h, NULL);
    ck_assert_ptr_nonnull(body);
    forged_headers[_i].change(&h);
    other_key = seal_derive(f->config.provider, &h.key, NULL);
    bad = envelope_write(&h, &(struct seal_keys){ .chip = other_key, .recovery = recovery }, body,
                         NULL);
    ck_assert_ptr_nonnull(bad);
    fake_write(f->state, g_bytes_get_data(bad, NULL), g_bytes_get_size(bad));
    refused(f, SEALED_FILE ": ");
}
END_TEST

/* The same without a change opens: what the others are refused for is the change. */
START_TEST(the_same_header_sealed_anew_opens)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(Secret) key = NULL, body = NULL;
    g_autoptr(Secret) recovery = secret_copy("recovery-secret-of-32-bytes-here", 32);
    g_autoptr(GBytes) good = NULL, again = NULL;
    struct sealed_header h;

    fake_make(f, "tpm");
    good = fake_read(f->state);
    key = key_asked_for(f, good, &h);
    body = envelope_open(g_bytes_get_data(good, NULL), g_bytes_get_size(good),
                         &(struct seal_keys){ .chip = key }, &h, NULL);
    again = envelope_write(&h, &(struct seal_keys){ .chip = key, .recovery = recovery }, body, NULL);
    fake_write(f->state, g_bytes_get_data(again, NULL), g_bytes_get_size(again));
    sealed_free(fake_open(f, NULL));
}
END_TEST

START_TEST(another_image_or_chip_cannot_open_it)
{
    g_autoptr(fake_t) f = fake_new();

    fake_make(f, "tpm");
    f->provider.image = "image with one byte changed";
    refused(f, "sealed by another image");
    f->provider.image = "image";
    f->provider.refuses = TRUE;
    refused(f, "status 0x16");
    f->provider.refuses = FALSE;
    f->provider.zeroes = TRUE;
    refused(f, "zeroes");
    f->provider.zeroes = FALSE;
    f->config.uuid[0] ^= 1;
    refused(f, "another instance");
    f->config.uuid[0] ^= 1;
    f->judge_says = "the policy wants something else";
    refused(f, "the policy wants something else");
}
END_TEST

START_TEST(no_key_is_asked_for_what_is_out_of_bounds)
{
    g_autoptr(fake_t) f = fake_new();
    guint asked;

    fake_make(f, "tpm");
    asked = f->provider.asked;
    f->config.platform.tcb = 0x4700000000000204;
    refused(f, "above this firmware's committed one");
    f->config.platform.tcb = 0x4800000000000205;
    f->config.platform.tcb_floor = 0x4800000000000205;
    refused(f, "below the image's floor");
    f->config.platform.tcb_floor = 0;
    f->config.platform.vmpl = 1;
    refused(f, "VMPL");
    f->config.platform.vmpl = 0;
    f->config.platform.source = SEAL_SOURCE_SEV;
    refused(f, "another key source");
    ck_assert_uint_eq(f->provider.asked, asked);
}
END_TEST

START_TEST(the_policy_has_floors_too)
{
    g_autoptr(fake_t) f = fake_new();

    f->bind = SEAL_BIND_SIGNER;
    fake_make(f, "tpm");
    f->config.platform.svn = 9;
    f->policy_svn_floor = 4;
    refused(f, "SVN below the policy's floor");
    f->policy_svn_floor = 0;
    f->policy_tcb_floor = 0x4700000000000206;
    refused(f, "TCB below the policy's floor");
    f->policy_tcb_floor = 0;
    f->bind = SEAL_BIND_MEASUREMENT;
    refused(f, "another kind of bind");
}
END_TEST

static guint64
sealed_tcb(struct fake *f, guint32 *ret_svn)
{
    g_autoptr(GBytes) file = fake_read(f->state);
    struct cursor in = cursor_from(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    struct sealed_header h;

    ck_assert(sealed_header_parse(&in, &h, NULL));
    *ret_svn = h.key.svn;
    return h.key.tcb;
}

START_TEST(resealed_when_tcb_or_svn_rose)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *tpm = NULL;
    struct receipt r;
    guint32 svn;

    f->bind = SEAL_BIND_SIGNER;
    fake_make(f, "tpm");
    f->config.platform.tcb = 0x4800000000000206;
    f->config.platform.svn = 5;
    s = fake_open(f, NULL);
    ck_assert_uint_eq(sealed_tcb(f, &svn), 0x4800000000000206);
    ck_assert_uint_eq(svn, 5);
    sealed_receipt(s, &r);
    ck_assert_uint_eq(r.generation, 2);
    tpm = fake_load(s);
    ck_assert_str_eq(tpm, "tpm");
    fake_save(s, "more");
    g_clear_pointer(&s, sealed_free);
    f->config.platform.tcb = 0x4700000000000205;
    refused(f, "committed");
    f->config.platform.tcb = 0x4800000000000206;
    f->config.platform.svn = 4;
    refused(f, "SVN");
}
END_TEST

START_TEST(the_owner_secret_is_needed)
{
    g_autoptr(fake_t) f = fake_new();

    f->owner = secret_copy("owner-secret-owner-secret-owner-", 32);
    f->owner_required = TRUE;
    fake_make(f, "tpm");
    g_clear_pointer(&f->owner, secret_free);
    refused(f, "owner's secret");
    f->owner = secret_copy("owner-secret-owner-secret-ownerX", 32);
    refused(f, "does not open");
    secret_free(f->owner);
    f->owner = secret_copy("owner-secret-owner-secret-owner-", 32);
    sealed_free(fake_open(f, NULL));
    f->owner_required = FALSE;
    refused(f, "disagree on the owner secret");
}
END_TEST

START_TEST(attaches_are_logged_durably)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(SealedStore) s = NULL;
    g_autoptr(GError) error = NULL;
    const guint8 a[LAUNCH_ID_SIZE] = { 'a' }, b[LAUNCH_ID_SIZE] = { 'b' };
    struct receipt first, second, forged;

    fake_make(f, "tpm");
    s = fake_open(f, NULL);
    ck_assert(!sealed_launch_used(s, a));
    ck_assert(sealed_attach(s, a, NULL));
    sealed_receipt(s, &first);
    ck_assert_uint_eq(first.epoch, 1);
    ck_assert(sealed_launch_used(s, a));
    ck_assert(!sealed_attach(s, a, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    fake_save(s, "tpm 2");
    g_clear_pointer(&s, sealed_free);
    s = fake_open(f, NULL);
    ck_assert(sealed_launch_used(s, a));
    ck_assert(sealed_attach(s, b, NULL));
    sealed_receipt(s, &second);
    ck_assert_uint_eq(second.epoch, 2);
    ck_assert(memcmp(first.lineage, second.lineage, sizeof(first.lineage)) != 0);
    ck_assert(sealed_check_receipt(s, &first));
    ck_assert(sealed_check_receipt(s, &second));
    forged = second;
    forged.generation++;
    ck_assert(!sealed_check_receipt(s, &forged));
}
END_TEST

START_TEST(an_owner_moves_it)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(Secret) recovery = secret_copy("recovery-secret-of-32-bytes-here", 32);
    g_autoptr(Secret) wrong = secret_copy("recovery-secret-of-32-bytes-herX", 32);
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *tpm = NULL;
    struct receipt r;

    fake_make(f, "tpm");
    s = fake_open(f, NULL);
    ck_assert(!sealed_recovered(s));
    g_clear_pointer(&s, sealed_free);
    f->provider.image = "new image";
    f->config.platform.tcb = 0x0100000000000001;
    refused(f, "committed");
    ck_assert(!sealed_recover(&f->config, wrong, NULL));
    ck_assert(sealed_recover(&f->config, recovery, NULL));
    s = fake_open(f, NULL);
    tpm = fake_load(s);
    ck_assert_str_eq(tpm, "tpm");
    ck_assert(sealed_recovered(s));
    sealed_receipt(s, &r);
    ck_assert_uint_eq(r.epoch, G_GUINT64_CONSTANT(1) << 32);
    ck_assert(sealed_attach(s, (const guint8 *)"sixteen bytes...", NULL));
    g_clear_pointer(&s, sealed_free);
    f->provider.image = "image";
    f->config.platform.tcb = 0x4700000000000205;
    refused(f, "does not open");
}
END_TEST

START_TEST(one_process_at_a_time)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *said = NULL;
    pid_t child;
    int status;

    fake_make(f, "tpm");
    s = fake_open(f, NULL);
    child = fork();
    if (child == 0) {
        g_autoptr(SealedStore) other = fake_open(f, &said);

        _exit(other == NULL && strstr(said, "another process") != NULL ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(no_plaintext_is_in_the_file)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(GBytes) file = NULL;
    const char *words = "a pattern that stands in the TPM's state";
    const char *bytes;
    gsize len;

    fake_make(f, words);
    file = fake_read(f->state);
    bytes = g_bytes_get_data(file, &len);
    ck_assert_ptr_null(memmem(bytes, len, words, 10));
    ck_assert_ptr_null(memmem(bytes, len, fake_policy, 10));
    ck_assert_ptr_null(memmem(bytes, len, "recovery-secret", 10));
    ck_assert_ptr_null(memmem(bytes, len, "0123456789abcdef", 10));
}
END_TEST

START_TEST(inspect_says_whether_it_is_authentic)
{
    g_autoptr(fake_t) f = fake_new();
    g_autofree char *good = NULL, *bad = NULL;

    fake_make(f, "tpm");
    good = sealed_inspect(&f->config, TRUE, NULL);
    ck_assert_ptr_nonnull(strstr(good, "\"authenticated\" : true"));
    ck_assert_ptr_nonnull(strstr(good, "5a010203-0405-0607-0809-0a0b0c0d0e0f"));
    ck_assert_ptr_nonnull(strstr(good, "\"bind\" : \"measurement\""));
    ck_assert_ptr_nonnull(strstr(good, "\"recovery\""));
    f->provider.image = "another";
    bad = sealed_inspect(&f->config, TRUE, NULL);
    ck_assert_ptr_nonnull(strstr(bad, "\"authenticated\" : false"));
}
END_TEST

/* A folder in the place of .next cannot be removed: a save waits until it is gone. */
static gpointer
make_room(gpointer data)
{
    struct fake *f = data;

    while (g_atomic_int_get(&f->waited) == 0)
        g_usleep(1000);
    g_rmdir(f->next);
    return NULL;
}

START_TEST(a_save_waits_until_it_is_durable)
{
    g_autoptr(fake_t) f = fake_new();
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *tpm = NULL;
    struct sealed_status status;
    GThread *thread;

    fake_make(f, "tpm");
    s = fake_open(f, NULL);
    sealed_status(s, &status);
    ck_assert(!status.waiting);
    ck_assert_int_eq(g_mkdir(f->next, 0700), 0);
    thread = g_thread_new("room", make_room, f);
    fake_save(s, "tpm 2");
    g_thread_join(thread);
    ck_assert_uint_eq(f->went_on, 1);
    sealed_status(s, &status);
    ck_assert(!status.waiting);
    g_clear_pointer(&s, sealed_free);
    s = fake_open(f, NULL);
    tpm = fake_load(s);
    ck_assert_str_eq(tpm, "tpm 2");
}
END_TEST

Suite *
sealed_suite(void)
{
    Suite *suite = suite_create("sealed");
    TCase *tc = tcase_create("sealed");

    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, made_and_found_again);
    tcase_add_test(tc, only_permanent_state_is_kept);
    tcase_add_test(tc, nothing_is_made_anew);
    tcase_add_test(tc, no_second_is_made_over_the_first);
    tcase_add_test(tc, half_made_is_no_state);
    tcase_add_test(tc, every_byte_of_the_state_counts);
    tcase_add_loop_test(tc, a_header_sealed_anew_is_judged, 0, G_N_ELEMENTS(forged_headers));
    tcase_add_test(tc, the_same_header_sealed_anew_opens);
    tcase_add_test(tc, another_image_or_chip_cannot_open_it);
    tcase_add_test(tc, no_key_is_asked_for_what_is_out_of_bounds);
    tcase_add_test(tc, the_policy_has_floors_too);
    tcase_add_test(tc, resealed_when_tcb_or_svn_rose);
    tcase_add_test(tc, the_owner_secret_is_needed);
    tcase_add_test(tc, attaches_are_logged_durably);
    tcase_add_test(tc, an_owner_moves_it);
    tcase_add_test(tc, one_process_at_a_time);
    tcase_add_test(tc, no_plaintext_is_in_the_file);
    tcase_add_test(tc, inspect_says_whether_it_is_authentic);
    tcase_add_test(tc, a_save_waits_until_it_is_durable);
    suite_add_tcase(suite, tc);
    return suite;
}
