/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_life - the TPM's power, which follows attached sessions (protocol,
 * section 6.1): on with the launch measured and Startup(CLEAR) done, off by an
 * orderly Shutdown(CLEAR). All of it on the TPM thread.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"

#include <string.h>

#define TPM_CAP_HANDLES 1u
#define TPM_CAP_PROPERTIES_MAX 254u
/* TCG EK Credential Profile 2.4, section 2.2.1.4: where endorsement keys are kept. */
#define EK_FIRST 0x81010000u
#define EK_LAST 0x8101ffffu

void
life_power_off(Engine *e)
{
    if (!engine_running(e))
        return;
    if (engine_shutdown_due(e))
        (void)engine_shutdown(e, FALSE);
    engine_power_off(e);
}

static gboolean
measure(Engine *e, const struct snp_report *report, GError **error)
{
    guint8 event[LAUNCH_EVENT_MAX];
    struct builder b = builder_on(event, sizeof(event));

    launch_event_write(report, &b);
    g_assert(!b.failed);

    return engine_hash_start(e, error) &&
           engine_hash_data(e, event, builder_len(&b), error) &&
           engine_hash_end(e, error);
}

/* @report NULL: only to look at what lies in the TPM; nobody is attached then. */
gboolean
life_power_on(Engine *e, const struct snp_report *report, GError **error)
{
    guint32 rc;

    if (!engine_power_on(e, FALSE, error))
        return FALSE;
    engine_set_locality(e, 0);
    if (report != NULL && !measure(e, report, error)) {
        engine_power_off(e);
        return FALSE;
    }
    rc = engine_startup(e, ENGINE_STARTUP_CLEAR);
    if (rc == 0)
        return TRUE;
    engine_power_off(e);
    return error_system(error, "TPM2_Startup(CLEAR): 0x%03x", rc);
}

guint
life_ek_handles(Engine *e, guint32 ret[EK_NAMES_MAX])
{
    g_autoptr(GBytes) list = NULL;
    struct cursor in;
    guint32 count;
    guint found = 0;

    if (engine_get_capability(e, TPM_CAP_HANDLES, EK_FIRST, TPM_CAP_PROPERTIES_MAX, &list) != 0)
        return 0;
    in = cursor_from(g_bytes_get_data(list, NULL), g_bytes_get_size(list));
    (void)cursor_be32(&in);
    count = cursor_be32(&in);
    for (guint32 i = 0; i < count && found < EK_NAMES_MAX; i++) {
        const guint32 handle = cursor_be32(&in);

        if (!in.failed && handle >= EK_FIRST && handle <= EK_LAST)
            ret[found++] = handle;
    }
    return found;
}

void
life_read_names(Engine *e, guint *ret_count, struct ek_name ret[EK_NAMES_MAX])
{
    guint32 handles[EK_NAMES_MAX];
    const guint count = life_ek_handles(e, handles);

    *ret_count = 0;
    for (guint i = 0; i < count; i++) {
        g_autoptr(GBytes) public_area = NULL;
        g_autoptr(GBytes) name = NULL;
        struct ek_name *slot = &ret[*ret_count];

        if (engine_read_public(e, handles[i], &public_area, &name) != 0 ||
            g_bytes_get_size(name) > EK_NAME_MAX || g_bytes_get_size(name) == 0)
            continue;
        slot->len = (guint8)g_bytes_get_size(name);
        memcpy(slot->bytes, g_bytes_get_data(name, NULL), slot->len);
        (*ret_count)++;
    }
}

void
life_clear(struct life *l)
{
    g_clear_pointer(&l->attachment.event, g_bytes_unref);
    for (guint i = 0; i < G_N_ELEMENTS(l->keys); i++)
        secret_free(l->keys[i].key);
    secret_free(l->answer);
    *l = (struct life){ 0 };
}
