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
#define TPM_RH_ENDORSEMENT 0x4000000bu
#define OBJECT_EK_SET (1u << 1 | 1u << 4 | 1u << 5 | 1u << 16 | 1u << 17)
#define OBJECT_SIGN (1u << 18)

/* Also where the VM's last command was a Shutdown of its own: after Shutdown(STATE) the next launch
 * would go on with what a TPM Restart keeps of this one (Part 1, 12.2.3): resetCount, the seed of the
 * NULL hierarchy, saved contexts, the PCRs' update counter. */
void
life_power_off(Engine *e)
{
    if (!engine_running(e))
        return;
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

/* What tells an endorsement key from what else a VM may keep in that range of handles: made in
 * this TPM, fixed to it, restricted, for decryption only (TPMA_OBJECT, Part 2, 8.3). */
static gboolean
attributes_of_ek(GBytes *area)
{
    struct cursor in = cursor_from(g_bytes_get_data(area, NULL), g_bytes_get_size(area));
    guint32 attributes;

    (void)cursor_be32(&in);          /* type, name algorithm */
    attributes = cursor_be32(&in);
    return !in.failed && (attributes & (OBJECT_EK_SET | OBJECT_SIGN)) == OBJECT_EK_SET;
}

/* A primary key of the endorsement hierarchy says so in its qualified name (Part 1, 16). */
static gboolean
endorsement_primary(GBytes *name, GBytes *qualified)
{
    guint8 memory[4 + 2 + SHA512_SIZE], expected[2 + SHA512_SIZE];
    struct builder b = builder_on(memory, sizeof(memory));
    gsize len, size;
    const guint8 *bytes = g_bytes_get_data(name, &len);
    struct cursor in = cursor_from(bytes, len);
    const guint16 alg = cursor_be16(&in);

    builder_be32(&b, TPM_RH_ENDORSEMENT);
    builder_bytes(&b, bytes, len);
    if (in.failed || b.failed)
        return FALSE;
    size = crypto_tpm_hash(alg, memory, builder_len(&b), expected + 2);
    expected[0] = (guint8)(alg >> 8);
    expected[1] = (guint8)alg;
    return size > 0 && g_bytes_get_size(qualified) == size + 2 &&
           memcmp(g_bytes_get_data(qualified, NULL), expected, size + 2) == 0;
}

static gboolean
read_ek(Engine *e, guint32 handle, struct life_ek *ret)
{
    g_autoptr(GBytes) area = NULL;
    g_autoptr(GBytes) name = NULL;
    g_autoptr(GBytes) qualified = NULL;

    if (engine_read_public(e, handle, &area, &name, &qualified) != 0 ||
        !attributes_of_ek(area) || !endorsement_primary(name, qualified) ||
        g_bytes_get_size(name) > EK_NAME_MAX)
        return FALSE;
    ret->area = g_steal_pointer(&area);
    ret->name = g_steal_pointer(&name);
    return TRUE;
}

guint
life_read_eks(Engine *e, struct life_ek ret[EK_NAMES_MAX])
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

        if (!in.failed && handle >= EK_FIRST && handle <= EK_LAST
            && read_ek(e, handle, &ret[found]))
            found++;
    }
    return found;
}

void
life_eks_clear(struct life_ek *keys, guint count)
{
    for (guint i = 0; i < count; i++) {
        g_clear_pointer(&keys[i].area, g_bytes_unref);
        g_clear_pointer(&keys[i].name, g_bytes_unref);
    }
}

void
life_read_names(Engine *e, guint *ret_count, struct ek_name ret[EK_NAMES_MAX])
{
    struct life_ek keys[EK_NAMES_MAX] = { { NULL, NULL } };

    *ret_count = life_read_eks(e, keys);
    for (guint i = 0; i < *ret_count; i++) {
        ret[i].len = (guint8)g_bytes_get_size(keys[i].name);
        memcpy(ret[i].bytes, g_bytes_get_data(keys[i].name, NULL), ret[i].len);
    }
    life_eks_clear(keys, *ret_count);
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
