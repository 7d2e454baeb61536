/* SPDX-License-Identifier: BSD-3-Clause */
/* test_cipher - published answers for the primitives, then swtpm's use of them. */
#include "config.h"

#include <string.h>

#include "cocotransport/keys/cbc.h"
#include "suites.h"
#include "swtpm/store/cipher.h"

Suite *cipher_suite(void);

static Secret *
secret(const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    return secret_copy(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static StateKey *
key_of(gsize len, guint8 fill)
{
    Secret *bytes = secret_new(len);
    StateKey *key;

    memset(secret_bytes(bytes), fill, len);
    key = state_key_new(bytes, NULL);
    ck_assert_ptr_nonnull(key);
    return key;
}

/* NIST SP 800-38A, F.2.1 and F.2.5. */
static const struct {
    const char *key, *want;
} cbc[] = {
    { "2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d" },
    { "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
      "f58c4c04d6e5f1ba779eabfb5f7bfbd6" },
};

START_TEST(aes_cbc_gives_the_published_bytes)
{
    g_autoptr(Secret) key = secret(cbc[_i].key);
    g_autoptr(GBytes) want = test_bytes(cbc[_i].want);
    g_autoptr(GBytes) iv = test_bytes("000102030405060708090a0b0c0d0e0f");
    g_autoptr(GBytes) plain = test_bytes("6bc1bee22e409f96e93d7e117393172a");
    guint8 data[16];

    memcpy(data, g_bytes_get_data(plain, NULL), sizeof(data));
    ck_assert(cbc_encrypt(key, g_bytes_get_data(iv, NULL), data, sizeof(data), NULL));
    ck_assert_mem_eq(data, g_bytes_get_data(want, NULL), sizeof(data));
    ck_assert(cbc_decrypt(key, g_bytes_get_data(iv, NULL), data, sizeof(data), NULL));
    ck_assert_mem_eq(data, g_bytes_get_data(plain, NULL), sizeof(data));
    ck_assert(!cbc_decrypt(key, g_bytes_get_data(iv, NULL), data, sizeof(data) - 1, NULL));
}
END_TEST

/* RFC 4231, case 2, the text in two pieces; PBKDF2 of "password", "salt", one round. */
START_TEST(hmac_and_pbkdf2_give_the_published_bytes)
{
    g_autoptr(Secret) jefe = secret_copy("Jefe", 4);
    g_autoptr(Secret) password = secret_copy("password", 8);
    g_autoptr(Secret) derived = crypto_pbkdf2_sha512(password, "salt", 4, 1, 32, NULL);
    g_autoptr(GBytes) mac =
        test_bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    g_autoptr(Secret) want =
        secret("867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252");
    const struct crypto_piece pieces[] = { { "what do ya want ", 16 }, { "for nothing?", 12 } };
    guint8 got[SHA256_SIZE];

    ck_assert(crypto_hmac_sha256(jefe, pieces, 2, got, NULL));
    ck_assert_mem_eq(got, g_bytes_get_data(mac, NULL), sizeof(got));
    ck_assert_ptr_nonnull(derived);
    ck_assert(secret_equal(derived, want));
}
END_TEST

/* Every length around the padding, both key lengths; the pad is of the key's length. */
START_TEST(every_length_comes_back)
{
    gsize len = _i % 2 == 0 ? 16 : 32;
    g_autoptr(StateKey) key = key_of(len, 7);
    guint8 data[40];

    memset(data, 0x5a, sizeof(data));
    for (gsize n = 0; n <= sizeof(data); n++) {
        g_autoptr(GBytes) state = g_bytes_new(data, n);
        g_autoptr(GBytes) file = format_file_write(state, key, NULL);
        g_autoptr(GBytes) back = format_file_parse(file, key, NULL);
        gsize padded = (n / len + 1) * len;

        ck_assert_ptr_nonnull(back);
        ck_assert(g_bytes_equal(back, state));
        ck_assert_uint_eq(g_bytes_get_size(file), 10 + 3 * 6 + padded + 32 + len);
    }
}
END_TEST

START_TEST(no_flipped_bit_under_the_mac_is_taken)
{
    g_autoptr(StateKey) key = key_of(32, 9);
    g_autoptr(GBytes) state = g_bytes_new_static("the state", 9);
    g_autoptr(GBytes) file = format_file_write(state, key, NULL);
    gsize len = g_bytes_get_size(file);
    g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(file, NULL), len);

    for (gsize i = 10; i < len; i++) {
        g_autoptr(GBytes) changed = NULL;
        g_autoptr(GBytes) back = NULL;

        copy[i] ^= 1;
        changed = g_bytes_new(copy, len);
        back = format_file_parse(changed, key, NULL);
        copy[i] ^= 1;
        ck_assert_ptr_null(back);
    }
}
END_TEST

static void
refused(GBytes *file, const StateKey *key, int code)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(format_file_parse(file, key, &error));
    ck_assert(g_error_matches(error, FORMAT_ERROR, code));
}

START_TEST(the_wrong_key_is_named)
{
    g_autoptr(StateKey) narrow = key_of(16, 1);
    g_autoptr(StateKey) wide = key_of(32, 1);
    g_autoptr(StateKey) other = key_of(32, 2);
    g_autoptr(GBytes) state = g_bytes_new_static("the state", 9);
    g_autoptr(GBytes) file = format_file_write(state, wide, NULL);
    g_autoptr(GBytes) plain = format_file_write(state, NULL, NULL);

    refused(file, narrow, FORMAT_ERROR_KEY_LENGTH);
    refused(file, other, FORMAT_ERROR_DECRYPT);
    refused(file, NULL, FORMAT_ERROR_FAIL);
    refused(plain, wide, FORMAT_ERROR_FAIL);
}
END_TEST

/* file key: none, 16, 32; migration key: none, 16, 32. */
START_TEST(blobs_come_back_under_any_two_keys)
{
    const gsize lens[] = { 0, 16, 32 };
    g_autoptr(StateKey) key = _i % 3 == 0 ? NULL : key_of(lens[_i % 3], 3);
    g_autoptr(StateKey) migration = _i / 3 == 0 ? NULL : key_of(lens[_i / 3], 4);
    g_autoptr(GBytes) state = g_bytes_new_static("a state", 7);
    g_autoptr(GBytes) blob = format_blob_write(state, key, migration, NULL);
    g_autoptr(GBytes) back = format_blob_parse(blob, key, migration, NULL);
    const guint8 *header = g_bytes_get_data(blob, NULL);

    ck_assert_ptr_nonnull(back);
    ck_assert(g_bytes_equal(back, state));
    ck_assert_uint_eq(header[5], 4 | (key != NULL ? 1 : 0) | (migration != NULL ? 2 : 0)
                                     | (_i % 3 == 2 ? 8 : 0) | (_i / 3 == 2 ? 0x10 : 0));
}
END_TEST

START_TEST(a_blob_without_migration_key_is_an_upgrade)
{
    g_autoptr(StateKey) migration = key_of(32, 4);
    g_autoptr(GBytes) state = g_bytes_new_static("a state", 7);
    g_autoptr(GBytes) blob = format_blob_write(state, NULL, NULL, NULL);
    g_autoptr(GBytes) back = format_blob_parse(blob, NULL, migration, NULL);

    ck_assert_ptr_nonnull(back);
    ck_assert(g_bytes_equal(back, state));
}
END_TEST

Suite *
cipher_suite(void)
{
    Suite *suite = suite_create("cipher");
    TCase *tests = tcase_create("cipher");

    tcase_add_loop_test(tests, aes_cbc_gives_the_published_bytes, 0, 2);
    tcase_add_test(tests, hmac_and_pbkdf2_give_the_published_bytes);
    tcase_add_loop_test(tests, every_length_comes_back, 0, 2);
    tcase_add_test(tests, no_flipped_bit_under_the_mac_is_taken);
    tcase_add_test(tests, the_wrong_key_is_named);
    tcase_add_loop_test(tests, blobs_come_back_under_any_two_keys, 0, 9);
    tcase_add_test(tests, a_blob_without_migration_key_is_an_upgrade);
    suite_add_tcase(suite, tests);
    return suite;
}
