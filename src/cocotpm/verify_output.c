/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_output - verdicts and fields for people and for programs: both come
 * from the same JSON objects.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cocotpm/verify.h"

void
verify_print_json(JsonObject *object)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_set_object(root, object);
    text = json_to_string(root, TRUE);
    printf("%s\n", text);
}

static char *
array_text(JsonArray *array)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(array); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               json_array_get_string_element(array, i));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
value_text(JsonNode *node)
{
    if (JSON_NODE_HOLDS_ARRAY(node))
        return array_text(json_node_get_array(node));
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_dup_string(node);
    if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
    return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
}

void
verify_print_words(JsonObject *object, int indent)
{
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *name = names; name != NULL; name = name->next) {
        JsonNode *node = json_object_get_member(object, name->data);
        g_autofree char *label = g_strdelimit(g_strdup(name->data), "_", ' ');
        g_autofree char *text = NULL;

        if (JSON_NODE_HOLDS_OBJECT(node)) {
            printf("%*s%s:\n", indent, "", label);
            verify_print_words(json_node_get_object(node), indent + 4);
            continue;
        }
        text = value_text(node);
        printf("%*s%s: %s\n", indent, "", label, *text != '\0' ? text : "-");
    }
}

static const char *
result_name(enum check_result result)
{
    return result == CHECK_PASSED ? "passed" : result == CHECK_FAILED ? "failed" : "skipped";
}

static JsonArray *
checks_json(const struct verdict *v)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < v->checks->len; i++) {
        const struct check *check = &g_array_index(v->checks, struct check, i);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "name", check->name);
        json_object_set_string_member(object, "result", result_name(check->result));
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *
verdict_json(const struct verdict *v, const char *what, JsonObject *fields, const char *reason)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "verdict", v->accepted ? "accepted" : "rejected");
    if (v->check != NULL)
        json_object_set_string_member(object, "check", v->check);
    else
        json_object_set_null_member(object, "check");
    json_object_set_string_member(object, "reason", reason);
    if (fields != NULL)
        json_object_set_object_member(object, what, json_object_ref(fields));
    else
        json_object_set_null_member(object, what);
    json_object_set_array_member(object, "checks", checks_json(v));
    return object;
}

static void
print_checks(const struct verdict *v)
{
    guint counts[3] = { 0 };

    for (guint i = 0; i < v->checks->len; i++) {
        const struct check *check = &g_array_index(v->checks, struct check, i);

        counts[check->result]++;
        if (check->result == CHECK_FAILED)
            printf("failed: %s\n", check->name);
    }
    printf("checks: %u passed, %u failed, %u not asked\n", counts[CHECK_PASSED],
           counts[CHECK_FAILED], counts[CHECK_SKIPPED]);
}

int
verify_print_verdict(const struct verdict *v, const char *what, JsonObject *fields,
                     const struct verify_input *in, gboolean json)
{
    const gboolean no_chip = v->accepted && in->chip_not_judged;
    g_autofree char *reason = g_strconcat(v->reason, no_chip ? "; not judged: same-chip "
                                          "(--own-chip was not given)" : "", NULL);

    if (json) {
        g_autoptr(JsonObject) object = verdict_json(v, what, fields, reason);

        verify_print_json(object);
    } else {
        if (v->accepted)
            printf("accepted: %s\n", reason);
        else
            printf("rejected: %s: %s\n", v->check, reason);
        print_checks(v);
        if (fields != NULL) {
            printf("%s:\n", what);
            verify_print_words(fields, 4);
        }
    }
    return v->accepted ? VERIFY_ACCEPTED : VERIFY_REJECTED;
}
