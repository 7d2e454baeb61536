/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * envelope - header, slots, sealed body. Every DEK and every KEK encrypts
 * once, so the nonces are zero.
 */
#include "cocotransport/seal/envelope.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/seal/kek.h"

#include <string.h>

static const uint8_t zero_nonce[GCM_NONCE_SIZE];

/* The slot that @keys are for, and the key of it. */
static const struct seal_slot *
choose_slot(const struct sealed_header *h, const struct seal_keys *keys, const Secret **ret_key,
            const Secret **ret_owner, GError **error)
{
    const struct seal_slot *slot;

    *ret_owner = NULL;
    if (keys->chip == NULL) {
        *ret_key = keys->recovery;
        slot = sealed_header_slot(h, SEAL_SLOT_RECOVERY);
        if (slot == NULL)
            error_denied(error, "the state has no recovery slot");
        return slot;
    }
    *ret_key = keys->chip;
    slot = sealed_header_slot(h, SEAL_SLOT_CHIP);
    if (slot != NULL)
        return slot;
    *ret_owner = keys->owner;
    if (keys->owner == NULL) {
        error_denied(error, "the state needs its owner's secret, and none was given");
        return NULL;
    }
    return sealed_header_slot(h, SEAL_SLOT_CHIP_AND_OWNER);
}

static Secret *
unwrap_dek(const uint8_t *file, const struct sealed_header *h, const struct seal_slot *slot,
           const Secret *key, const Secret *owner, GError **error)
{
    g_autoptr(Secret) kek = kek_derive(h, slot, key, owner, error);
    Secret *dek;

    if (kek == NULL)
        return NULL;
    dek = crypto_gcm_open(kek, zero_nonce, file, SEALED_HEADER_FIXED, slot->wrapped,
                          sizeof(slot->wrapped), error);
    if (dek == NULL)
        g_prefix_error(error, "the %s slot does not open: sealed by another image, chip or "
                              "secret, or damaged: ", seal_slot_name(slot->type));
    return dek;
}

Secret *
envelope_open(const void *file, size_t len, const struct seal_keys *keys,
              struct sealed_header *ret_header, GError **error)
{
    const uint8_t *bytes = file;
    struct cursor in = cursor_from(file, len);
    struct sealed_header h;
    const struct seal_slot *slot;
    const Secret *key, *owner;
    g_autoptr(Secret) dek = NULL;
    Secret *body;

    if (len > SEALED_FILE_MAX) {
        error_malformed(error, "%zu bytes are more than a sealed state may have", len);
        return NULL;
    }
    if (!sealed_header_parse(&in, &h, error))
        return NULL;
    slot = choose_slot(&h, keys, &key, &owner, error);
    if (slot == NULL)
        return NULL;
    dek = unwrap_dek(bytes, &h, slot, key, owner, error);
    if (dek == NULL)
        return NULL;
    body = crypto_gcm_open(dek, zero_nonce, bytes, h.size, bytes + h.size, len - h.size, error);
    if (body == NULL) {
        g_prefix_error(error, "the body does not open, the file is damaged or was changed: ");
        return NULL;
    }
    *ret_header = h;

    return body;
}

static gboolean
write_slot(enum seal_slot_type type, const struct sealed_header *h, const Secret *key,
           const Secret *owner, const Secret *dek, struct builder *out, GError **error)
{
    struct seal_slot slot = { .type = (guint8)type };
    g_autoptr(Secret) kek = NULL;

    if (!crypto_random(slot.random, sizeof(slot.random), error))
        return FALSE;
    kek = kek_derive(h, &slot, key, owner, error);
    if (kek == NULL)
        return FALSE;
    if (!crypto_gcm_seal(kek, zero_nonce, out->start, SEALED_HEADER_FIXED, secret_peek(dek),
                         secret_len(dek), slot.wrapped, error))
        return FALSE;
    sealed_slot_write(&slot, out);

    return TRUE;
}

static gboolean
write_slots(const struct sealed_header *h, const struct seal_keys *keys, const Secret *dek,
            struct builder *out, GError **error)
{
    if (keys->owner == NULL &&
        !write_slot(SEAL_SLOT_CHIP, h, keys->chip, NULL, dek, out, error))
        return FALSE;
    if (keys->recovery != NULL &&
        !write_slot(SEAL_SLOT_RECOVERY, h, keys->recovery, NULL, dek, out, error))
        return FALSE;
    return keys->owner == NULL || write_slot(SEAL_SLOT_CHIP_AND_OWNER, h, keys->chip, keys->owner,
                                             dek, out, error);
}

GBytes *
envelope_write(const struct sealed_header *header, const struct seal_keys *keys,
               const Secret *body, GError **error)
{
    struct sealed_header h = *header;
    g_autoptr(Secret) dek = crypto_random_secret(AES256_KEY_SIZE, error);
    g_autofree uint8_t *file = NULL;
    struct builder out;
    size_t size;

    if (dek == NULL)
        return NULL;
    h.slot_count = keys->recovery != NULL ? 2 : 1;
    h.size = (guint16)(SEALED_HEADER_FIXED + h.slot_count * SEALED_SLOT_SIZE);
    size = h.size + secret_len(body) + GCM_TAG_SIZE;
    if (size > SEALED_FILE_MAX) {
        error_system(error, "a state of %zu bytes is more than a sealed file may have", size);
        return NULL;
    }
    file = g_malloc(size);
    out = builder_on(file, size);
    sealed_header_write_fixed(&h, &out);
    if (!write_slots(&h, keys, dek, &out, error))
        return NULL;
    g_assert(!out.failed && builder_len(&out) == h.size);
    if (!crypto_gcm_seal(dek, zero_nonce, file, h.size, secret_peek(body), secret_len(body),
                         file + h.size, error))
        return NULL;

    return g_bytes_new_take(g_steal_pointer(&file), size);
}

gboolean
envelope_chain(const void *file, size_t len, guint8 ret[static 32], GError **error)
{
    struct cursor in = cursor_from(file, len);
    struct sealed_header h;

    if (!sealed_header_parse(&in, &h, error))
        return FALSE;
    return crypto_sha256((const struct crypto_piece[]){ { h.previous, sizeof(h.previous) },
                                                        { file, len } }, 2, ret, error);
}
