/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_ek_certificate - a certificate that a CA gave for what was attested, and
 * statements each of which differs from that in one thing alone.
 */
#include "config.h"

#include "base/keyfile.h"
#include "cocotpm/ek_certificate.h"
#include "cocotransport/keys/crypto.h"
#include "suites.h"
#include "swtpm_cert/cert.h"

#include <string.h>
#include <time.h>

Suite *ek_certificate_suite(void);

/* What the CA saw, its certificate, and the CA. */
struct world {
    char *folder;
    char *issuer;                    /* files */
    char *key;
    GBytes *authorities;
    GBytes *certificate;
    GBytes *endorsement;             /* its bytes; only their digest counts */
    struct statement statement;
};

static gnutls_x509_privkey_t
new_key(void)
{
    gnutls_x509_privkey_t key;

    ck_assert_int_eq(gnutls_x509_privkey_init(&key), 0);
    ck_assert_int_eq(gnutls_x509_privkey_generate(
                         key, GNUTLS_PK_ECDSA,
                         GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
    return key;
}

static void
write_datum(const char *path, gnutls_datum_t *datum)
{
    ck_assert(g_file_set_contents(path, (const char *)datum->data, datum->size, NULL));
    gnutls_free(datum->data);
}

static void
make_ca(struct world *w)
{
    gnutls_x509_privkey_t key = new_key();
    gnutls_x509_crt_t crt;
    gnutls_datum_t pem;
    char *text;
    gsize len;

    w->issuer = g_build_filename(w->folder, "issuer.pem", NULL);
    w->key = g_build_filename(w->folder, "key.pem", NULL);
    ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\1", 1);
    gnutls_x509_crt_set_dn(crt, "CN=the CA", NULL);
    gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
    gnutls_x509_crt_set_key(crt, key);
    gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
    gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN);
    ck_assert_int_eq(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    ck_assert_int_eq(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_datum(w->issuer, &pem);
    ck_assert_int_eq(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
    write_datum(w->key, &pem);
    ck_assert(g_file_get_contents(w->issuer, &text, &len, NULL));
    w->authorities = g_bytes_new_take(text, len);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

/* 32 bytes, however GnuTLS wrote them. */
static char *
coordinate(gnutls_datum_t *d)
{
    guint8 bytes[32] = { 0 };
    const unsigned skip = d->size > sizeof(bytes) ? d->size - (unsigned)sizeof(bytes) : 0;
    const unsigned len = d->size - skip;

    memcpy(bytes + sizeof(bytes) - len, d->data + skip, len);
    gnutls_free(d->data);
    return hex_encode(bytes, sizeof(bytes));
}

/* TPMT_PUBLIC of an ECC key without policy, scheme or cipher. */
static void
name_key(struct statement *s, const char *x, const char *y)
{
    g_autofree char *hex = g_strconcat("0023000b000300b200000010001000030010", "0020", x, "0020", y,
                                       NULL);
    g_autoptr(GBytes) bytes = test_bytes(hex);
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);

    s->ek_count = 1;
    s->eks[0].len = (guint16)len;
    memcpy(s->eks[0].bytes, data, len);
}

static void
attest(struct world *w, const char *x, const char *y)
{
    struct statement *s = &w->statement;

    s->kind = STATEMENT_ENDORSEMENT;
    s->flags = CLAIM_FLAG_RECOVERABLE;
    memset(s->uuid, 0x11, sizeof(s->uuid));
    memset(s->policy_digest, 0x22, sizeof(s->policy_digest));
    w->endorsement = g_bytes_new_static("the endorsement", 15);
    name_key(s, x, y);
}

static void
certify(struct world *w, const char *x, const char *y)
{
    const struct crypto_piece piece = { "the endorsement", 15 };
    struct binding binding = { .flags = w->statement.flags };
    const struct cert_config config = {
        .ecc_x = (char *)x,
        .ecc_y = (char *)y,
        .signkey = w->key,
        .issuercert = w->issuer,
        .days = -1,
        .tpm_manufacturer = (char *)"id:1",
        .tpm_model = (char *)"m",
        .tpm_version = (char *)"id:1",
        .tpm_spec_family = (char *)"2.0",
        .tpm2 = TRUE,
        .binding = &binding,
    };
    g_autoptr(GError) error = NULL;

    memcpy(binding.uuid, w->statement.uuid, sizeof(binding.uuid));
    memcpy(binding.policy_digest, w->statement.policy_digest, sizeof(binding.policy_digest));
    ck_assert(crypto_sha256(&piece, 1, binding.evidence, NULL));
    w->certificate = cert_issue(&config, NULL, &error);
    ck_assert_msg(w->certificate != NULL, "%s", error != NULL ? error->message : "");
}

static struct world *
world_new(void)
{
    struct world *w = g_new0(struct world, 1);
    gnutls_x509_privkey_t ek = new_key();
    gnutls_datum_t x, y, k;
    g_autofree char *hex_x = NULL;
    g_autofree char *hex_y = NULL;

    ck_assert_int_eq(gnutls_x509_privkey_export_ecc_raw(ek, NULL, &x, &y, &k), 0);
    gnutls_free(k.data);
    gnutls_x509_privkey_deinit(ek);
    hex_x = coordinate(&x);
    hex_y = coordinate(&y);
    w->folder = test_folder_new();
    make_ca(w);
    attest(w, hex_x, hex_y);
    certify(w, hex_x, hex_y);
    return w;
}

static void
world_free(struct world *w)
{
    test_folder_remove(w->folder);
    g_free(w->issuer);
    g_free(w->key);
    g_bytes_unref(w->authorities);
    g_bytes_unref(w->certificate);
    g_bytes_unref(w->endorsement);
    g_free(w);
}

static void change_nothing(struct world *w G_GNUC_UNUSED) {}
static void change_uuid(struct world *w) { w->statement.uuid[15] ^= 1; }
static void change_policy(struct world *w) { w->statement.policy_digest[0] ^= 0x80; }
static void add_flag(struct world *w) { w->statement.flags |= CLAIM_FLAG_TAKEOVER; }
static void drop_flag(struct world *w) { w->statement.flags = 0; }
static void change_key(struct world *w) { w->statement.eks[0].bytes[60] ^= 1; }

static void
change_evidence(struct world *w)
{
    g_bytes_unref(w->endorsement);
    w->endorsement = g_bytes_new_static("the Endorsement", 15);
}

/* A birth statement names the endorsement by its digest. */
static void
name_no_evidence(struct world *w)
{
    w->statement.kind = STATEMENT_BIRTH;
}

static void
name_evidence(struct world *w)
{
    const struct crypto_piece piece = { "the endorsement", 15 };

    w->statement.kind = STATEMENT_BIRTH;
    ck_assert(crypto_sha256(&piece, 1, w->statement.evidence, NULL));
}

static void
name_other_evidence(struct world *w)
{
    name_evidence(w);
    w->statement.evidence[31] ^= 1;
}

static const struct {
    const char *what;
    void (*change)(struct world *w);
    const char *check;               /* the one that fails; NULL: none */
} cases[] = {
    { "what the CA saw", change_nothing, NULL },
    { "a birth statement that names the endorsement", name_evidence, NULL },
    { "another instance", change_uuid, "ek_uuid" },
    { "another policy", change_policy, "ek_policy_digest" },
    { "a flag more", add_flag, "ek_flags" },
    { "a flag less", drop_flag, "ek_flags" },
    { "another endorsement", change_evidence, "ek_evidence" },
    { "a birth statement without endorsement", name_no_evidence, "ek_evidence" },
    { "a birth statement with another endorsement", name_other_evidence, "ek_evidence" },
    { "another key", change_key, "ek_named" },
};

START_TEST(each_check_fails_alone)
{
    struct world *w = world_new();
    struct verdict v = { .accepted = TRUE, .checks = g_array_new(FALSE, FALSE,
                                                                 sizeof(struct check)) };
    struct binding binding = { .flags = 0 };
    gboolean good;

    cases[_i].change(w);
    good = ek_certificate_judge(&(const struct ek_context){
        .certificate = w->certificate,
        .authorities = w->authorities,
        .now = time(NULL),
        .statement = &w->statement,
        .statement_bytes = w->endorsement,
    }, &v, &binding);
    ck_assert_msg(good == (cases[_i].check == NULL), "%s: %s", cases[_i].what,
                  v.check != NULL ? v.check : "accepted");
    if (good) {
        ck_assert_uint_eq(binding.flags, CLAIM_FLAG_RECOVERABLE);
    } else {
        ck_assert(!v.accepted);
        ck_assert_str_eq(v.check, cases[_i].check);
        ck_assert_ptr_nonnull(v.reason);
        /* Untouched. */
        ck_assert_uint_eq(binding.flags, 0);
    }
    verdict_clear(&v);
    world_free(w);
}
END_TEST

Suite *
ek_certificate_suite(void)
{
    Suite *suite = suite_create("ek_certificate");
    TCase *tests = tcase_create("ek_certificate");

    tcase_add_loop_test(tests, each_check_fails_alone, 0, (int)G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tests);
    return suite;
}
