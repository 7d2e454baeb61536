/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory_store.h"

#include "base/error.h"

static enum store_load
load(Store *s, const char *name, GBytes **ret, GError **error)
{
    struct memory_store *m = (struct memory_store *)s;
    GBytes *state = g_hash_table_lookup(m->states, name);

    if (m->fail_load) {
        error_malformed(error, "%s: damaged", name);
        return STORE_FAILED;
    }
    if (state == NULL)
        return STORE_ABSENT;
    *ret = g_bytes_ref(state);
    return STORE_LOADED;
}

static gboolean
save(Store *s, const char *name, const guint8 *data, gsize len, GError **error)
{
    struct memory_store *m = (struct memory_store *)s;

    if (m->fail_save)
        return error_system(error, "%s: disk full", name);
    m->saves++;
    g_hash_table_replace(m->states, g_strdup(name), g_bytes_new(data, len));
    return TRUE;
}

static gboolean
discard(Store *s, const char *name, gboolean must_exist, GError **error)
{
    struct memory_store *m = (struct memory_store *)s;

    if (!g_hash_table_remove(m->states, name) && must_exist)
        return error_system(error, "%s: not there", name);
    return TRUE;
}

static void
no_free(Store *s)
{
    (void)s;
}

static const struct store_ops ops = { .load = load, .save = save, .remove = discard,
                                      .free = no_free };

void
memory_store_init(struct memory_store *m)
{
    *m = (struct memory_store) { .store.ops = &ops };
    m->states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                      (GDestroyNotify)g_bytes_unref);
}

void
memory_store_clear(struct memory_store *m)
{
    g_hash_table_unref(m->states);
}
