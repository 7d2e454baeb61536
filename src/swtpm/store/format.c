/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * format - header and TLVs around a state, all big-endian:
 *
 *   u8 version 2, u8 least version that a reader must know, u16 header size 10,
 *   u16 flags, u32 length of all, then {u16 tag, u32 length, bytes}.
 *
 * A plain file has one TLV; an encrypted one has ciphertext, MAC and IV in that
 * order. Header and tags are outside the MAC: that is how the format is.
 */
#include "config.h"

#include "swtpm/store/format.h"

#include "base/builder.h"
#include "base/cursor.h"

#define FORMAT_VERSION 2
#define FORMAT_MIN_VERSION 1
#define HEADER_SIZE 10
#define TLV_SIZE 6

enum {
    FLAG_ENCRYPTED = 1,
    FLAG_MIGRATION_ENCRYPTED = 2,
    FLAG_MIGRATION = 4,
    FLAG_KEY_256 = 8,
    FLAG_MIGRATION_KEY_256 = 0x10,
};

/* The tags of one layer: its plain form, the three of its encrypted form, its flags. */
struct layer {
    guint16 plain, data, mac, iv;
    guint16 flag_encrypted, flag_256;
    const char *no_plain;
};

static const struct layer file_layer = {
    1, 2, 3, 6, FLAG_ENCRYPTED, FLAG_KEY_256, "Could not find plain data in byte stream.",
};
static const struct layer migration_layer = {
    4, 5, 3, 7, FLAG_MIGRATION_ENCRYPTED, FLAG_MIGRATION_KEY_256,
    "Could not find migration data in byte stream.",
};

G_DEFINE_QUARK(coco-format-error-quark, format_error)

void
state_key_free(StateKey *key)
{
    if (key != NULL)
        key->ops->free(key);
}

void
format_sealed_clear(struct format_sealed *sealed)
{
    g_clear_pointer(&sealed->data, g_bytes_unref);
    g_clear_pointer(&sealed->mac, g_bytes_unref);
    g_clear_pointer(&sealed->iv, g_bytes_unref);
}

static void
tlv_write(struct builder *out, guint16 tag, GBytes *value)
{
    builder_be16(out, tag);
    builder_be32(out, (guint32)g_bytes_get_size(value));
    builder_bytes(out, g_bytes_get_data(value, NULL), g_bytes_get_size(value));
}

/* The first TLV of that tag; NULL when there is none. What is malformed holds none. */
static GBytes *
tlv_find(GBytes *tlvs, guint16 tag)
{
    struct cursor in = cursor_from(g_bytes_get_data(tlvs, NULL), g_bytes_get_size(tlvs));

    while (cursor_left(&in) > 0) {
        guint16 found = cursor_be16(&in);
        guint32 len = cursor_be32(&in);
        const uint8_t *value = cursor_bytes(&in, len);

        if (in.failed)
            return NULL;
        if (found == tag)
            return g_bytes_new(value, len);
    }
    return NULL;
}

static GBytes *
tlvs_plain(const struct layer *layer, GBytes *content)
{
    gsize size = TLV_SIZE + g_bytes_get_size(content);
    g_autofree guint8 *memory = g_malloc(size);
    struct builder out = builder_on(memory, size);

    tlv_write(&out, layer->plain, content);
    return g_bytes_new_take(g_steal_pointer(&memory), size);
}

static GBytes *
tlvs_encrypted(const struct layer *layer, GBytes *content, const StateKey *key, GError **error)
{
    g_auto(format_sealed_t) sealed = { 0 };
    g_autofree guint8 *memory = NULL;
    struct builder out;
    gsize size;

    if (!key->ops->seal(key, content, &sealed, error))
        return NULL;
    size = 3 * TLV_SIZE + g_bytes_get_size(sealed.data) + g_bytes_get_size(sealed.mac)
           + g_bytes_get_size(sealed.iv);
    memory = g_malloc(size);
    out = builder_on(memory, size);
    tlv_write(&out, layer->data, sealed.data);
    tlv_write(&out, layer->mac, sealed.mac);
    tlv_write(&out, layer->iv, sealed.iv);
    return g_bytes_new_take(g_steal_pointer(&memory), size);
}

/* One layer on; sets its flags. */
static GBytes *
layer_wrap(const struct layer *layer, GBytes *content, const StateKey *key, guint16 *flags,
           GError **error)
{
    if (key == NULL)
        return tlvs_plain(layer, content);
    *flags |= layer->flag_encrypted;
    if (key->len == 32)
        *flags |= layer->flag_256;
    return tlvs_encrypted(layer, content, key, error);
}

static GBytes *
fail(GError **error, enum format_error code, const char *text)
{
    g_set_error_literal(error, FORMAT_ERROR, (gint)code, text);
    return NULL;
}

static GBytes *
decrypt_layer(const struct layer *layer, GBytes *tlvs, const StateKey *key, GError **error)
{
    g_auto(format_sealed_t) sealed = {
        .data = tlv_find(tlvs, layer->data),
        .mac = tlv_find(tlvs, layer->mac),
        .iv = tlv_find(tlvs, layer->iv),
    };

    if (sealed.data == NULL || sealed.mac == NULL) {
        g_set_error(error, FORMAT_ERROR, FORMAT_ERROR_FAIL,
                    "Could not find HMAC or encrypted data (tag %u) in byte stream.", layer->data);
        return NULL;
    }
    return key->ops->open(key, &sealed, error);
}

/* One layer off. The length of the key is looked at first, since its error says most. */
static GBytes *
layer_unwrap(const struct layer *layer, GBytes *tlvs, const StateKey *key, guint16 flags,
             GError **error)
{
    gboolean wide = (flags & layer->flag_256) != 0;
    GBytes *content;

    if (key == NULL) {
        content = tlv_find(tlvs, layer->plain);
        return content != NULL ? content : fail(error, FORMAT_ERROR_FAIL, layer->no_plain);
    }
    if ((flags & layer->flag_encrypted) != 0 && key->len != (wide ? 32 : 16))
        return fail(error, FORMAT_ERROR_KEY_LENGTH,
                    wide ? "Wrong decryption key. Need 256 bit key."
                         : "Wrong decryption key. Need 128 bit key.");
    return decrypt_layer(layer, tlvs, key, error);
}

static GBytes *
header_wrap(GBytes *tlvs, guint16 flags, GError **error)
{
    gsize size = HEADER_SIZE + g_bytes_get_size(tlvs);
    g_autofree guint8 *memory = g_malloc(size);
    struct builder out = builder_on(memory, size);

    if (size > STORE_STATE_MAX)
        return fail(error, FORMAT_ERROR_SIZE, "The state is too large to be stored.");
    builder_u8(&out, FORMAT_VERSION);
    builder_u8(&out, FORMAT_MIN_VERSION);
    builder_be16(&out, HEADER_SIZE);
    builder_be16(&out, flags);
    builder_be32(&out, (guint32)size);
    builder_bytes(&out, g_bytes_get_data(tlvs, NULL), g_bytes_get_size(tlvs));
    return g_bytes_new_take(g_steal_pointer(&memory), size);
}

/* What follows the header, which is not authenticated: every field is judged (CVE-2022-23645). */
static GBytes *
header_unwrap(GBytes *bytes, guint16 *ret_flags, GError **error)
{
    gsize len = g_bytes_get_size(bytes);
    struct cursor in = cursor_from(g_bytes_get_data(bytes, NULL), len);
    guint8 version = cursor_u8(&in);
    guint8 min_version = cursor_u8(&in);
    guint16 header_size = cursor_be16(&in);
    guint16 flags = cursor_be16(&in);
    guint32 total = cursor_be32(&in);

    if (in.failed)
        return fail(error, FORMAT_ERROR_SIZE, "The state is shorter than its header.");
    if (min_version > FORMAT_VERSION)
        return fail(error, FORMAT_ERROR_VERSION, "The state's format version is not known.");
    if (total != len || len > STORE_STATE_MAX)
        return fail(error, FORMAT_ERROR_LENGTH, "The state does not have the length it says.");
    if (header_size != HEADER_SIZE)
        return fail(error, FORMAT_ERROR_SIZE, "The state's header has a wrong size.");
    if (version == 0)
        return fail(error, FORMAT_ERROR_VERSION, "The state's format version is not known.");
    *ret_flags = flags;
    return g_bytes_new_from_bytes(bytes, HEADER_SIZE, len - HEADER_SIZE);
}

GBytes *
format_file_write(GBytes *state, const StateKey *key, GError **error)
{
    guint16 flags = 0;
    g_autoptr(GBytes) tlvs = layer_wrap(&file_layer, state, key, &flags, error);

    return tlvs == NULL ? NULL : header_wrap(tlvs, flags, error);
}

GBytes *
format_file_parse(GBytes *file, const StateKey *key, GError **error)
{
    guint16 flags = 0;
    g_autoptr(GBytes) tlvs = header_unwrap(file, &flags, error);

    return tlvs == NULL ? NULL : layer_unwrap(&file_layer, tlvs, key, flags, error);
}

GBytes *
format_blob_write(GBytes *state, const StateKey *key, const StateKey *migration, GError **error)
{
    guint16 flags = FLAG_MIGRATION;
    g_autoptr(GBytes) inner = layer_wrap(&file_layer, state, key, &flags, error);
    g_autoptr(GBytes) outer = NULL;

    if (inner == NULL)
        return NULL;
    outer = layer_wrap(&migration_layer, inner, migration, &flags, error);
    return outer == NULL ? NULL : header_wrap(outer, flags, error);
}

GBytes *
format_blob_parse(GBytes *blob, const StateKey *key, const StateKey *migration, GError **error)
{
    guint16 flags = 0;
    g_autoptr(GBytes) tlvs = header_unwrap(blob, &flags, error);
    g_autoptr(GBytes) inner = NULL;
    gboolean wrapped = (flags & FLAG_MIGRATION_ENCRYPTED) != 0;
    gboolean encrypted = (flags & FLAG_ENCRYPTED) != 0;

    if (tlvs == NULL)
        return NULL;
    if (wrapped && migration == NULL)
        return fail(error, FORMAT_ERROR_NO_KEY, "Missing migration key to decrypt the state.");
    if (encrypted && key == NULL)
        return fail(error, FORMAT_ERROR_NO_KEY, "Missing state key to decrypt the state.");
    inner = layer_unwrap(&migration_layer, tlvs, wrapped ? migration : NULL, flags, error);
    if (inner == NULL)
        return NULL;
    return layer_unwrap(&file_layer, inner, encrypted ? key : NULL, flags, error);
}
