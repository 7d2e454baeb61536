/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed - the Store over the parts: sealed_start.c opens, sealed_commit.c
 * changes, sealed_move.c begins and moves.
 */
#include "config.h"

#include "swtpm/store/sealed.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "swtpm/store/sealed_state.h"

#include <string.h>

#define PERMANENT "permall"

static SealedStore *
from_store(Store *store)
{
    return (SealedStore *)store;
}

/* libtpms' copy of the state is wiped when it is done with it. */
static enum store_load
sealed_store_load(Store *store, const char *name, GBytes **ret, GError **error)
{
    SealedStore *s = from_store(store);
    Secret *copy;

    if (strcmp(name, PERMANENT) != 0)
        return STORE_ABSENT;
    if (s->now.body.tpm == NULL && s->making)
        return STORE_ABSENT;
    if (s->now.body.tpm == NULL) {
        error_system(error, "%s/%s: holds no TPM", s->disk.path, SEALED_FILE);
        return STORE_FAILED;
    }
    copy = secret_dup(s->now.body.tpm);
    *ret = g_bytes_new_with_free_func(secret_peek(copy), secret_len(copy),
                                      (GDestroyNotify)secret_free, copy);
    return STORE_LOADED;
}

static gboolean
sealed_store_save(Store *store, const char *name, const guint8 *data, gsize len, GError **error)
{
    SealedStore *s = from_store(store);
    g_autoptr(Secret) tpm = NULL;
    struct sealed_change change = { 0 };

    if (strcmp(name, PERMANENT) != 0)
        return error_denied(error, "a sealed state keeps no %s", name);
    if (len == 0 || len > SEALED_TPM_MAX)
        return error_system(error, "a TPM state of %zu bytes cannot be sealed", len);
    tpm = secret_reuse(g_steal_pointer(&s->spare), len);
    memcpy(secret_bytes(tpm), data, len);
    if (s->making) {
        secret_free(s->now.body.tpm);
        s->now.body.tpm = g_steal_pointer(&tpm);
        return TRUE;
    }
    change.tpm = tpm;
    if (!sealed_commit(s, &change, TRUE, error))
        return FALSE;
    tpm = NULL;

    return TRUE;
}

static gboolean
sealed_store_remove(Store *store, const char *name, gboolean must_exist, GError **error)
{
    (void)store;
    if (strcmp(name, PERMANENT) == 0)
        return error_denied(error, "a sealed state is never removed");
    return !must_exist || error_system(error, "a sealed state has no %s", name);
}

static void
sealed_store_free(Store *store)
{
    sealed_free(from_store(store));
}

static const struct store_ops sealed_ops = {
    .load = sealed_store_load,
    .save = sealed_store_save,
    .remove = sealed_store_remove,
    .free = sealed_store_free,
};

SealedStore *
store_new(const struct sealed_config *config, const Secret *recovery)
{
    SealedStore *s = g_new0(SealedStore, 1);

    s->store.ops = &sealed_ops;
    s->config = *config;
    s->owner = secret_dup(config->owner);
    s->config.owner = NULL;
    s->recovery = recovery;
    s->disk.dir = s->disk.lock = -1;
    g_mutex_init(&s->lock);

    return s;
}

void
sealed_free(SealedStore *s)
{
    if (s == NULL)
        return;
    witness_free(s->terms.witness);
    secret_free(s->owner);
    secret_free(s->chip);
    secret_free(s->plain);
    secret_free(s->spare);
    image_clear(&s->now);
    disk_close(&s->disk);
    g_mutex_clear(&s->lock);
    g_free(s);
}

/* Whoever seals under an old TCB or SVN leaves the state to what may break them. */
static gboolean
reseal(SealedStore *s, GError **error)
{
    const struct sealed_change nothing = { 0 };
    struct seal_derivation key;

    if (!seal_derivation_now(&s->config.platform, s->terms.bind, &key, error))
        return FALSE;
    if (key.tcb == s->now.header.key.tcb && key.svn == s->now.header.key.svn)
        return TRUE;
    if (sealed_commit(s, &nothing, FALSE, error))
        return TRUE;
    g_prefix_error(error, "sealing anew under this TCB and SVN: ");

    return FALSE;
}

SealedStore *
sealed_open(const struct sealed_config *config, GError **error)
{
    g_autoptr(SealedStore) s = store_new(config, NULL);

    if (!disk_open(config->dir, config->mode, &s->disk, error) || !sealed_load(s, error) ||
        !reseal(s, error))
        return NULL;
    return g_steal_pointer(&s);
}

Store *
sealed_store(SealedStore *s)
{
    return &s->store;
}

const guint8 *
sealed_uuid(const SealedStore *s)
{
    return s->now.header.uuid;
}

GBytes *
sealed_policy(const SealedStore *s)
{
    return s->now.body.policy;
}

GBytes *
sealed_chain(const SealedStore *s)
{
    return s->now.body.chain;
}

const Secret *
sealed_psk(const SealedStore *s)
{
    return s->now.body.psk;
}

gboolean
sealed_recoverable(const SealedStore *s)
{
    return s->now.body.recovery != NULL;
}

gboolean
sealed_making(const SealedStore *s)
{
    return s->making;
}

gboolean
sealed_launch_used(SealedStore *s, const guint8 launch[static LAUNCH_ID_SIZE])
{
    gboolean used;

    g_mutex_lock(&s->lock);
    used = attach_log_has(s->now.body.log, launch);
    g_mutex_unlock(&s->lock);

    return used;
}

gboolean
sealed_attach(SealedStore *s, const guint8 launch[static LAUNCH_ID_SIZE], GError **error)
{
    g_autoptr(GArray) log = attach_log_copy(s->now.body.log);
    struct attach_entry e = {
        .kind = ATTACH_LAUNCH,
        .generation = s->now.header.generation + 1,
        .epoch = s->now.header.epoch + 1,
    };
    const struct sealed_change change = { .log = log, .epoch = e.epoch };

    memcpy(e.launch, launch, sizeof(e.launch));
    return crypto_random(e.lineage, sizeof(e.lineage), error) &&
           attach_log_add(log, &e, s->terms.drops_launches, error) &&
           sealed_commit(s, &change, TRUE, error);
}

void
sealed_receipt(SealedStore *s, struct receipt *ret)
{
    g_mutex_lock(&s->lock);
    image_receipt(&s->now, ret);
    g_mutex_unlock(&s->lock);
}

gboolean
sealed_check_receipt(SealedStore *s, const struct receipt *theirs)
{
    struct receipt now;
    gboolean holds;

    sealed_receipt(s, &now);
    g_mutex_lock(&s->lock);
    holds = attach_log_holds(s->now.body.log, &now, theirs);
    g_mutex_unlock(&s->lock);

    return holds;
}

gboolean
sealed_witnessed(SealedStore *s, GError **error)
{
    struct receipt now, held;
    Witness *w = s->terms.witness;

    if (w == NULL)
        return TRUE;
    sealed_receipt(s, &now);
    switch (w->ops->read(w, now.uuid, &held, error)) {
    case WITNESS_HOLDS:
        return receipt_equal(&now, &held) ||
               error_denied(error, "the witness holds another state of this instance");
    case WITNESS_EMPTY:
        return error_denied(error, "the witness knows nothing of this instance");
    default:
        g_prefix_error(error, "the witness is away: ");
        return FALSE;
    }
}

gboolean
sealed_recovered(SealedStore *s)
{
    gboolean recovered;

    g_mutex_lock(&s->lock);
    recovered = attach_log_recovered(s->now.body.log);
    g_mutex_unlock(&s->lock);

    return recovered;
}

void
sealed_end(SealedStore *s)
{
    g_atomic_int_set(&s->ending, 1);
    if (s->terms.witness != NULL)
        witness_end(s->terms.witness);
}

void
sealed_status(SealedStore *s, struct sealed_status *ret)
{
    g_mutex_lock(&s->lock);
    *ret = s->status;
    g_mutex_unlock(&s->lock);
}
