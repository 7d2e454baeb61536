/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "cocotransport/wire/claims.h"
#include "elements.h"
#include "suites.h"

#include <string.h>

#define CLIENT "0001 00000002 0001  0002 00000010 000102030405060708090a0b0c0d0e0f  0003 00000001 01"

static const struct {
    const char *what;
    const char *hex;
    gboolean ok;
} client_cases[] = {
    { "the least a client says", CLIENT, TRUE },
    { "with a name", CLIENT "0004 00000003 616263", TRUE },
    { "an optional type that nobody knows", CLIENT "8001 00000003 616263", TRUE },
    { "no version", "0002 00000010 000102030405060708090a0b0c0d0e0f 0003 00000001 01", FALSE },
    { "a type twice", CLIENT "0003 00000001 01", FALSE },
    { "types out of order", CLIENT "0001 00000002 0001", FALSE },
    { "an unknown type below 0x8000", CLIENT "0010 00000001 00", FALSE },
    { "the highest of those", CLIENT "7fff 00000001 00", FALSE },
    { "what only a server says", CLIENT "0009 00000008 0000000000000001", FALSE },
    { "a name with a line break", CLIENT "0004 00000003 610a63", FALSE },
    { "an empty name", CLIENT "0004 00000000", FALSE },
    { "a receipt too short", CLIENT "0005 00000001 00", FALSE },
    { "cut in the last length", CLIENT "0004 000000", FALSE },
    { "a length of all ones", CLIENT "8001 ffffffff 00", FALSE },
    { "a psk kind of 0", "0001 00000002 0001 0002 00000010 000102030405060708090a0b0c0d0e0f"
                         "0003 00000001 00", FALSE },
    { "a psk kind of 3", "0001 00000002 0001 0002 00000010 000102030405060708090a0b0c0d0e0f"
                         "0003 00000001 03", FALSE },
    { "nothing at all", "", FALSE },
};

START_TEST(client_claims_are_checked)
{
    g_autoptr(GBytes) wire = test_bytes(client_cases[_i].hex);
    struct cursor in = cursor_from(g_bytes_get_data(wire, NULL), g_bytes_get_size(wire));
    g_autoptr(GError) error = NULL;
    struct claims c = { .version = 99 };

    ck_assert_msg(claims_parse(&in, CLAIMS_CLIENT, &c, &error) == client_cases[_i].ok, "%s",
                  client_cases[_i].what);
    ck_assert((error != NULL) != client_cases[_i].ok);
    ck_assert_uint_eq(c.version, client_cases[_i].ok ? 1 : 99);
}
END_TEST

static struct claims
server_claims(void)
{
    struct claims c = {
        .given = ((1u << CLAIM_TYPES) - 2) & ~(1u << CLAIM_RECEIPT),
        .version = PROTOCOL_VERSION,
        .psk = CLAIM_PSK_SECRET,
        .software = "cocotpm",
        .ek_count = 2,
        .ek_names = { { 34, { 0, 11, 1 } }, { 50, { 0, 12, 2 } } },
        .epoch = 3,
        .generation = 4,
        .freshness = CLAIM_FRESHNESS_RECEIPT,
        .reset = CLAIM_RESET_LOG,
        .flags = CLAIM_FLAG_EMULATED,
    };

    memset(c.uuid, 5, sizeof(c.uuid));
    memset(c.hello, 6, sizeof(c.hello));
    memset(c.chain, 7, sizeof(c.chain));
    return c;
}

START_TEST(server_claims_come_back)
{
    const struct claims c = server_claims();
    struct claims back;
    uint8_t wire[CLAIMS_MAX], again[CLAIMS_MAX];
    struct builder b = builder_on(wire, sizeof(wire));
    struct builder b2 = builder_on(again, sizeof(again));
    struct cursor in;

    claims_write(&c, &b);
    in = cursor_from(wire, builder_len(&b));
    ck_assert(claims_parse(&in, CLAIMS_SERVER, &back, NULL));
    ck_assert_uint_eq(back.given, c.given);
    ck_assert_uint_eq(back.ek_count, 2);
    ck_assert_uint_eq(back.ek_names[1].len, 50);
    ck_assert_uint_eq(back.epoch, 3);
    ck_assert_uint_eq(back.generation, 4);
    ck_assert_str_eq(back.software, "cocotpm");
    claims_write(&back, &b2);
    ck_assert_uint_eq(builder_len(&b2), builder_len(&b));
    ck_assert_mem_eq(wire, again, builder_len(&b));
    for (size_t len = 0; len < builder_len(&b); len++) {
        in = cursor_from(wire, len);
        ck_assert(!claims_parse(&in, CLAIMS_SERVER, &back, NULL));
    }
}
END_TEST

/* Each claim a server has to make, left out alone. */
START_TEST(server_claims_are_whole)
{
    for (guint type = 1; type < CLAIM_TYPES; type++) {
        struct claims c = server_claims();
        uint8_t wire[CLAIMS_MAX];
        struct builder b = builder_on(wire, sizeof(wire));
        struct cursor in;

        if (!(c.given & (1u << type)))
            continue;
        c.given &= ~(1u << type);
        claims_write(&c, &b);
        in = cursor_from(wire, builder_len(&b));
        ck_assert_msg(claims_parse(&in, CLAIMS_SERVER, &c, NULL) == (type == CLAIM_EK_NAMES),
                      "type %u", type);
    }
}
END_TEST

static const struct {
    const char *what;
    guint16 type;
    const char *value;
    gboolean ok;
} values[] = {
    { "one name", CLAIM_EK_NAMES, "02 0011", TRUE },
    { "as many names as there may be", CLAIM_EK_NAMES, "0111 0122 0133 0144", TRUE },
    { "one more", CLAIM_EK_NAMES, "0111 0122 0133 0144 0155", FALSE },
    { "a name of no length", CLAIM_EK_NAMES, "0111 00", FALSE },
    { "a name longer than any", CLAIM_EK_NAMES, "43"
      "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
      "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f 000102", FALSE },
    { "a name cut short", CLAIM_EK_NAMES, "0111 0222", FALSE },
    { "no names", CLAIM_EK_NAMES, "", FALSE },
    { "a kind of freshness", CLAIM_FRESHNESS, "01", TRUE },
    { "none of the kinds", CLAIM_FRESHNESS, "00", FALSE },
    { "a kind above", CLAIM_FRESHNESS, "04", FALSE },
    { "a kind of two bytes", CLAIM_FRESHNESS, "0101", FALSE },
    { "no protection of resets", CLAIM_RESET, "00", FALSE },
    { "a protection above", CLAIM_RESET, "04", FALSE },
    { "a version of three bytes", CLAIM_VERSION, "000001", FALSE },
    { "an epoch of seven bytes", CLAIM_EPOCH, "00000000000001", FALSE },
    { "an epoch of nine bytes", CLAIM_EPOCH, "000000000000000001", FALSE },
    { "flags of five bytes", CLAIM_FLAGS, "0000000001", FALSE },
    { "a policy digest of 33 bytes", CLAIM_POLICY_DIGEST,
      "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f00", FALSE },
};

START_TEST(each_value_is_checked)
{
    struct claims c = server_claims();
    guint8 wire[CLAIMS_MAX], other[CLAIMS_MAX];
    struct builder b = builder_on(wire, sizeof(wire));
    g_autoptr(GBytes) value = test_bytes(values[_i].value);
    struct cursor in;

    claims_write(&c, &b);
    in = cursor_from(other, elements_replace(wire, builder_len(&b), values[_i].type, value, other,
                                             sizeof(other)));
    ck_assert_msg(claims_parse(&in, CLAIMS_SERVER, &c, NULL) == values[_i].ok, "%s",
                  values[_i].what);
}
END_TEST

START_TEST(claims_have_a_largest_size)
{
    g_autoptr(GBytes) client = test_bytes(CLIENT "8001 00000000");
    const gsize len = g_bytes_get_size(client);
    g_autofree uint8_t *big = g_malloc0(CLAIMS_MAX + 1);
    struct cursor in = cursor_from(big, CLAIMS_MAX);
    struct builder b = builder_on(big, CLAIMS_MAX + 1);
    struct claims c;
    g_autoptr(GError) error = NULL;

    builder_bytes(&b, g_bytes_get_data(client, NULL), len);
    builder_be32_at(&b, len - 4, CLAIMS_MAX - (uint32_t)len);
    ck_assert(claims_parse(&in, CLAIMS_CLIENT, &c, NULL));
    builder_be32_at(&b, len - 4, CLAIMS_MAX + 1 - (uint32_t)len);
    in = cursor_from(big, CLAIMS_MAX + 1);
    ck_assert(!claims_parse(&in, CLAIMS_CLIENT, &c, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "4096"));
}
END_TEST

/* How much of a kind there may be: as much, and one more. */
START_TEST(claims_have_largest_values)
{
    for (guint more = 0; more < 2; more++) {
        struct claims c = server_claims();
        g_autofree char *name = g_strnfill(SOFTWARE_MAX + more, 'n');
        uint8_t wire[CLAIMS_MAX];
        struct builder b = builder_on(wire, sizeof(wire));
        struct cursor in;

        /* A name of any length: by hand, behind the other claims of a client. */
        c.given = 1u << CLAIM_VERSION | 1u << CLAIM_UUID | 1u << CLAIM_PSK;
        claims_write(&c, &b);
        builder_be16(&b, CLAIM_SOFTWARE);
        builder_be32(&b, SOFTWARE_MAX + more);
        builder_bytes(&b, name, SOFTWARE_MAX + more);
        in = cursor_from(wire, builder_len(&b));
        ck_assert_int_eq(claims_parse(&in, CLAIMS_CLIENT, &c, NULL), more == 0);
    }
}
END_TEST

/* {u8 length, name}, one to four, each of a digest and its algorithm. */
START_TEST(ek_names_are_counted)
{
    static const struct { guint count; guint8 len; gboolean ok; } names[] = {
        { 0, 34, FALSE }, { 1, 34, TRUE }, { 4, 66, TRUE }, { 5, 66, FALSE }, { 1, 67, FALSE },
        { 1, 0, FALSE },
    };
    struct claims c = server_claims();
    const guint32 given = c.given;
    uint8_t wire[CLAIMS_MAX], name[EK_NAME_MAX + 1] = { 0, 11 };
    struct builder b = builder_on(wire, sizeof(wire));
    struct cursor in;
    const guint32 first = (1u << CLAIM_EK_NAMES) - 1;

    c.given = given & first;
    claims_write(&c, &b);
    builder_be16(&b, CLAIM_EK_NAMES);
    builder_be32(&b, names[_i].count * (1u + names[_i].len));
    for (guint i = 0; i < names[_i].count; i++) {
        builder_u8(&b, names[_i].len);
        builder_bytes(&b, name, names[_i].len);
    }
    c.given = given & ~first & ~(1u << CLAIM_EK_NAMES);
    claims_write(&c, &b);
    in = cursor_from(wire, builder_len(&b));
    ck_assert_int_eq(claims_parse(&in, CLAIMS_SERVER, &c, NULL), names[_i].ok);
}
END_TEST

START_TEST(claims_have_names)
{
    ck_assert_str_eq(claim_freshness_name(CLAIM_FRESHNESS_WITNESS), "witness");
    ck_assert_str_eq(claim_freshness_name(77), "unknown");
    ck_assert_str_eq(claim_reset_name(CLAIM_RESET_BURNT), "burnt");
    ck_assert_str_eq(claim_reset_name(0), "unknown");
}
END_TEST

Suite *claims_suite(void);

Suite *
claims_suite(void)
{
    Suite *s = suite_create("claims");
    TCase *t = tcase_create("claims");

    tcase_add_loop_test(t, client_claims_are_checked, 0, G_N_ELEMENTS(client_cases));
    tcase_add_test(t, server_claims_come_back);
    tcase_add_test(t, server_claims_are_whole);
    tcase_add_loop_test(t, each_value_is_checked, 0, G_N_ELEMENTS(values));
    tcase_add_test(t, claims_have_a_largest_size);
    tcase_add_test(t, claims_have_largest_values);
    tcase_add_loop_test(t, ek_names_are_counted, 0, 6);
    tcase_add_test(t, claims_have_names);
    suite_add_tcase(s, t);
    return s;
}
