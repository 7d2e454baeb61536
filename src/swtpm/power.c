/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/power.h"

gboolean
power_lock(struct power *p, guint retries, GError **error)
{
    if (!p->locked)
        p->locked = store_lock(p->store, retries, error);
    return p->locked;
}

void
power_state_sent(struct power *p)
{
    if (!p->release)
        return;
    store_unlock(p->store);
    p->locked = FALSE;
}

gboolean
power_on(struct power *p, gboolean delete_volatile, GError **error)
{
    power_off(p);
    if (!p->incoming && !power_lock(p, 0, error))
        return FALSE;
    return engine_power_on(p->engine, delete_volatile, error);
}

/* Without the lock the state is another process's by now: nothing may be written to it. */
void
power_off(struct power *p)
{
    if (p->auto_shutdown && p->locked && engine_shutdown_due(p->engine) &&
        engine_shutdown(p->engine, TRUE) != 0)
        (void)engine_shutdown(p->engine, FALSE);
    engine_power_off(p->engine);
}
