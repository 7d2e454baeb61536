/* SPDX-License-Identifier: BSD-3-Clause */
/* The answers were worked out with Python's hashlib and hmac from the text of the protocol. */
#include "config.h"

#include "base/error.h"
#include "cocotransport/keys/schedule.h"
#include "suites.h"

#include <string.h>

static void
expect(const void *got, const char *hex)
{
    g_autoptr(GBytes) want = test_bytes(hex);

    ck_assert_mem_eq(got, g_bytes_get_data(want, NULL), g_bytes_get_size(want));
}

static void
count_up(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)i;
}

static Secret *
counted_secret(void)
{
    Secret *s = secret_new(32);

    count_up(secret_bytes(s), 32);
    return s;
}

static const struct {
    enum schedule_key key;
    const char *okm;
} key_cases[] = {
    { SCHEDULE_STATE_KEK, "ba2ddcbc92dc533696824c93970df3d34d90f6a929da7736b0a91227bb3b47c4" },
    { SCHEDULE_STATE_RECOVERY,
      "f48b6d3b335e04528866c20ad75e897b807195ec3b9ef56aa1995f66eff2f2a1" },
    { SCHEDULE_FORMAT_SNP, "4c2518c7a2de41364d755c033462536e63102854c57d3a8236b0e2c8d3452b44" },
    { SCHEDULE_FORMAT_VMPCK, "6dff9b81e1fff064abbfccff81038c574b9ce30d54c687cc6f9453976cf4cb72" },
};

START_TEST(each_key_has_its_own_label)
{
    const struct crypto_piece pieces[] = { { "one", 3 }, { "two", 3 } };
    g_autoptr(Secret) ikm = counted_secret();
    g_autoptr(Secret) key = NULL;
    uint8_t salt[16];

    count_up(salt, sizeof(salt));
    key = schedule_derive(key_cases[_i].key, ikm, salt, sizeof(salt), pieces, 2, NULL);
    ck_assert_ptr_nonnull(key);
    ck_assert_uint_eq(secret_len(key), 32);
    expect(secret_peek(key), key_cases[_i].okm);
}
END_TEST

static const struct {
    uint8_t role;
    uint64_t number;
    const char *context, *identity, *psk;
} psk_cases[] = {
    { ROLE_COCOVM, 0, "3ca8db9b548f3150e8291c62a6c5538ee74ce8bcd28bd403b92e223eb91e3522",
      "0019436f436f54504d0101000102030405060708090a0b0c0d0e0f00203ca8db9b548f3150e8291c62a6c5538e"
      "e74ce8bcd28bd403b92e223eb91e352203040001",
      "e0d4f46facad7f7521961731f3f8964d2ba2a9f9cb2832d5608e8dedb87254e9" },
    { ROLE_OPERATOR, 0, "d23c922622afcff007f7ecfbbf1ef9f54a292a3a78c325ef0fb38937a4764f2b",
      "0019436f436f54504d0102000102030405060708090a0b0c0d0e0f0020d23c922622afcff007f7ecfbbf1ef9f5"
      "4a292a3a78c325ef0fb38937a4764f2b03040001",
      "59c5ea03fed9fcc6044d988df690d1a8b750d74be40218f2ad6f20586d218071" },
    { ROLE_RESUME, 7, "a0416f31477f37d0c81b76b1a7b2b8926645db8f84bd49446f86b404aba22002",
      "0021436f436f54504d0103000102030405060708090a0b0c0d0e0f00000000000000070020a0416f31477f37d0"
      "c81b76b1a7b2b8926645db8f84bd49446f86b404aba2200203040001",
      "02022d7a9039abcce0c93e164d3b4e6d209b1d3b5b7901038bbe9e0198d098b4" },
};

static size_t
case_identity(int i, uint8_t ret[static IDENTITY_MAX])
{
    struct psk_identity id = { .role = psk_cases[i].role, .number = psk_cases[i].number };
    uint8_t cocotpm[REFERENCE_SIZE], cocovm[REFERENCE_SIZE];

    count_up(id.uuid, sizeof(id.uuid));
    memset(cocotpm, 0x11, sizeof(cocotpm));
    memset(cocovm, 0x22, sizeof(cocovm));
    ck_assert(schedule_context(id.role, id.uuid, cocotpm, cocovm, id.context, NULL));
    expect(id.context, psk_cases[i].context);
    return psk_identity_write(&id, ret);
}

START_TEST(psk_follows_the_identity)
{
    g_autoptr(Secret) epsk = counted_secret();
    g_autoptr(Secret) psk = NULL;
    uint8_t wire[IDENTITY_MAX];
    const size_t len = case_identity(_i, wire);
    struct psk_identity back;

    ck_assert_uint_eq(len, strlen(psk_cases[_i].identity) / 2);
    expect(wire, psk_cases[_i].identity);
    ck_assert(psk_identity_parse(wire, len, &back, NULL));
    ck_assert_uint_eq(back.role, psk_cases[_i].role);
    ck_assert_uint_eq(back.number, psk_cases[_i].number);
    psk = schedule_psk(epsk, wire, len, NULL);
    ck_assert_ptr_nonnull(psk);
    expect(secret_peek(psk), psk_cases[_i].psk);
}
END_TEST

/* Each byte that says form or version, changed alone, and every length but the right one. */
START_TEST(identity_has_one_spelling)
{
    uint8_t wire[IDENTITY_MAX + 1] = { 0 };
    const size_t len = case_identity(_i, wire);
    const size_t names = 2 + 7 + 1;
    struct psk_identity back = { .role = 99 };

    for (size_t i = 0; i <= len + 1; i++)
        if (i != len)
            ck_assert(!psk_identity_parse(wire, i, &back, NULL));
    for (size_t i = 0; i < len; i++) {
        const bool form = i < names || i >= len - 4;

        wire[i] ^= 0x80;
        if (form)
            ck_assert(!psk_identity_parse(wire, len, &back, NULL));
        wire[i] ^= 0x80;
    }
    wire[names] = 0;
    ck_assert(!psk_identity_parse(wire, len, &back, NULL));
    wire[names] = 4;
    ck_assert(!psk_identity_parse(wire, len, &back, NULL));
    ck_assert_uint_eq(back.role, 99);
}
END_TEST

START_TEST(report_data_matches)
{
    uint8_t wire[IDENTITY_MAX], exporter[EXPORTER_SIZE], data[SHA512_SIZE], other[SHA512_SIZE];
    const size_t len = case_identity(0, wire);

    memset(exporter, 0x33, sizeof(exporter));
    ck_assert(schedule_report_data(SIDE_CLIENT, ROLE_COCOVM, wire, len, exporter, "claims", 6,
                                   data, NULL));
    expect(data, "192d3711f069d7a044d587fd3d39cd78448a564c011412c9388ccce2d56c04bc"
                 "5d2eab9aba47225a58ee4e19823aa9905598092d67c8b51c28c5aed56bbb89c8");
    ck_assert(schedule_report_data(SIDE_SERVER, ROLE_COCOVM, wire, len, exporter, "claims", 6,
                                   other, NULL));
    ck_assert_mem_ne(data, other, sizeof(data));
    exporter[63] ^= 1;
    ck_assert(schedule_report_data(SIDE_CLIENT, ROLE_COCOVM, wire, len, exporter, "claims", 6,
                                   other, NULL));
    ck_assert_mem_ne(data, other, sizeof(data));
}
END_TEST

START_TEST(statement_data_matches)
{
    uint8_t data[SHA512_SIZE];

    ck_assert(schedule_statement_data("abc", 3, data, NULL));
    expect(data, "875a2a637a59aef28e48627a127c55ce6258d63899ac3bdad4fc797c7dcf5b8b"
                 "1d39752e8d475a587cf412366a266616ac963a10998cc89865bd9d83e692de39");
}
END_TEST

Suite *schedule_suite(void);

Suite *
schedule_suite(void)
{
    Suite *s = suite_create("schedule");
    TCase *t = tcase_create("schedule");

    tcase_add_loop_test(t, each_key_has_its_own_label, 0, G_N_ELEMENTS(key_cases));
    tcase_add_loop_test(t, psk_follows_the_identity, 0, G_N_ELEMENTS(psk_cases));
    tcase_add_loop_test(t, identity_has_one_spelling, 0, G_N_ELEMENTS(psk_cases));
    tcase_add_test(t, report_data_matches);
    tcase_add_test(t, statement_data_matches);
    suite_add_tcase(s, t);
    return s;
}
