/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_state - inside the sealed store: what its parts share. Nobody else
 * includes this.
 */
#pragma once

#include "cocotransport/seal/body.h"
#include "cocotransport/seal/envelope.h"
#include "swtpm/store/sealed.h"
#include "swtpm/store/sealed_disk.h"

/* An opened file. */
typedef struct sealed_image sealed_image_t;

struct sealed_image {
    struct sealed_header header;
    struct sealed_body body;
    guint8 chain[32];
    gboolean owner_slot;                 /* its chip slot wants the owner secret */
};

void image_clear(struct sealed_image *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sealed_image_t, image_clear)

struct SealedStore {
    Store store;
    struct sealed_config config;         /* borrowed pointers: @owner below is ours instead */
    struct sealed_disk disk;
    struct sealed_terms terms;
    Secret *owner;
    struct seal_derivation derivation;   /* what @chip was asked for with */
    Secret *chip;                        /* NULL: not asked yet */
    Secret *plain, *spare;               /* memory of the body, of a TPM's state; wiped */
    const Secret *recovery;              /* opens by the recovery slot; sealed_recover() only */
    gint ending;                         /* atomic: nobody waits any more */
    gboolean making;                     /* provisioning: nothing is on the disk yet */

    GMutex lock;                         /* for the rest; the TPM thread alone changes it */
    struct sealed_image now;
    struct sealed_status status;
};

SealedStore *store_new(const struct sealed_config *config, const Secret *recovery);

/* sealed_image.c: from bytes to an image; asks the platform for the key where it has to. */
gboolean image_read(SealedStore *s, const char *name, GBytes *file, struct sealed_image *ret,
                    GError **error);
/* A word about a file in front of an error. */
void prefix_file(SealedStore *s, const char *name, GError **error);
/* The platform's key for @key; kept until another one is asked for. */
gboolean chip_key(SealedStore *s, const struct seal_derivation *key, GError **error);
gboolean judge_image(SealedStore *s, const struct sealed_image *image, struct sealed_terms *ret,
                     GError **error);
void image_receipt(const struct sealed_image *image, struct receipt *ret);

/* sealed_commit.c: what changes; NULL and 0 mean as it is now. */
struct sealed_change {
    Secret *tpm;                         /* taken over on success; the rest is not */
    AttachLog *log;
    GBytes *policy;
    GBytes *chain;
    guint64 epoch;
};

/*
 * Seals what @change makes of the state as generation n+1 and carries it out.
 * @wait: until it is done, whatever comes (rule 3). Without, the first failure
 * is returned, and the next start decides.
 */
gboolean sealed_commit(SealedStore *s, const struct sealed_change *change, gboolean wait,
                       GError **error);

/* sealed_move.c: whether this VM and its secrets can meet s->terms. */
gboolean terms_can_be_met(SealedStore *s, GError **error);
/* Appends to @log what begins @epoch. */
gboolean new_epoch(SealedStore *s, AttachLog *log, enum attach_kind kind, guint64 epoch,
                   GError **error);

/* sealed_start.c: the table of rule 2. */
gboolean sealed_load(SealedStore *s, GError **error);
