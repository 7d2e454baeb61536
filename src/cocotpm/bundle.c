/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bundle - the file: {"format": "cocotpm-bundle", "version": 1, …}. A member
 * without a row is an error, since somebody may take it for judged.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotpm/bundle.h"
#include "cocotpm/json_bounds.h"

#define BUNDLE_FORMAT "cocotpm-bundle"
#define BUNDLE_VERSION 1

static const struct bundle_row {
    const char *name;
    size_t field;
    gsize max;                       /* bytes once decoded */
    gboolean required;
} rows[] = {
    { "statement", offsetof(struct bundle, statement), STATEMENT_MAX, TRUE },
    { "report", offsetof(struct bundle, report), SNP_REPORT_SIZE, TRUE },
    { "certificate", offsetof(struct bundle, certificate), 8192, TRUE },
    { "quote", offsetof(struct bundle, quote), 4096, FALSE },
    { "signature", offsetof(struct bundle, signature), 4096, FALSE },
    { "eventlog", offsetof(struct bundle, eventlog), 128 * 1024, FALSE },
};

static GBytes **
place_of(const struct bundle *b, const struct bundle_row *row)
{
    return (GBytes **)(void *)((guint8 *)b + row->field);
}

static gboolean
read_base64(const char *text, const struct bundle_row *row, GBytes **ret, GError **error)
{
    g_autofree guchar *data = NULL;
    gsize len;

    if (text == NULL || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789+/=") != strlen(text))
        return error_malformed(error, "\"%s\" is no base64", row->name);
    data = g_base64_decode(text, &len);
    if (len == 0 || len > row->max)
        return error_malformed(error, "\"%s\" has %zu bytes; 1 to %zu are possible", row->name, len,
                               row->max);
    *ret = g_bytes_new_take(g_steal_pointer(&data), len);
    return TRUE;
}

static gboolean
read_head(JsonObject *object, GError **error)
{
    const char *format = json_string(object, "format");
    JsonNode *version = json_object_get_member(object, "version");

    if (format == NULL || strcmp(format, BUNDLE_FORMAT) != 0)
        return error_malformed(error, "this is no bundle (\"format\": \"" BUNDLE_FORMAT "\")");
    if (version == NULL || !JSON_NODE_HOLDS_VALUE(version) ||
        json_node_get_value_type(version) != G_TYPE_INT64 ||
        json_node_get_int(version) != BUNDLE_VERSION)
        return error_malformed(error, "the bundle's version is not %d", BUNDLE_VERSION);
    return TRUE;
}

static gboolean
read_members(JsonObject *object, struct bundle *b, GError **error)
{
    guint known = 2;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!json_object_has_member(object, rows[i].name)) {
            if (rows[i].required)
                return error_malformed(error, "\"%s\" is missing", rows[i].name);
            continue;
        }
        known++;
        if (!read_base64(json_string(object, rows[i].name), &rows[i], place_of(b, &rows[i]), error))
            return FALSE;
    }
    if (known != json_object_get_size(object))
        return error_malformed(error, "the bundle has a member that is not known");
    return (b->quote == NULL) == (b->signature == NULL) ||
           error_malformed(error, "\"quote\" and \"signature\" belong together");
}

gboolean
bundle_parse(const char *text, gsize len, struct bundle *ret, GError **error)
{
    g_autoptr(JsonObject) object = NULL;
    g_auto(bundle_t) b = { 0 };

    if (len > BUNDLE_MAX)
        return error_malformed(error, "a bundle has at most %d bytes", BUNDLE_MAX);
    object = json_bounded_object(text, len, error);
    if (object == NULL || !read_head(object, error) || !read_members(object, &b, error))
        return FALSE;
    *ret = b;
    memset(&b, 0, sizeof(b));
    return TRUE;
}

char *
bundle_write(const struct bundle *b)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonObject) object = json_object_new();

    json_object_set_string_member(object, "format", BUNDLE_FORMAT);
    json_object_set_int_member(object, "version", BUNDLE_VERSION);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GBytes *part = *place_of(b, &rows[i]);
        g_autofree char *text = NULL;

        if (part == NULL)
            continue;
        text = g_base64_encode(g_bytes_get_data(part, NULL), g_bytes_get_size(part));
        json_object_set_string_member(object, rows[i].name, text);
    }
    json_node_set_object(root, object);
    return json_to_string(root, TRUE);
}

void
bundle_clear(struct bundle *b)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_clear_pointer(place_of(b, &rows[i]), g_bytes_unref);
}
