/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_start - which file is the state (sealed-state.md, rule 2):
 *
 *   witness   state        .next                     what is done
 *   none      opens        any                       .next removed unread
 *   w         = w          opens, successor of it    swap, rename, .next
 *   w         = w          any other                 .next removed, state
 *   w         before w     = w                       rename, .next
 *   w         anything else                          refused
 *
 * Damage is never a fall-back: the state has to be there and to open.
 */
#include "config.h"

#include "swtpm/store/sealed_state.h"

#include "base/error.h"

#include <string.h>

static gboolean
load_state(SealedStore *s, struct sealed_image *ret, GError **error)
{
    g_autoptr(GBytes) file = NULL;

    switch (disk_read(&s->disk, SEALED_FILE, &file, error)) {
    case DISK_READ:
        return image_read(s, SEALED_FILE, file, ret, error);
    case DISK_ABSENT:
        return error_denied(error, "%s/%s: there is none, and no TPM is made anew in its place",
                            s->disk.path, SEALED_FILE);
    default:
        return FALSE;
    }
}

/* What the policy says of the file it stands in. */
static gboolean
load_terms(SealedStore *s, const struct sealed_image *image, GError **error)
{
    if (!judge_image(s, image, &s->terms, error))
        return FALSE;
    if (s->recovery != NULL)
        return TRUE;
    if (s->terms.owner_secret != image->owner_slot)
        return error_denied(error, "the policy and the chip slot disagree on the owner secret");
    return seal_clamp_policy(&image->header.key, s->terms.bind, s->terms.tcb_floor,
                             s->terms.svn_floor, error);
}

/* Whether @next was written on top of @image. */
static gboolean
is_successor(const struct sealed_image *image, const struct sealed_image *next)
{
    return memcmp(image->header.uuid, next->header.uuid, sizeof(image->header.uuid)) == 0 &&
           next->header.generation == image->header.generation + 1 &&
           next->header.epoch >= image->header.epoch &&
           memcmp(next->header.previous, image->chain, sizeof(image->chain)) == 0;
}

/* FALSE: there is none, or it does not open; why does not matter to the table. */
static gboolean
load_next(SealedStore *s, struct sealed_image *ret)
{
    g_autoptr(GBytes) file = NULL;

    if (disk_read(&s->disk, SEALED_NEXT, &file, NULL) != DISK_READ)
        return FALSE;
    return image_read(s, SEALED_NEXT, file, ret, NULL);
}

/* A change of policy on its way brings its own terms. */
static gboolean
adopt_next(SealedStore *s, struct sealed_image *image, struct sealed_image *next, GError **error)
{
    gboolean another_policy;

    if (!disk_rename(&s->disk, TRUE, error) || !disk_sync(&s->disk, error))
        return FALSE;
    another_policy = memcmp(image->header.policy_digest, next->header.policy_digest,
                            sizeof(image->header.policy_digest)) != 0;
    image_clear(image);
    *image = *next;
    next->body = (struct sealed_body){ 0 };
    if (!another_policy)
        return TRUE;
    g_clear_pointer(&s->terms.witness, witness_free);
    if (load_terms(s, image, error))
        return TRUE;
    prefix_file(s, SEALED_FILE, error);

    return FALSE;
}

static gboolean
drop_next(SealedStore *s, GError **error)
{
    const gboolean there = disk_has_next(&s->disk);

    if (!disk_remove_next(&s->disk, error))
        return FALSE;
    if (there && s->config.notice != NULL)
        s->config.notice("a " SEALED_NEXT " that was never acknowledged was removed",
                         s->config.data);
    return TRUE;
}

/* The state is what the witness holds: .next may be what was to follow. */
static gboolean
roll_forward(SealedStore *s, struct sealed_image *image, GError **error)
{
    g_auto(sealed_image_t) next = { 0 };
    struct receipt before, after;
    Witness *w = s->terms.witness;

    if (!load_next(s, &next) || !is_successor(image, &next))
        return drop_next(s, error);
    image_receipt(image, &before);
    image_receipt(&next, &after);
    if (!disk_sync(&s->disk, error))
        return FALSE;
    switch (w->ops->swap(w, &before, &after, error)) {
    case WITNESS_HOLDS:
        return adopt_next(s, image, &next, error);
    case WITNESS_AWAY:
        g_prefix_error(error, "the witness is away: ");
        return FALSE;
    default:
        return error_denied(error, "the witness has gone on meanwhile: another TPM VM has this "
                                   "instance");
    }
}

static gboolean
finish_rename(SealedStore *s, struct sealed_image *image, const struct receipt *held,
              GError **error)
{
    g_auto(sealed_image_t) next = { 0 };
    struct receipt after;

    if (load_next(s, &next) && is_successor(image, &next)) {
        image_receipt(&next, &after);
        if (receipt_equal(&after, held))
            return adopt_next(s, image, &next, error);
    }
    return error_denied(error, "%s/%s: is generation %" G_GUINT64_FORMAT " of epoch %"
                        G_GUINT64_FORMAT ", the witness holds generation %" G_GUINT64_FORMAT
                        " of epoch %" G_GUINT64_FORMAT ": an older state or a fork",
                        s->disk.path, SEALED_FILE, image->header.generation, image->header.epoch,
                        held->generation, held->epoch);
}

static gboolean
ask_witness(SealedStore *s, struct sealed_image *image, GError **error)
{
    struct receipt mine, held;
    Witness *w = s->terms.witness;

    image_receipt(image, &mine);
    switch (w->ops->read(w, mine.uuid, &held, error)) {
    case WITNESS_HOLDS:
        if (receipt_equal(&mine, &held))
            return roll_forward(s, image, error);
        return finish_rename(s, image, &held, error);
    case WITNESS_EMPTY:
        return error_denied(error, "the witness knows nothing of this instance");
    default:
        g_prefix_error(error, "the witness is away: ");
        return FALSE;
    }
}

gboolean
sealed_load(SealedStore *s, GError **error)
{
    g_auto(sealed_image_t) image = { 0 };

    if (!load_state(s, &image, error))
        return FALSE;
    if (!load_terms(s, &image, error)) {
        prefix_file(s, SEALED_FILE, error);
        return FALSE;
    }
    if (s->terms.witness != NULL ? !ask_witness(s, &image, error) : !drop_next(s, error))
        return FALSE;
    s->now = image;
    image.body = (struct sealed_body){ 0 };

    return TRUE;
}
