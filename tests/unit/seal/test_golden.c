/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_golden - files that each version of the format left behind, in
 * tests/data/sealed: every later reader has to open them, byte by byte as they
 * are. Their key is the fake platform's for "golden image" (fake.c): a hash
 * over what was asked for. A new version adds its own files, and a row here.
 */
#include "config.h"

#include <string.h>

#include "base/keyfile.h"
#include "fake.h"
#include "suites.h"

Suite *golden_suite(void);

static const char owner_secret[] = "owner-secret-owner-secret-owner-";

static const struct golden {
    const char *file;
    guint16 version;
    enum seal_bind bind;
    gboolean owner;
    const char *tpm;
    guint64 epoch, generation;
    const char *chain;                   /* of the file: the formula is part of the format */
} files[] = {
    { "v1-measurement", 1, SEAL_BIND_MEASUREMENT, FALSE, "the TPM of version 1", 2, 5,
      "5c0e0447d99b55bed347400dd30955d30bc8047c31a4a8fdb0548cac2b88dae3" },
    { "v1-signer-owner", 1, SEAL_BIND_SIGNER, TRUE, "the TPM of version 1, of an owner", 1, 2,
      "c44926d943326a34a1b339c28939e869717268d1b8af6648155e741fce97b725" },
};

static struct fake *
fake_of(const struct golden *g)
{
    struct fake *f = fake_new();

    f->provider.image = "golden image";
    f->bind = g->bind;
    f->drops = TRUE;
    f->owner_required = g->owner;
    if (g->owner)
        f->owner = secret_copy(owner_secret, strlen(owner_secret));
    return f;
}

static GBytes *
golden_bytes(const struct golden *g)
{
    g_autofree char *path = g_build_filename(TEST_DATA, "sealed", g->file, NULL);

    return fake_read(path);
}

START_TEST(an_older_file_opens)
{
    const struct golden *g = &files[_i];
    g_autoptr(fake_t) f = fake_of(g);
    g_autoptr(GBytes) file = golden_bytes(g);
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *tpm = NULL;
    g_autofree char *chain = NULL;
    struct receipt now;
    const guint8 *bytes = g_bytes_get_data(file, NULL);

    ck_assert_uint_eq((guint)(bytes[8] << 8 | bytes[9]), g->version);
    fake_write(f->state, bytes, g_bytes_get_size(file));
    s = fake_open(f, NULL);
    ck_assert_ptr_nonnull(s);
    tpm = fake_load(s);
    ck_assert_str_eq(tpm, g->tpm);
    ck_assert_mem_eq(g_bytes_get_data(sealed_policy(s), NULL), fake_policy, strlen(fake_policy));
    ck_assert_uint_eq(secret_len(sealed_psk(s)), 32);
    ck_assert_mem_eq(secret_peek(sealed_psk(s)), "0123456789abcdef0123456789abcdef", 32);
    ck_assert(sealed_recoverable(s));
    sealed_receipt(s, &now);
    ck_assert_uint_eq(now.epoch, g->epoch);
    ck_assert_uint_eq(now.generation, g->generation);
    chain = hex_encode(now.chain, sizeof(now.chain));
    ck_assert_str_eq(chain, g->chain);
    ck_assert(sealed_launch_used(s, (const guint8 *)"a launch of old."));
    ck_assert(!sealed_launch_used(s, (const guint8 *)"another launch.."));
}
END_TEST

/* What is written over it is of the newest version, and goes on where it was. */
START_TEST(an_older_file_goes_on)
{
    const struct golden *g = &files[_i];
    g_autoptr(fake_t) f = fake_of(g);
    g_autoptr(GBytes) file = golden_bytes(g), after = NULL;
    g_autoptr(SealedStore) s = NULL;
    const guint8 *bytes;
    struct receipt before, now;

    fake_write(f->state, g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    s = fake_open(f, NULL);
    sealed_receipt(s, &before);
    fake_save(s, "goes on");
    after = fake_read(f->state);
    bytes = g_bytes_get_data(after, NULL);
    ck_assert_uint_eq((guint)(bytes[8] << 8 | bytes[9]), SEALED_VERSION);
    sealed_receipt(s, &now);
    ck_assert_uint_eq(now.generation, before.generation + 1);
    ck_assert(sealed_check_receipt(s, &before));
}
END_TEST

START_TEST(an_older_file_can_be_recovered)
{
    const struct golden *g = &files[_i];
    g_autoptr(fake_t) f = fake_of(g);
    g_autoptr(GBytes) file = golden_bytes(g);
    g_autoptr(Secret) recovery = secret_copy("recovery-secret-of-32-bytes-here", 32);
    g_autoptr(SealedStore) s = NULL;

    fake_write(f->state, g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    f->provider.image = "another image";
    f->config.owner = f->owner;
    ck_assert(sealed_recover(&f->config, recovery, NULL));
    s = fake_open(f, NULL);
    ck_assert_ptr_nonnull(s);
    ck_assert(sealed_recovered(s));
}
END_TEST

/* A newer version is not guessed at. */
START_TEST(a_newer_file_is_refused_by_its_version)
{
    const struct golden *g = &files[_i];
    g_autoptr(fake_t) f = fake_of(g);
    g_autoptr(GBytes) file = golden_bytes(g);
    gsize len = g_bytes_get_size(file);
    g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(file, NULL), len);
    g_autofree char *said = NULL;
    g_autoptr(SealedStore) s = NULL;

    copy[9] = SEALED_VERSION + 1;
    fake_write(f->state, copy, len);
    s = fake_open(f, &said);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(said, "version 2 of the format is unknown here"));
}
END_TEST

Suite *
golden_suite(void)
{
    Suite *suite = suite_create("golden");
    TCase *tc = tcase_create("golden");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, an_older_file_opens, 0, G_N_ELEMENTS(files));
    tcase_add_loop_test(tc, an_older_file_goes_on, 0, G_N_ELEMENTS(files));
    tcase_add_loop_test(tc, an_older_file_can_be_recovered, 0, G_N_ELEMENTS(files));
    tcase_add_loop_test(tc, a_newer_file_is_refused_by_its_version, 0, G_N_ELEMENTS(files));
    suite_add_tcase(suite, tc);
    return suite;
}
