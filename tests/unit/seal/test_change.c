/* SPDX-License-Identifier: BSD-3-Clause */
/* test_change - a policy, and an owner secret, changed by the owner's signature alone. */
#include "config.h"

#include <glib/gstdio.h>
#include <gnutls/abstract.h>
#include <string.h>

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/keys/pubkey.h"
#include "fake.h"
#include "suites.h"

Suite *change_suite(void);

/* An owner with a key of P-256. */
typedef struct owner owner_t;
struct owner {
    gnutls_privkey_t key;
    GBytes *pem;
    guint8 id[32];
};

static void
owner_clear(struct owner *o)
{
    gnutls_privkey_deinit(o->key);
    g_bytes_unref(o->pem);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(owner_t, owner_clear)

static void
owner_init(struct owner *o)
{
    gnutls_pubkey_t pub;
    gnutls_datum_t pem;

    ck_assert_int_eq(gnutls_privkey_init(&o->key), 0);
    ck_assert_int_eq(gnutls_privkey_generate(o->key, GNUTLS_PK_ECDSA,
                                             GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    ck_assert_int_eq(gnutls_pubkey_init(&pub), 0);
    ck_assert_int_eq(gnutls_pubkey_import_privkey(pub, o->key, 0, 0), 0);
    ck_assert_int_eq(gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_PEM, &pem), 0);
    o->pem = g_bytes_new(pem.data, pem.size);
    gnutls_free(pem.data);
    gnutls_pubkey_deinit(pub);
    ck_assert(pubkey_id(o->pem, o->id, NULL));
}

static GBytes *
owner_sign(const struct owner *o, const char *text)
{
    const gnutls_datum_t data = { (void *)text, (unsigned)strlen(text) };
    gnutls_datum_t sig;
    GBytes *ret;

    ck_assert_int_eq(gnutls_privkey_sign_data(o->key, GNUTLS_DIG_SHA256, 0, &data, &sig), 0);
    ret = g_bytes_new(sig.data, sig.size);
    gnutls_free(sig.data);
    return ret;
}

static struct provision
order(const struct owner *o, const char *policy)
{
    return (struct provision){
        .action = PROVISION_CHANGE_POLICY,
        .policy = g_bytes_new(policy, strlen(policy)),
        .owner_key = g_bytes_ref(o->pem),
    };
}

/* What has to be signed; nothing is changed by asking. */
static char *
asked(struct fake *f, const struct provision *p)
{
    g_autoptr(GBytes) before = fake_read(f->state);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    f->config.owner = f->owner;
    ck_assert_msg(sealed_change_policy(&f->config, p, &text, &error), "%s",
                  error != NULL ? error->message : "");
    after = fake_read(f->state);
    ck_assert(g_bytes_equal(before, after));
    ck_assert_ptr_nonnull(text);
    return text;
}

static void
change(struct fake *f, const struct owner *o, struct provision *p)
{
    g_autofree char *text = asked(f, p);
    g_autofree char *more = NULL;
    g_autoptr(GError) error = NULL;

    p->signature = owner_sign(o, text);
    ck_assert_msg(sealed_change_policy(&f->config, p, &more, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_ptr_null(more);
}

static void
not_changed(struct fake *f, const struct provision *p, const char *words)
{
    g_autoptr(GBytes) before = fake_read(f->state);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    f->config.owner = f->owner;
    ck_assert_msg(!sealed_change_policy(&f->config, p, &text, &error), "'%s' was expected", words);
    ck_assert_msg(strstr(error->message, words) != NULL, "'%s' is not in '%s'", words,
                  error->message);
    after = fake_read(f->state);
    ck_assert(g_bytes_equal(before, after));
    ck_assert(!fake_exists(f->next));
}

START_TEST(by_the_owners_signature)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 };
    g_auto(provision_t) p = { 0 };
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *text = NULL, *tpm = NULL;
    struct receipt before, after;

    owner_init(&o);
    f->owner_key = o.id;
    fake_make(f, "tpm");
    s = fake_open(f, NULL);
    ck_assert(sealed_attach(s, (const guint8 *)"sixteen bytes...", NULL));
    sealed_receipt(s, &before);
    g_clear_pointer(&s, sealed_free);
    p = order(&o, "another policy");
    text = asked(f, &p);
    ck_assert_ptr_nonnull(strstr(text, "CoCoTPM policy change v1\n"
                                       "uuid 5a010203-0405-0607-0809-0a0b0c0d0e0f\n"
                                       "epoch 1\nfrom "));
    ck_assert(g_str_has_suffix(text, "\nowner-secret kept\n"));
    change(f, &o, &p);
    s = fake_open(f, NULL);
    ck_assert(g_bytes_equal(sealed_policy(s), p.policy));
    tpm = fake_load(s);
    ck_assert_str_eq(tpm, "tpm");
    sealed_receipt(s, &after);
    ck_assert_uint_eq(after.epoch, before.epoch + 1);
    ck_assert_uint_eq(after.generation, before.generation + 1);
    ck_assert(sealed_check_receipt(s, &before));
    ck_assert(sealed_launch_used(s, (const guint8 *)"sixteen bytes..."));
}
END_TEST

START_TEST(by_nobody_else)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 }, stranger = { 0 };
    g_auto(provision_t) p = { 0 };
    g_autofree char *text = NULL;

    owner_init(&o);
    owner_init(&stranger);
    f->owner_key = o.id;
    fake_make(f, "tpm");
    p = order(&o, "another policy");
    text = asked(f, &p);
    p.signature = owner_sign(&stranger, text);
    not_changed(f, &p, "signature is not good");
    g_bytes_unref(p.owner_key);
    p.owner_key = g_bytes_ref(stranger.pem);
    not_changed(f, &p, "not the owner's of the sealed policy");
    g_clear_pointer(&p.owner_key, g_bytes_unref);
    not_changed(f, &p, "public key is missing");
    p.owner_key = g_bytes_new_static("-----BEGIN", 10);
    not_changed(f, &p, "public key");
    g_bytes_unref(p.owner_key);
    p.owner_key = g_bytes_ref(o.pem);
    g_bytes_unref(p.signature);
    p.signature = g_bytes_new_static("", 0);
    not_changed(f, &p, "a signature of 0 bytes");
    g_bytes_unref(p.signature);
    p.signature = owner_sign(&o, text);
    f->owner_key = NULL;
    not_changed(f, &p, "nobody can change it");
    f->owner_key = o.id;
    f->config.uuid[0] ^= 1;
    not_changed(f, &p, "another instance");
    f->config.uuid[0] ^= 1;
    f->provider.image = "another image";
    not_changed(f, &p, "does not open");
}
END_TEST

START_TEST(a_signature_is_good_for_one_change)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 };
    g_auto(provision_t) there = { 0 }, back = { 0 }, other = { 0 };

    owner_init(&o);
    f->owner_key = o.id;
    fake_make(f, "tpm");
    there = order(&o, "another policy");
    back = order(&o, fake_policy);
    change(f, &o, &there);
    not_changed(f, &there, "signature is not good");
    change(f, &o, &back);
    not_changed(f, &there, "signature is not good");
    other = order(&o, "a third policy");
    other.signature = g_bytes_ref(there.signature);
    not_changed(f, &other, "signature is not good");
    g_clear_pointer(&there.signature, g_bytes_unref);
    there.new_owner = secret_copy("owner-secret-owner-secret-owner-", 32);
    there.signature = g_bytes_ref(back.signature);
    not_changed(f, &there, "signature is not good");
}
END_TEST

START_TEST(the_new_policy_has_to_be_met)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 };
    g_auto(provision_t) p = { 0 };
    g_autofree char *text = NULL;

    owner_init(&o);
    f->owner_key = o.id;
    fake_make(f, "tpm");
    p = order(&o, "a policy that wants an owner secret");
    text = asked(f, &p);
    p.signature = owner_sign(&o, text);
    f->owner_required_for = p.policy;
    not_changed(f, &p, "wants an owner secret");
    f->judge_says_of = p.policy;
    f->judge_says = "the judge likes nothing";
    not_changed(f, &p, "the judge likes nothing");
}
END_TEST

START_TEST(the_owner_secret_is_rotated)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 };
    g_auto(provision_t) p = { 0 };
    g_autoptr(SealedStore) s = NULL;
    g_autofree char *said = NULL;

    owner_init(&o);
    f->owner_key = o.id;
    f->owner_required = TRUE;
    f->owner = secret_copy("owner-secret-owner-secret-owner-", 32);
    fake_make(f, "tpm");
    p = order(&o, fake_policy);
    p.new_owner = secret_copy("another-secret-another-secret-an", 32);
    change(f, &o, &p);
    s = fake_open(f, &said);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(said, "does not open"));
    secret_free(f->owner);
    f->owner = secret_dup(p.new_owner);
    s = fake_open(f, NULL);
    ck_assert_ptr_nonnull(s);
}
END_TEST

START_TEST(a_change_on_its_way_is_rolled_forward_with_its_terms)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 };
    g_auto(provision_t) p = { 0 };
    g_autoptr(SealedStore) s = NULL;
    g_autoptr(GBytes) old = NULL;
    guint judged;

    owner_init(&o);
    f->owner_key = o.id;
    f->with_witness = TRUE;
    fake_make(f, "tpm");
    old = fake_read(f->state);
    p = order(&o, "another policy");
    change(f, &o, &p);
    /* Killed after the witness had it and before the rename. */
    ck_assert_int_eq(g_rename(f->state, f->next), 0);
    fake_write(f->state, g_bytes_get_data(old, NULL), g_bytes_get_size(old));
    judged = f->judged;
    s = fake_open(f, NULL);
    ck_assert_ptr_nonnull(s);
    ck_assert(g_bytes_equal(sealed_policy(s), p.policy));
    ck_assert_uint_eq(f->judged, judged + 2);
    fake_save(s, "goes on");
}
END_TEST

START_TEST(no_witness_is_added_or_dropped)
{
    g_autoptr(fake_t) f = fake_new();
    g_auto(owner_t) o = { 0 };
    g_auto(provision_t) p = { 0 };
    g_autofree char *text = NULL;

    owner_init(&o);
    f->owner_key = o.id;
    f->with_witness = TRUE;
    fake_make(f, "tpm");
    p = order(&o, "a policy without a witness");
    text = asked(f, &p);
    p.signature = owner_sign(&o, text);
    f->drops_witness_for = p.policy;
    not_changed(f, &p, "neither be added nor dropped");
    f->drops_witness_for = NULL;
    f->moves_witness_for = p.policy;
    not_changed(f, &p, "knows nothing of this instance");
}
END_TEST

Suite *
change_suite(void)
{
    Suite *suite = suite_create("change");
    TCase *tc = tcase_create("change");

    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, by_the_owners_signature);
    tcase_add_test(tc, by_nobody_else);
    tcase_add_test(tc, a_signature_is_good_for_one_change);
    tcase_add_test(tc, the_new_policy_has_to_be_met);
    tcase_add_test(tc, the_owner_secret_is_rotated);
    tcase_add_test(tc, a_change_on_its_way_is_rolled_forward_with_its_terms);
    tcase_add_test(tc, no_witness_is_added_or_dropped);
    suite_add_tcase(suite, tc);
    return suite;
}
