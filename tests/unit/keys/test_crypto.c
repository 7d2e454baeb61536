/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "suites.h"

#include <string.h>

static void
expect(const void *got, const char *hex)
{
    g_autoptr(GBytes) want = test_bytes(hex);

    ck_assert_mem_eq(got, g_bytes_get_data(want, NULL), g_bytes_get_size(want));
}

/* FIPS 180-4, "abc", given in two pieces with an empty one between. */
START_TEST(hashes_match_known_answers)
{
    const struct crypto_piece pieces[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };
    uint8_t sum[SHA512_SIZE];

    ck_assert(crypto_sha256(pieces, 3, sum, NULL));
    expect(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert(crypto_sha384(pieces, 3, sum, NULL));
    expect(sum, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                "8086072ba1e7cc2358baeca134c825a7");
    ck_assert(crypto_sha512(pieces, 3, sum, NULL));
    expect(sum, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}
END_TEST

/* RFC 5869, A.1. */
START_TEST(hkdf_matches_known_answers)
{
    g_autoptr(GBytes) ikm_bytes = test_bytes("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    g_autoptr(GBytes) salt = test_bytes("000102030405060708090a0b0c");
    g_autoptr(GBytes) info = test_bytes("f0f1f2f3f4f5f6f7f8f9");
    g_autoptr(Secret) ikm = secret_copy(g_bytes_get_data(ikm_bytes, NULL), 22);
    g_autoptr(Secret) prk = crypto_hkdf_extract(ikm, g_bytes_get_data(salt, NULL), 13, NULL);
    g_autoptr(Secret) okm = NULL;

    ck_assert_ptr_nonnull(prk);
    expect(secret_peek(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    okm = crypto_hkdf_expand(prk, g_bytes_get_data(info, NULL), 10, 42, NULL);
    ck_assert_ptr_nonnull(okm);
    expect(secret_peek(okm), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                             "34007208d5b887185865");
}
END_TEST

/* The Galois/Counter Mode of Operation (McGrew, Viega), test case 16. */
START_TEST(gcm_matches_known_answers)
{
    g_autoptr(GBytes) key_bytes = test_bytes(
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    g_autoptr(GBytes) nonce = test_bytes("cafebabefacedbaddecaf888");
    g_autoptr(GBytes) aad = test_bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    g_autoptr(GBytes) plain = test_bytes(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    g_autoptr(Secret) key = secret_copy(g_bytes_get_data(key_bytes, NULL), 32);
    g_autoptr(Secret) opened = NULL;
    uint8_t sealed[60 + GCM_TAG_SIZE];

    ck_assert(crypto_gcm_seal(key, g_bytes_get_data(nonce, NULL), g_bytes_get_data(aad, NULL), 20,
                              g_bytes_get_data(plain, NULL), 60, sealed, NULL));
    expect(sealed, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                   "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                   "76fc6ece0f4e1768cddf8853bb2d551b");
    opened = crypto_gcm_open(key, g_bytes_get_data(nonce, NULL), g_bytes_get_data(aad, NULL), 20,
                             sealed, sizeof(sealed), NULL);
    ck_assert_ptr_nonnull(opened);
    ck_assert_uint_eq(secret_len(opened), 60);
    ck_assert_mem_eq(secret_peek(opened), g_bytes_get_data(plain, NULL), 60);
}
END_TEST

START_TEST(gcm_refuses_every_flipped_byte)
{
    static const uint8_t nonce[GCM_NONCE_SIZE];
    g_autoptr(Secret) key = crypto_random_secret(AES256_KEY_SIZE, NULL);
    uint8_t sealed[20 + GCM_TAG_SIZE];
    uint8_t aad[7] = { 1, 2, 3, 4, 5, 6, 7 };

    ck_assert(crypto_gcm_seal(key, nonce, aad, 7, "twenty bytes of text", 20, sealed, NULL));
    for (size_t i = 0; i < sizeof(sealed) + sizeof(aad); i++) {
        uint8_t *at = i < sizeof(sealed) ? &sealed[i] : &aad[i - sizeof(sealed)];
        g_autoptr(GError) error = NULL;

        *at ^= 0x40;
        ck_assert_ptr_null(crypto_gcm_open(key, nonce, aad, 7, sealed, sizeof(sealed), &error));
        ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
        *at ^= 0x40;
    }
    for (size_t len = 0; len <= GCM_TAG_SIZE; len++)
        ck_assert_ptr_null(crypto_gcm_open(key, nonce, aad, 7, sealed, len, NULL));
}
END_TEST

START_TEST(random_secrets_differ)
{
    g_autoptr(Secret) a = crypto_random_secret(32, NULL);
    g_autoptr(Secret) b = crypto_random_secret(32, NULL);

    ck_assert(!secret_equal(a, b));
    ck_assert(!secret_is_zero(a));
    ck_assert(crypto_equal("same", "same", 4));
    ck_assert(!crypto_equal("same", "samf", 4));
}
END_TEST

Suite *crypto_suite(void);

Suite *
crypto_suite(void)
{
    Suite *s = suite_create("crypto");
    TCase *t = tcase_create("crypto");

    tcase_add_test(t, hashes_match_known_answers);
    tcase_add_test(t, hkdf_matches_known_answers);
    tcase_add_test(t, gcm_matches_known_answers);
    tcase_add_test(t, gcm_refuses_every_flipped_byte);
    tcase_add_test(t, random_secrets_differ);
    suite_add_tcase(s, t);
    return s;
}
