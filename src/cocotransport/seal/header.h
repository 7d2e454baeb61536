/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * header - the clear part of a sealed file (cocotpm-state(5)): how its key is
 * asked for, whose state it is, where it stands in history. Nothing of it is
 * to be believed before the body opened, since it is that body's AAD.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define SEALED_MAGIC "CoCoSeal"
#define SEALED_VERSION 1
#define SEALED_SLOTS_MAX 2               /* chip (or chip and owner), recovery */
#define SEALED_HEADER_FIXED 135          /* up to the first slot: what a slot's AAD covers */
#define SEALED_SLOT_SIZE 67
#define SEAL_DERIVATION_SIZE 25
#define SEALED_FILE_MAX (4u * 1024 * 1024)

enum seal_source {
    SEAL_SOURCE_SNP = 1,                 /* MSG_KEY_REQ */
    SEAL_SOURCE_SEV = 2,                 /* the launch secret of plain SEV */
};

enum seal_bind {
    SEAL_BIND_MEASUREMENT,               /* exactly this image */
    SEAL_BIND_SIGNER,                    /* any image the same author signed, SVN not lower */
};

enum seal_slot_type {
    SEAL_SLOT_CHIP = 1,
    SEAL_SLOT_RECOVERY = 2,
    SEAL_SLOT_CHIP_AND_OWNER = 3,        /* the owner secret is needed as well */
};

/* How the key is asked for: SEV-SNP ABI, MSG_KEY_REQ. */
struct seal_derivation {
    guint8  source;                      /* enum seal_source */
    guint8  root;
    guint8  key_sel;
    guint8  vmpl;
    guint8  vmpck;
    guint64 fields;                      /* GUEST_FIELD_SELECT */
    guint32 svn;
    guint64 tcb;
};

struct seal_slot {
    guint8 type;
    guint8 random[16];
    guint8 wrapped[32 + 16];             /* the DEK and its tag */
};

struct sealed_header {
    guint16 size;                        /* of the header, slots and all */
    struct seal_derivation key;
    guint8  uuid[16];
    guint8  policy_digest[32];
    guint64 epoch;
    guint64 generation;
    guint8  previous[32];                /* chain hash of the generation before; zero in the first */
    guint16 slot_count;
    struct seal_slot slots[SEALED_SLOTS_MAX];
};

/* Structure only; @in is left at the body. */
gboolean sealed_header_parse(struct cursor *in, struct sealed_header *ret, GError **error);
/* The part before the slots; @h->size and slot_count have to be right. */
void sealed_header_write_fixed(const struct sealed_header *h, struct builder *out);
void sealed_slot_write(const struct seal_slot *slot, struct builder *out);
void seal_derivation_write(const struct seal_derivation *key, struct builder *out);

const struct seal_slot *sealed_header_slot(const struct sealed_header *h, enum seal_slot_type type);
const char *seal_slot_name(guint8 type);
const char *seal_source_name(guint8 source);
