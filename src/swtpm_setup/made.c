/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * made - collects what a run has made and writes it as JSON.
 */
#include "config.h"

#include "swtpm_setup/made.h"

#include <json-glib/json-glib.h>

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

void
made_add_area(struct made *m, const char *role, guint32 index, gsize size)
{
    struct made_area *area = g_new0(struct made_area, 1);

    area->role = g_strdup(role);
    area->index = index;
    area->size = size;
    g_ptr_array_add(m->areas, area);
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

        json_builder_begin_object(b);
        put_text(b, "role", area->role);
        put_number(b, "index", area->index);
        json_builder_set_member_name(b, "size");
        json_builder_add_int_value(b, (gint64)area->size);
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
    put_text(b, "pcr-banks", m->pcr_banks);
    put_keys(b, m->keys);
    put_areas(b, m->areas);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    return json_generator_to_data(generator, NULL);
}
