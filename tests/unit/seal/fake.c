/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake - see fake.h. provider_derive_key() here is what the sealed store links
 * against in this program.
 */
#include "config.h"

#include "fake.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "suites.h"

const guint8 fake_uuid[16] = { 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
const char fake_policy[] = "[link]\npsk = secret\n";

Secret *
provider_derive_key(Provider *provider, const struct derive_request *request, GError **error)
{
    struct provider_fake *p = (struct provider_fake *)provider;
    g_autoptr(Secret) key = secret_new(32);
    g_autofree char *words = NULL;
    struct crypto_piece piece;

    p->asked++;
    if (p->refuses) {
        error_system(error, "status 0x16");
        return NULL;
    }
    words = g_strdup_printf("%s %u %u %" G_GUINT64_FORMAT " %u %u %" G_GUINT64_FORMAT, p->image,
                            request->root_key_select, request->key_sel,
                            request->guest_field_select, request->vmpl, request->guest_svn,
                            request->tcb_version);
    piece = (struct crypto_piece){ words, strlen(words) };
    if (!p->zeroes)
        ck_assert(crypto_sha256(&piece, 1, secret_bytes(key), error));
    return g_steal_pointer(&key);
}

static gboolean
fake_judge(const struct sealed_facts *facts, struct sealed_terms *ret, void *data, GError **error)
{
    struct fake *f = data;

    f->judged++;
    ck_assert_mem_eq(facts->uuid, fake_uuid, sizeof(fake_uuid));
    if (f->judge_says != NULL &&
        (f->judge_says_of == NULL || f->judge_says_of == facts->policy))
        return error_denied(error, "%s", f->judge_says);
    ret->bind = f->bind;
    ret->owner_secret = f->owner_required || facts->policy == f->owner_required_for;
    ret->tcb_floor = f->policy_tcb_floor;
    ret->svn_floor = f->policy_svn_floor;
    ret->drops_launches = f->drops;
    ret->owner_key_given = f->owner_key != NULL;
    if (f->owner_key != NULL)
        memcpy(ret->owner_key, f->owner_key, sizeof(ret->owner_key));
    if (f->with_witness && facts->policy != f->drops_witness_for) {
        const char *moved = facts->policy == f->moves_witness_for ? ".moved" : "";
        g_autofree char *where = g_strconcat("file:", f->witness, moved, NULL);

        ret->witness = witness_open(where, NULL, NULL, NULL, error);
        return ret->witness != NULL;
    }
    return TRUE;
}

static void
fake_waiting(const char *why, guint seconds, void *data)
{
    struct fake *f = data;

    (void)seconds;
    if (why != NULL)
        f->waited++;
    else
        f->went_on++;
}

static void
fake_notice(const char *words, void *data)
{
    (void)words;
    ((struct fake *)data)->noticed++;
}

/* Tests that mean to end here run in a process of their own and look at its exit status. */
static void
fake_fatal(const GError *why, void *data)
{
    (void)data;
    g_printerr("# fatal: %s\n", why->message);
    _exit(42);
}

struct fake *
fake_new(void)
{
    struct fake *f = g_new0(struct fake, 1);

    f->folder = test_folder_new();
    f->state = g_build_filename(f->folder, SEALED_FILE, NULL);
    f->next = g_build_filename(f->folder, SEALED_NEXT, NULL);
    f->witness = g_build_filename(f->folder, "witness", NULL);
    f->provider.image = "image";
    f->config = (struct sealed_config){
        .dir = f->folder,
        .uuid_given = TRUE,
        .provider = (Provider *)&f->provider,
        .platform = { .source = SEAL_SOURCE_SNP, .tcb = 0x4700000000000205, .svn = 3,
                      .author_key = TRUE },
        .judge = fake_judge,
        .waiting = fake_waiting,
        .notice = fake_notice,
        .fatal = fake_fatal,
        .data = f,
    };
    memcpy(f->config.uuid, fake_uuid, sizeof(fake_uuid));

    return f;
}

void
fake_free(struct fake *f)
{
    test_folder_remove(f->folder);
    g_free(f->state);
    g_free(f->next);
    g_free(f->witness);
    g_free(f->fatal_words);
    secret_free(f->owner);
    g_free(f);
}

void
fake_make(struct fake *f, const char *tpm)
{
    g_autoptr(GError) error = NULL;
    g_auto(provision_t) p = {
        .action = PROVISION_MAKE,
        .lineage = { 7, 7, 7 },
        .policy = g_bytes_new_static(fake_policy, strlen(fake_policy)),
        .psk = secret_copy("0123456789abcdef0123456789abcdef", 32),
        .recovery = secret_copy("recovery-secret-of-32-bytes-here", 32),
    };
    g_autoptr(SealedStore) s = NULL;

    memcpy(p.uuid, fake_uuid, sizeof(fake_uuid));
    f->config.owner = f->owner;
    s = sealed_make(&f->config, &p, &error);
    ck_assert_msg(s != NULL, "%s", error != NULL ? error->message : "");
    fake_save(s, tpm);
    ck_assert_msg(sealed_finish(s, &error), "%s", error != NULL ? error->message : "");
}

SealedStore *
fake_open(struct fake *f, char **ret_words)
{
    g_autoptr(GError) error = NULL;
    SealedStore *s;

    f->config.owner = f->owner;
    s = sealed_open(&f->config, &error);
    ck_assert((s == NULL) == (error != NULL));
    if (ret_words != NULL)
        *ret_words = error != NULL ? g_strdup(error->message) : NULL;
    return s;
}

void
fake_save(SealedStore *s, const char *tpm)
{
    g_autoptr(GError) error = NULL;
    Store *store = sealed_store(s);

    ck_assert_msg(store->ops->save(store, "permall", (const guint8 *)tpm, strlen(tpm), &error),
                  "%s", error != NULL ? error->message : "");
}

char *
fake_load(SealedStore *s)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    Store *store = sealed_store(s);

    ck_assert_int_eq(store->ops->load(store, "permall", &bytes, &error), STORE_LOADED);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

GBytes *
fake_read(const char *path)
{
    char *data = NULL;
    gsize len = 0;

    ck_assert(g_file_get_contents(path, &data, &len, NULL));
    return g_bytes_new_take(data, len);
}

/* g_file_set_contents() would sync, a thousand times. */
void
fake_write(const char *path, const void *data, gsize len)
{
    FILE *out = fopen(path, "we");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(data, 1, len, out), len);
    ck_assert_int_eq(fclose(out), 0);
}

void
fake_copy(const char *from, const char *to)
{
    g_autoptr(GBytes) bytes = fake_read(from);

    fake_write(to, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

gboolean
fake_exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}
