/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_move - how an instance begins and is moved by its owner.
 */
#include "config.h"

#include "swtpm/store/sealed_state.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/seal/inspect.h"

#include <string.h>

/* So far ahead that no epoch of the old place, which may still run, is met again. */
#define RECOVERY_EPOCHS (G_GUINT64_CONSTANT(1) << 32)

static gboolean
nothing_there(SealedStore *s, GError **error)
{
    g_autoptr(GBytes) file = NULL;

    switch (disk_read(&s->disk, SEALED_FILE, &file, error)) {
    case DISK_READ:
        return error_denied(error, "%s/%s: there is one already", s->disk.path, SEALED_FILE);
    case DISK_ABSENT:
        return TRUE;
    default:
        return FALSE;
    }
}

/* Generation 0 is on no disk: the first commit makes generation 1 of it. */
static void
born(const struct provision *p, struct sealed_image *ret)
{
    struct attach_entry birth = { .kind = ATTACH_BIRTH, .generation = 1, .epoch = 0 };

    memcpy(birth.lineage, p->lineage, sizeof(birth.lineage));
    memcpy(ret->header.uuid, p->uuid, sizeof(ret->header.uuid));
    ret->body = (struct sealed_body){
        .policy = g_bytes_ref(p->policy),
        .chain = p->chain != NULL ? g_bytes_ref(p->chain) : NULL,
        .psk = secret_dup(p->psk),
        .recovery = secret_dup(p->recovery),
        .witness_key = secret_dup(p->witness_key),
        .witness_certificate =
            p->witness_certificate != NULL ? g_bytes_ref(p->witness_certificate) : NULL,
        .log = attach_log_new(),
    };
    g_array_append_val(ret->body.log, birth);
}

gboolean
terms_can_be_met(SealedStore *s, GError **error)
{
    struct seal_derivation key;

    if (s->terms.owner_secret && s->owner == NULL)
        return error_denied(error, "the policy wants an owner secret, and none was given");
    if (!s->terms.owner_secret && s->owner != NULL)
        return error_denied(error, "an owner secret was given, and the policy wants none");
    return seal_derivation_now(&s->config.platform, s->terms.bind, &key, error) &&
           seal_clamp(&key, &s->config.platform, error) &&
           seal_clamp_policy(&key, s->terms.bind, s->terms.tcb_floor, s->terms.svn_floor, error) &&
           chip_key(s, &key, error);
}

SealedStore *
sealed_make(const struct sealed_config *config, const struct provision *p, GError **error)
{
    g_autoptr(SealedStore) s = store_new(config, NULL);

    if (!disk_open(config->dir, config->mode, &s->disk, error) || !nothing_there(s, error) ||
        !disk_remove_next(&s->disk, error))
        return NULL;
    born(p, &s->now);
    if (!judge_image(s, &s->now, &s->terms, error) || !terms_can_be_met(s, error)) {
        g_prefix_error(error, "the policy given: ");
        return NULL;
    }
    s->making = TRUE;

    return g_steal_pointer(&s);
}

gboolean
sealed_finish(SealedStore *s, GError **error)
{
    const struct sealed_change nothing = { 0 };

    g_assert(s->making);
    if (s->now.body.tpm == NULL)
        return error_system(error, "%s: the TPM has stored nothing", s->disk.path);
    if (!sealed_commit(s, &nothing, FALSE, error))
        return FALSE;
    s->making = FALSE;

    return TRUE;
}

gboolean
new_epoch(SealedStore *s, AttachLog *log, enum attach_kind kind, guint64 epoch, GError **error)
{
    struct attach_entry e = {
        .kind = (guint8)kind,
        .generation = s->now.header.generation + 1,
        .epoch = epoch,
    };

    return crypto_random(e.lineage, sizeof(e.lineage), error) &&
           attach_log_add(log, &e, s->terms.drops_launches, error);
}

gboolean
sealed_recover(const struct sealed_config *config, const Secret *recovery, GError **error)
{
    g_autoptr(SealedStore) s = store_new(config, recovery);
    g_autoptr(GArray) log = NULL;
    struct sealed_change change = { 0 };

    if (!disk_open(config->dir, config->mode, &s->disk, error) || !sealed_load(s, error))
        return FALSE;
    s->recovery = NULL;
    if (!terms_can_be_met(s, error))
        return FALSE;
    log = attach_log_copy(s->now.body.log);
    change.log = log;
    change.epoch = s->now.header.epoch + RECOVERY_EPOCHS;

    return new_epoch(s, log, ATTACH_RECOVERY, change.epoch, error) &&
           sealed_commit(s, &change, FALSE, error);
}

char *
sealed_inspect(const struct sealed_config *config, gboolean json, GError **error)
{
    g_autoptr(SealedStore) s = store_new(config, NULL);
    g_autoptr(GBytes) file = NULL;
    g_autoptr(GError) why = NULL;
    g_auto(sealed_image_t) image = { 0 };

    if (!disk_open(config->dir, config->mode, &s->disk, error))
        return NULL;
    switch (disk_read(&s->disk, SEALED_FILE, &file, error)) {
    case DISK_READ:
        return (json ? inspect_json : inspect_text)(
            g_bytes_get_data(file, NULL), g_bytes_get_size(file),
            image_read(s, SEALED_FILE, file, &image, &why), error);
    case DISK_ABSENT:
        error_denied(error, "%s/%s: there is none", s->disk.path, SEALED_FILE);
        return NULL;
    default:
        return NULL;
    }
}
