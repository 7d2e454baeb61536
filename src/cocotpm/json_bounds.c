/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json_bounds - see json_bounds.h.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotpm/json_bounds.h"

/* What is inside strings does not count. Comments, which json-glib skips, may hold a quote. */
static gboolean
depth_is_bounded(const char *text, gsize len)
{
    gboolean in_string = FALSE;
    guint depth = 0;

    for (gsize i = 0; i < len; i++) {
        const char c = text[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string
                 && (c == '/' || ((c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)))
            return FALSE;
        else if (!in_string && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return TRUE;
}

JsonObject *
json_bounded_object(const char *text, gsize len, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autofree char *copy = NULL;
    JsonNode *root;

    if (len == 0 || memchr(text, '\0', len) != NULL || !g_utf8_validate(text, (gssize)len, NULL) ||
        !depth_is_bounded(text, len)) {
        error_malformed(error, "the JSON is empty, no UTF-8, has comments, or nests too deep");
        return NULL;
    }
    copy = g_strndup(text, len);
    if (!json_parser_load_from_data(parser, copy, (gssize)len, NULL)) {
        error_malformed(error, "the JSON cannot be read");
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        error_malformed(error, "the JSON is no object");
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

const char *
json_string(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

/* One past the string that begins at @at, which is a quote. */
static gsize
string_end(const char *text, gsize len, gsize at)
{
    for (at++; at < len && text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return MIN(at + 1, len);
}

/* One past the object that begins at @at, which is a brace. */
static gsize
object_end(const char *text, gsize len, gsize at)
{
    guint depth = 0;

    while (at < len) {
        const char c = text[at];

        if (c == '"') {
            at = string_end(text, len, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return len;
}

static gsize
skip_to_value(const char *text, gsize len, gsize at)
{
    while (at < len && (g_ascii_isspace(text[at]) || text[at] == ':'))
        at++;
    return at;
}

const char *
json_raw_object(const char *text, gsize len, const char *name, gsize *ret_len)
{
    const gsize name_len = strlen(name);
    const char *found = NULL;
    gsize found_len = 0, at = 0;

    while (at < len && text[at] != '{')
        at++;
    for (at++; at < len;) {
        const gsize start = at;

        if (text[at] == '{' || text[at] == '[') {
            at = object_end(text, len, at);
            continue;
        }
        if (text[at] != '"') {
            at++;
            continue;
        }
        at = string_end(text, len, at);
        if (at - start != name_len + 2 || memcmp(text + start + 1, name, name_len) != 0)
            continue;
        at = skip_to_value(text, len, at);
        if (at >= len || text[at] != '{' || found != NULL)
            return NULL;
        found = text + at;
        found_len = object_end(text, len, at) - at;
        at += found_len;
    }
    if (found != NULL)
        *ret_len = found_len;
    return found;
}
