/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etcd_json - protobuf's JSON: bytes are base64, int64 are texts, a member
 * that has its default value is left out.
 */
#include "cocotransport/seal/etcd_json.h"

#include "base/error.h"
#include "base/keyfile.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define KEY_PREFIX "cocotpm/"

static char *
key_base64(const guint8 uuid[static 16])
{
    g_autofree char *hex = hex_encode(uuid, 16);
    g_autofree char *key = g_strconcat(KEY_PREFIX, hex, NULL);

    return g_base64_encode((const guchar *)key, strlen(key));
}

static char *
receipt_base64(const struct receipt *r)
{
    guint8 wire[RECEIPT_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));

    receipt_write(r, &out);
    return g_base64_encode(wire, sizeof(wire));
}

char *
etcd_range_request(const guint8 uuid[static 16])
{
    g_autofree char *key = key_base64(uuid);

    return g_strdup_printf("{\"key\":\"%s\"}", key);
}

/* What is put into the texts is base64, so nothing needs to be escaped. */
char *
etcd_swap_request(const struct receipt *old, const struct receipt *next)
{
    g_autofree char *key = key_base64(next->uuid);
    g_autofree char *value = receipt_base64(next);
    g_autofree char *is = NULL;

    if (old != NULL) {
        g_autofree char *was = receipt_base64(old);

        is = g_strdup_printf("\"target\":\"VALUE\",\"value\":\"%s\"", was);
    } else {
        is = g_strdup("\"target\":\"VERSION\",\"version\":\"0\"");
    }
    return g_strdup_printf("{\"compare\":[{\"key\":\"%s\",\"result\":\"EQUAL\",%s}],"
                           "\"success\":[{\"request_put\":{\"key\":\"%s\",\"value\":\"%s\"}}],"
                           "\"failure\":[{\"request_range\":{\"key\":\"%s\"}}]}",
                           key, is, key, value, key);
}

static JsonObject *
parse_object(JsonParser *parser, const char *text, gsize len, GError **error)
{
    JsonNode *root;

    if (!json_parser_load_from_data(parser, text, (gssize)len, error)) {
        g_prefix_error(error, "the answer is no JSON: ");
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        error_malformed(error, "the answer is no JSON object");
        return NULL;
    }
    return json_node_get_object(root);
}

/* The member @name where it is an object; NULL otherwise. */
static JsonObject *
object_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* The first element of the array @name where it is an object; NULL otherwise. */
static JsonObject *
first_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node)
                                                                  : NULL;
    JsonNode *first = array != NULL && json_array_get_length(array) > 0
                          ? json_array_get_element(array, 0)
                          : NULL;

    return first != NULL && JSON_NODE_HOLDS_OBJECT(first) ? json_node_get_object(first) : NULL;
}

static gboolean
value_read(JsonObject *kv, struct receipt *ret, GError **error)
{
    JsonNode *node = json_object_get_member(kv, "value");
    const char *text = node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node)
                                                                  : NULL;
    g_autofree guchar *bytes = NULL;
    struct cursor in;
    gsize len = 0;

    if (text != NULL && *text != '\0')
        bytes = g_base64_decode(text, &len);
    in = cursor_from(bytes, len);
    if (len != RECEIPT_SIZE)
        return error_malformed(error, "the witness's value is no receipt");
    return receipt_parse(&in, ret, error);
}

static gboolean
range_read(JsonObject *range, struct etcd_value *ret, GError **error)
{
    JsonObject *kv = first_member(range, "kvs");
    struct etcd_value v = { .there = kv != NULL };

    if (kv != NULL && !value_read(kv, &v.receipt, error))
        return FALSE;
    *ret = v;

    return TRUE;
}

gboolean
etcd_range_answer(const char *text, gsize len, struct etcd_value *ret, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    JsonObject *root = parse_object(parser, text, len, error);

    if (root == NULL)
        return FALSE;
    if (object_member(root, "header") == NULL)
        return error_malformed(error, "the answer is none of etcd's");
    return range_read(root, ret, error);
}

gboolean
etcd_swap_answer(const char *text, gsize len, gboolean *ret_done, struct etcd_value *ret_held,
                 GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    JsonObject *root = parse_object(parser, text, len, error);
    JsonObject *response, *range;
    JsonNode *succeeded;

    if (root == NULL)
        return FALSE;
    if (object_member(root, "header") == NULL)
        return error_malformed(error, "the answer is none of etcd's");
    succeeded = json_object_get_member(root, "succeeded");
    if (succeeded != NULL && JSON_NODE_HOLDS_VALUE(succeeded) &&
        json_node_get_boolean(succeeded)) {
        *ret_done = TRUE;
        return TRUE;
    }
    response = first_member(root, "responses");
    range = response != NULL ? object_member(response, "response_range") : NULL;
    if (range == NULL)
        return error_malformed(error, "the answer says neither done nor what is held");
    if (!range_read(range, ret_held, error))
        return FALSE;
    *ret_done = FALSE;

    return TRUE;
}
