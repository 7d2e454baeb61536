/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * header - sizes are fixed, so a header is 135 bytes and 67 more a slot; slots
 * stand in ascending order of type, at most one that needs this chip.
 */
#include "cocotransport/seal/header.h"

#include "base/error.h"

#include <string.h>

#define MAGIC_SIZE 8
#define SLOT_BODY_SIZE (SEALED_SLOT_SIZE - 3)

static void
derivation_read(struct cursor *in, struct seal_derivation *key)
{
    key->source  = cursor_u8(in);
    key->root    = cursor_u8(in);
    key->key_sel = cursor_u8(in);
    key->vmpl    = cursor_u8(in);
    key->vmpck   = cursor_u8(in);
    key->fields  = cursor_be64(in);
    key->svn     = cursor_be32(in);
    key->tcb     = cursor_be64(in);
}

void
seal_derivation_write(const struct seal_derivation *key, struct builder *out)
{
    builder_u8(out, key->source);
    builder_u8(out, key->root);
    builder_u8(out, key->key_sel);
    builder_u8(out, key->vmpl);
    builder_u8(out, key->vmpck);
    builder_be64(out, key->fields);
    builder_be32(out, key->svn);
    builder_be64(out, key->tcb);
}

/* One of the two chip slots comes once, before or after the recovery slot by its number. */
static gboolean
slots_make_sense(const struct sealed_header *h)
{
    guint chip = 0;

    for (guint i = 0; i < h->slot_count; i++) {
        const guint8 type = h->slots[i].type;

        if (type < SEAL_SLOT_CHIP || type > SEAL_SLOT_CHIP_AND_OWNER)
            return FALSE;
        if (i > 0 && type <= h->slots[i - 1].type)
            return FALSE;
        chip += type != SEAL_SLOT_RECOVERY;
    }
    return chip == 1;
}

static gboolean
slots_read(struct cursor *in, struct sealed_header *h, GError **error)
{
    if (h->slot_count == 0 || h->slot_count > SEALED_SLOTS_MAX)
        return error_malformed(error, "the header gives %u key slots", h->slot_count);
    if (h->size != SEALED_HEADER_FIXED + h->slot_count * SEALED_SLOT_SIZE)
        return error_malformed(error, "the header gives a size of %u bytes with %u key slots",
                               h->size, h->slot_count);
    for (guint i = 0; i < h->slot_count; i++) {
        h->slots[i].type = cursor_u8(in);
        if (cursor_be16(in) != SLOT_BODY_SIZE)
            return error_malformed(error, "key slot %u has a wrong length", i);
        cursor_copy(in, h->slots[i].random, sizeof(h->slots[i].random));
        cursor_copy(in, h->slots[i].wrapped, sizeof(h->slots[i].wrapped));
    }
    if (in->failed)
        return error_malformed(error, "the file ends inside its header");
    if (!slots_make_sense(h))
        return error_malformed(error, "the header's key slots are not one for the chip and at "
                                      "most one for recovery");
    return TRUE;
}

gboolean
sealed_header_parse(struct cursor *in, struct sealed_header *ret, GError **error)
{
    struct sealed_header h = { 0 };
    const uint8_t *magic = cursor_bytes(in, MAGIC_SIZE);
    const guint16 version = cursor_be16(in);

    if (magic == NULL || memcmp(magic, SEALED_MAGIC, MAGIC_SIZE) != 0)
        return error_malformed(error, "this is no sealed state of a CoCoTPM");
    if (!in->failed && version != SEALED_VERSION)
        return error_malformed(error, "version %u of the format is unknown here", version);
    h.size = cursor_be16(in);
    derivation_read(in, &h.key);
    cursor_copy(in, h.uuid, sizeof(h.uuid));
    cursor_copy(in, h.policy_digest, sizeof(h.policy_digest));
    h.epoch = cursor_be64(in);
    h.generation = cursor_be64(in);
    cursor_copy(in, h.previous, sizeof(h.previous));
    h.slot_count = cursor_be16(in);
    if (in->failed)
        return error_malformed(error, "the file ends inside its header");
    if (!slots_read(in, &h, error))
        return FALSE;
    *ret = h;

    return TRUE;
}

void
sealed_header_write_fixed(const struct sealed_header *h, struct builder *out)
{
    builder_bytes(out, SEALED_MAGIC, MAGIC_SIZE);
    builder_be16(out, SEALED_VERSION);
    builder_be16(out, h->size);
    seal_derivation_write(&h->key, out);
    builder_bytes(out, h->uuid, sizeof(h->uuid));
    builder_bytes(out, h->policy_digest, sizeof(h->policy_digest));
    builder_be64(out, h->epoch);
    builder_be64(out, h->generation);
    builder_bytes(out, h->previous, sizeof(h->previous));
    builder_be16(out, h->slot_count);
}

void
sealed_slot_write(const struct seal_slot *slot, struct builder *out)
{
    builder_u8(out, slot->type);
    builder_be16(out, SLOT_BODY_SIZE);
    builder_bytes(out, slot->random, sizeof(slot->random));
    builder_bytes(out, slot->wrapped, sizeof(slot->wrapped));
}

const struct seal_slot *
sealed_header_slot(const struct sealed_header *h, enum seal_slot_type type)
{
    for (guint i = 0; i < h->slot_count; i++)
        if (h->slots[i].type == type)
            return &h->slots[i];
    return NULL;
}

const char *
seal_slot_name(guint8 type)
{
    static const char *const names[] = { "unknown", "chip", "recovery", "chip and owner secret" };

    return names[type < G_N_ELEMENTS(names) ? type : 0];
}

const char *
seal_source_name(guint8 source)
{
    static const char *const names[] = { "unknown", "SEV-SNP derived key", "SEV launch secret" };

    return names[source < G_N_ELEMENTS(names) ? source : 0];
}
