/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kek - the rows of keys/schedule: salt is the instance's UUID, info has the
 * derivation fields (chip slots only), generation, the slot's random bytes.
 */
#include "cocotransport/seal/kek.h"

#include "cocotransport/keys/schedule.h"

#include <string.h>

/* derivation (25), generation (8), random (16) */
#define INFO_MAX 64

static size_t
info_write(const struct sealed_header *header, const struct seal_slot *slot,
           uint8_t info[static INFO_MAX])
{
    struct builder b = builder_on(info, INFO_MAX);

    if (slot->type != SEAL_SLOT_RECOVERY)
        seal_derivation_write(&header->key, &b);
    builder_be64(&b, header->generation);
    builder_bytes(&b, slot->random, sizeof(slot->random));
    g_assert(!b.failed);

    return builder_len(&b);
}

static Secret *
key_and_owner(const Secret *key, const Secret *owner)
{
    const size_t len = secret_len(key);
    Secret *both = secret_new(len + secret_len(owner));

    memcpy(secret_bytes(both), secret_peek(key), len);
    memcpy(secret_bytes(both) + len, secret_peek(owner), secret_len(owner));

    return both;
}

Secret *
kek_derive(const struct sealed_header *header, const struct seal_slot *slot, const Secret *key,
           const Secret *owner, GError **error)
{
    g_autoptr(Secret) both = owner != NULL ? key_and_owner(key, owner) : NULL;
    uint8_t info[INFO_MAX];
    const struct crypto_piece piece = { info, info_write(header, slot, info) };
    const enum schedule_key row = slot->type == SEAL_SLOT_RECOVERY ? SCHEDULE_STATE_RECOVERY
                                                                   : SCHEDULE_STATE_KEK;

    return schedule_derive(row, both != NULL ? both : key, header->uuid, sizeof(header->uuid),
                           &piece, 1, error);
}
