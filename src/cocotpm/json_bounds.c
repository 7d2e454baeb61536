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
