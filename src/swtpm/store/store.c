/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store - what every kind of store has in common: the optional operations.
 */
#include "config.h"

#include "swtpm/store/store.h"

gboolean
store_lock(Store *s, guint retries, GError **error)
{
    return s->ops->lock == NULL || s->ops->lock(s, retries, error);
}

void
store_unlock(Store *s)
{
    if (s->ops->unlock != NULL)
        s->ops->unlock(s);
}

gssize
store_size(Store *s, const char *name)
{
    g_autoptr(GBytes) data = NULL;

    if (s->ops->size != NULL)
        return s->ops->size(s, name);
    if (s->ops->load(s, name, &data, NULL) == STORE_ABSENT)
        return -1;
    return data != NULL ? (gssize)g_bytes_get_size(data) : 0;
}

gboolean
store_exists(Store *s, const char *name)
{
    return store_size(s, name) >= 0;
}

void
store_free(Store *s)
{
    if (s != NULL)
        s->ops->free(s);
}
