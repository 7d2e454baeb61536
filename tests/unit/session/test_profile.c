/* SPDX-License-Identifier: BSD-3-Clause */
/* What a handshake came to, wrong in one point: priorities alone would hide that nobody looks. */
#include "config.h"

#include "cocotransport/session/profile.h"
#include "suites.h"

#define TLS GNUTLS_TLS1_3
#define KX GNUTLS_KX_ECDHE_PSK
#define GROUP GNUTLS_GROUP_X25519
#define CIPHER GNUTLS_CIPHER_AES_128_GCM

static const struct {
    const char *breach;
    struct profile p;
} rows[] = {
    { NULL, { TLS, KX, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "version", { GNUTLS_TLS1_2, KX, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "version", { GNUTLS_VERSION_UNKNOWN, KX, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "key exchange", { TLS, GNUTLS_KX_PSK, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "key exchange", { TLS, GNUTLS_KX_DHE_PSK, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "key exchange", { TLS, GNUTLS_KX_ECDHE_ECDSA, GROUP, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_SECP256R1, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_X448, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_FFDHE2048, CIPHER, FALSE, FALSE, 1 } },
    { "group", { TLS, KX, GNUTLS_GROUP_INVALID, CIPHER, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_AES_256_GCM, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_AES_128_CCM, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_AES_128_CCM_8, FALSE, FALSE, 1 } },
    { "cipher suite", { TLS, KX, GROUP, GNUTLS_CIPHER_NULL, FALSE, FALSE, 1 } },
    { NULL, { TLS, KX, GROUP, GNUTLS_CIPHER_CHACHA20_POLY1305, FALSE, FALSE, 1 } },
    { "resumption", { TLS, KX, GROUP, CIPHER, TRUE, FALSE, 1 } },
    { "early data", { TLS, KX, GROUP, CIPHER, FALSE, TRUE, 1 } },
    { "identity", { TLS, KX, GROUP, CIPHER, FALSE, FALSE, 0 } },
};

START_TEST(one_point_is_enough)
{
    const char *breach = profile_breach(&rows[_i].p);

    if (rows[_i].breach == NULL)
        ck_assert_ptr_null(breach);
    else
        ck_assert_str_eq(breach, rows[_i].breach);
}
END_TEST

Suite *profile_suite(void);

Suite *
profile_suite(void)
{
    Suite *s = suite_create("profile");
    TCase *t = tcase_create("profile");

    tcase_add_loop_test(t, one_point_is_enough, 0, G_N_ELEMENTS(rows));
    suite_add_tcase(s, t);
    return s;
}
