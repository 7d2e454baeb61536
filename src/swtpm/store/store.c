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

gboolean
store_exists(Store *s, const char *name)
{
    g_autoptr(GBytes) data = NULL;

    if (s->ops->exists != NULL)
        return s->ops->exists(s, name);
    return s->ops->load(s, name, &data, NULL) != STORE_ABSENT;
}

void
store_free(Store *s)
{
    if (s != NULL)
        s->ops->free(s);
}
