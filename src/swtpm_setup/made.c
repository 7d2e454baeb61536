/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * made - collects what a run has made and writes it as JSON.
 */
#include "config.h"

#include "swtpm_setup/made.h"

#include "base/keyfile.h"
#include "cocotransport/keys/crypto.h"

#include <gnutls/x509.h>
#include <json-glib/json-glib.h>

#define HEADER_TPM12 7

static void
key_free(gpointer data)
{
    struct made_key *key = data;

    g_free(key->role);
    g_free(key->algorithm);
    g_free(key->name);
    g_free(key);
}

static void
area_free(gpointer data)
{
    struct made_area *area = data;

    g_free(area->role);
    g_free(area->serial);
    g_free(area->subject);
    g_free(area);
}

void
made_init(struct made *m)
{
    m->keys = g_ptr_array_new_with_free_func(key_free);
    m->areas = g_ptr_array_new_with_free_func(area_free);
}

void
made_clear(struct made *m)
{
    g_ptr_array_unref(m->keys);
    g_ptr_array_unref(m->areas);
    g_free(m->pcr_banks);
    g_free(m->uuid);
    g_free(m->policy_digest);
    g_free(m->birth_statement);
    g_free(m->secrets);
}

void
made_add_key(struct made *m, const char *role, const char *algorithm, guint32 handle, char *name)
{
    struct made_key *key = g_new0(struct made_key, 1);

    key->role = g_strdup(role);
    key->algorithm = g_strdup(algorithm);
    key->handle = handle;
    key->name = name;
    g_ptr_array_add(m->keys, key);
}

/* What a reader looks for a certificate by. TPM 1.2's have seven bytes before them. */
static void
describe_certificate(struct made_area *area, GBytes *data)
{
    gnutls_x509_crt_t crt = NULL;
    gsize len;
    guint8 *bytes = (guint8 *)g_bytes_get_data(data, &len);
    gsize skip = len > HEADER_TPM12 && bytes[0] == 0x10 ? HEADER_TPM12 : 0;
    const gnutls_datum_t der = { bytes + skip, (unsigned)(len - skip) };
    guint8 serial[64];
    size_t serial_len = sizeof(serial);
    gnutls_datum_t subject = { NULL, 0 };

    if (gnutls_x509_crt_init(&crt) < 0)
        return;
    if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) >= 0
        && gnutls_x509_crt_get_serial(crt, serial, &serial_len) >= 0)
        area->serial = hex_encode(serial, serial_len);
    if (area->serial != NULL && gnutls_x509_crt_get_dn3(crt, &subject, 0) >= 0)
        area->subject = g_strndup((const char *)subject.data, subject.size);
    gnutls_free(subject.data);
    gnutls_x509_crt_deinit(crt);
}

gboolean
made_add_area(struct made *m, const char *role, guint32 index, GBytes *data, GError **error)
{
    struct made_area *area = g_new0(struct made_area, 1);
    const struct crypto_piece piece = { g_bytes_get_data(data, NULL), g_bytes_get_size(data) };

    area->role = g_strdup(role);
    area->index = index;
    area->size = piece.len;
    g_ptr_array_add(m->areas, area);
    if (g_str_has_suffix(role, "certificate"))
        describe_certificate(area, data);
    return crypto_sha256(&piece, 1, area->digest, error);
}

static void
put_text(JsonBuilder *b, const char *name, const char *value)
{
    if (value == NULL)
        return;
    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, value);
}

static void
put_number(JsonBuilder *b, const char *name, guint32 value)
{
    g_autofree char *text = g_strdup_printf("0x%08x", value);

    put_text(b, name, text);
}

static void
put_keys(JsonBuilder *b, const GPtrArray *keys)
{
    json_builder_set_member_name(b, "keys");
    json_builder_begin_array(b);
    for (guint i = 0; i < keys->len; i++) {
        const struct made_key *key = keys->pdata[i];

        json_builder_begin_object(b);
        put_text(b, "role", key->role);
        put_text(b, "algorithm", key->algorithm);
        put_number(b, "handle", key->handle);
        put_text(b, "name", key->name);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void
put_areas(JsonBuilder *b, const GPtrArray *areas)
{
    json_builder_set_member_name(b, "nv");
    json_builder_begin_array(b);
    for (guint i = 0; i < areas->len; i++) {
        const struct made_area *area = areas->pdata[i];
        g_autofree char *digest = hex_encode(area->digest, sizeof(area->digest));

        json_builder_begin_object(b);
        put_text(b, "role", area->role);
        put_number(b, "index", area->index);
        json_builder_set_member_name(b, "size");
        json_builder_add_int_value(b, (gint64)area->size);
        put_text(b, "sha256", digest);
        put_text(b, "serial", area->serial);
        put_text(b, "subject", area->subject);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

char *
made_json(const struct made *m)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(b);
    put_text(b, "uuid", m->uuid);
    put_text(b, "policy-digest", m->policy_digest);
    put_text(b, "birth-statement", m->birth_statement);
    put_text(b, "secrets", m->secrets);
    put_text(b, "pcr-banks", m->pcr_banks);
    put_keys(b, m->keys);
    put_areas(b, m->areas);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    return json_generator_to_data(generator, NULL);
}
