/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * codec - a store that frames and encrypts what a back end keeps.
 */
#include "config.h"

#include "swtpm/store/codec.h"

struct codec {
    Store store;
    Store *back_end;
    StateKey *key;
    struct store_codec_config config;
};

static enum store_load
load_one(struct codec *c, const char *name, GBytes **ret, GError **error)
{
    g_autoptr(GBytes) file = NULL;
    enum store_load result = c->back_end->ops->load(c->back_end, name, &file, error);
    GBytes *state;

    if (result != STORE_LOADED)
        return result;
    state = format_file_parse(file, c->key, error);
    if (state == NULL) {
        g_prefix_error(error, "Could not read the state '%s': ", name);
        return STORE_FAILED;
    }
    *ret = state;
    return STORE_LOADED;
}

/*
 * The backup stands in for a state that cannot be read, never for one that is
 * gone: without its file a TPM is new, and so it was before there were backups.
 */
static enum store_load
codec_load(Store *s, const char *name, GBytes **ret, GError **error)
{
    struct codec *c = (struct codec *)s;
    g_autoptr(GError) why = NULL;
    enum store_load result = load_one(c, name, ret, &why);
    g_autofree char *backup = g_strconcat(name, ".bak", NULL);

    if (result == STORE_FAILED && c->config.backup && load_one(c, backup, ret, NULL) == STORE_LOADED) {
        g_autofree char *words = g_strdup_printf("The backup of the permanent state is used, which "
                                                 "is older by one change: %s", why->message);

        if (c->config.notice != NULL)
            c->config.notice(words);
        return STORE_LOADED;
    }
    if (why != NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    return result;
}

static gboolean
codec_save(Store *s, const char *name, const guint8 *data, gsize len, GError **error)
{
    struct codec *c = (struct codec *)s;
    g_autoptr(GBytes) state = g_bytes_new(data, len);
    g_autoptr(GBytes) file = format_file_write(state, c->key, error);

    return file != NULL
           && c->back_end->ops->save(c->back_end, name, g_bytes_get_data(file, NULL),
                                     g_bytes_get_size(file), error);
}

static gboolean
codec_remove(Store *s, const char *name, gboolean must_exist, GError **error)
{
    struct codec *c = (struct codec *)s;

    return c->back_end->ops->remove(c->back_end, name, must_exist, error);
}

static gboolean
codec_lock(Store *s, guint retries, GError **error)
{
    return store_lock(((struct codec *)s)->back_end, retries, error);
}

static void
codec_unlock(Store *s)
{
    store_unlock(((struct codec *)s)->back_end);
}

static gssize
codec_size(Store *s, const char *name)
{
    return store_size(((struct codec *)s)->back_end, name);
}

static void
codec_free(Store *s)
{
    struct codec *c = (struct codec *)s;

    store_free(c->back_end);
    state_key_free(c->key);
    g_free(c);
}

static const struct store_ops codec_ops = {
    .load = codec_load,
    .save = codec_save,
    .remove = codec_remove,
    .free = codec_free,
    .lock = codec_lock,
    .unlock = codec_unlock,
    .size = codec_size,
};

Store *
store_codec_new(Store *back_end, StateKey *key, const struct store_codec_config *config)
{
    struct codec *c = g_new0(struct codec, 1);

    c->store.ops = &codec_ops;
    c->back_end = back_end;
    c->key = key;
    c->config = *config;
    return &c->store;
}

const StateKey *
store_codec_key(const Store *s)
{
    return s->ops == &codec_ops ? ((const struct codec *)s)->key : NULL;
}
