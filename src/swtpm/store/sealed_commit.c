/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_commit - one change of the state, durable and witnessed. The order of
 * rule 2, and the waiting of rule 3: the same sealed bytes again and again,
 * since the witness may hold them already.
 */
#include "config.h"

#include "swtpm/store/sealed_state.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"

#include <string.h>

#define FIRST_PAUSE_US (20 * 1000)
#define LONGEST_PAUSE_US (500 * 1000)
#define WORDS_EVERY_S 60

/* Generation n+1 on its way; the image's body is borrowed. */
struct pending {
    GBytes *file;
    struct sealed_image image;
    struct receipt before, after;
    gboolean written;                    /* .next is on the disk */
    gboolean witnessed;                  /* the witness holds @after */
};

enum step {
    STEP_DONE,
    STEP_AGAIN,
    STEP_FATAL,
};

static void
change_body(const struct sealed_body *now, const struct sealed_change *change,
            struct sealed_body *ret)
{
    *ret = *now;
    if (change->tpm != NULL)
        ret->tpm = change->tpm;
    if (change->log != NULL)
        ret->log = change->log;
    if (change->policy != NULL) {
        ret->policy = change->policy;
        ret->chain = change->chain;
    }
}

static gboolean
change_header(SealedStore *s, const struct sealed_change *change, const struct sealed_body *body,
              struct sealed_header *ret, GError **error)
{
    struct sealed_header h = s->now.header;
    gsize len;
    const void *policy = g_bytes_get_data(body->policy, &len);

    if (!seal_derivation_now(&s->config.platform, s->terms.bind, &h.key, error) ||
        !chip_key(s, &h.key, error) ||
        !crypto_sha256(&(const struct crypto_piece){ policy, len }, 1, h.policy_digest, error))
        return FALSE;
    h.generation++;
    if (change->epoch != 0)
        h.epoch = change->epoch;
    memcpy(h.previous, s->now.chain, sizeof(h.previous));
    *ret = h;

    return TRUE;
}

static gboolean
pending_seal(SealedStore *s, const struct sealed_change *change, struct pending *p,
             GError **error)
{
    struct sealed_body *body = &p->image.body;
    struct seal_keys keys;

    change_body(&s->now.body, change, body);
    if (!change_header(s, change, body, &p->image.header, error))
        return FALSE;
    s->plain = body_write(body, g_steal_pointer(&s->plain), error);
    if (s->plain == NULL)
        return FALSE;
    keys = (struct seal_keys){
        .chip = s->chip,
        .owner = s->terms.owner_secret ? s->owner : NULL,
        .recovery = body->recovery,
    };
    p->file = envelope_write(&p->image.header, &keys, s->plain, error);
    secret_wipe(s->plain);
    if (p->file == NULL || !envelope_chain(g_bytes_get_data(p->file, NULL),
                                           g_bytes_get_size(p->file), p->image.chain, error))
        return FALSE;
    if (!s->making)
        image_receipt(&s->now, &p->before);
    image_receipt(&p->image, &p->after);

    return TRUE;
}

/*
 * The name of .next has to be on the disk before the witness may hold what is
 * in it. Once it may, the file is made anew only where it is gone.
 */
static enum step
step_witness(SealedStore *s, struct pending *p, GError **error)
{
    Witness *w = s->terms.witness;

    if (!disk_has_next(&s->disk)) {
        p->written = FALSE;
        error_system(error, "%s/%s has vanished", s->disk.path, SEALED_NEXT);
        return STEP_AGAIN;
    }
    if (!disk_sync(&s->disk, error))
        return STEP_AGAIN;
    switch (w->ops->swap(w, s->making ? NULL : &p->before, &p->after, error)) {
    case WITNESS_HOLDS:
        p->witnessed = TRUE;
        return STEP_DONE;
    case WITNESS_AWAY:
        g_prefix_error(error, "the witness is away: ");
        return STEP_AGAIN;
    default:
        error_denied(error, "the witness holds another state of this instance: another TPM VM "
                            "goes on with it, or its record was lost");
        return STEP_FATAL;
    }
}

static enum step
step_rename(SealedStore *s, struct pending *p, GError **error)
{
    if (!disk_rename(&s->disk, !s->making, error)) {
        if (!disk_has_next(&s->disk))
            p->written = FALSE;
        return STEP_AGAIN;
    }
    return disk_sync(&s->disk, error) ? STEP_DONE : STEP_FATAL;
}

static enum step
step_all(SealedStore *s, struct pending *p, GError **error)
{
    enum step step;

    if (!p->written && !disk_write_next(&s->disk, p->file, error))
        return STEP_AGAIN;
    p->written = TRUE;
    if (s->terms.witness != NULL && !p->witnessed) {
        step = step_witness(s, p, error);
        if (step != STEP_DONE)
            return step;
    }
    return step_rename(s, p, error);
}

static void
say_waiting(SealedStore *s, const char *why, gint64 since, gint64 *next_words)
{
    const gint64 now = g_get_monotonic_time();
    const guint seconds = (guint)((now - since) / G_USEC_PER_SEC);

    g_mutex_lock(&s->lock);
    s->status.waiting = why != NULL;
    s->status.seconds = seconds;
    g_strlcpy(s->status.why, why != NULL ? why : "", sizeof(s->status.why));
    g_mutex_unlock(&s->lock);
    if (s->config.waiting != NULL && (why == NULL || now >= *next_words)) {
        s->config.waiting(why, seconds, s->config.data);
        *next_words = now + WORDS_EVERY_S * G_USEC_PER_SEC;
    }
}

/* Nobody may go on in a process that does not know what the next start will find. */
static G_NORETURN void
end_process(SealedStore *s, const GError *why)
{
    s->config.fatal(why, s->config.data);
    g_error("%s", why->message);
}

/* Whether the state in @d is the one that this change is made on top of. */
static gboolean
holds_now(SealedStore *s, const struct sealed_disk *d, GError **error)
{
    g_autoptr(GBytes) file = NULL;
    guint8 chain[SHA256_SIZE];

    switch (disk_read(d, SEALED_FILE, &file, error)) {
    case DISK_READ:
        if (!envelope_chain(g_bytes_get_data(file, NULL), g_bytes_get_size(file), chain, error))
            return FALSE;
        return memcmp(chain, s->now.chain, sizeof(chain)) == 0 ||
               error_denied(error, "%s/%s is not the state that was stored last", d->path,
                            SEALED_FILE);
    case DISK_ABSENT:
        return error_system(error, "%s/%s is not there", d->path, SEALED_FILE);
    default:
        return FALSE;
    }
}

/* A folder that was removed may be put back, or mounted anew: with what was in it, nothing else. */
static void
look_for_folder(SealedStore *s, struct pending *p, GError **why)
{
    g_autoptr(GError) not_found = NULL;
    struct sealed_disk found;

    if (!disk_gone(&s->disk))
        return;
    if (disk_open(s->disk.path, s->disk.mode, &found, &not_found) &&
        holds_now(s, &found, &not_found)) {
        disk_close(&s->disk);
        s->disk = found;
        p->written = FALSE;
        return;
    }
    disk_close(&found);
    g_clear_error(why);
    g_propagate_prefixed_error(why, g_steal_pointer(&not_found),
                               "the folder of the state is gone: ");
}

static void
carry_out(SealedStore *s, struct pending *p)
{
    const gint64 since = g_get_monotonic_time();
    gulong pause = FIRST_PAUSE_US;
    gboolean waited = FALSE;
    gint64 next_words = 0;

    for (;;) {
        g_autoptr(GError) why = NULL;
        const enum step step = step_all(s, p, &why);

        if (step == STEP_DONE)
            break;
        if (step == STEP_FATAL || g_atomic_int_get(&s->ending))
            end_process(s, why);
        look_for_folder(s, p, &why);
        waited = TRUE;
        say_waiting(s, why->message, since, &next_words);
        g_usleep(pause);
        pause = MIN(pause * 2, LONGEST_PAUSE_US);
    }
    if (waited)
        say_waiting(s, NULL, since, &next_words);
}

/* The old body goes, but for what both have; its memory will be needed for the next one. */
static void
take_over(SealedStore *s, const struct sealed_change *change, struct pending *p)
{
    struct sealed_body *now = &s->now.body;

    g_mutex_lock(&s->lock);
    if (change->tpm != NULL) {
        secret_free(s->spare);
        s->spare = now->tpm;
        if (s->spare != NULL)
            secret_wipe(s->spare);
        now->tpm = change->tpm;
    }
    if (change->log != NULL) {
        g_array_unref(now->log);
        now->log = g_array_ref(change->log);
    }
    if (change->policy != NULL) {
        g_bytes_unref(now->policy);
        now->policy = g_bytes_ref(change->policy);
        g_clear_pointer(&now->chain, g_bytes_unref);
        now->chain = change->chain != NULL ? g_bytes_ref(change->chain) : NULL;
    }
    s->now.header = p->image.header;
    memcpy(s->now.chain, p->image.chain, sizeof(s->now.chain));
    g_mutex_unlock(&s->lock);
}

gboolean
sealed_commit(SealedStore *s, const struct sealed_change *change, gboolean wait, GError **error)
{
    struct pending p = { 0 };
    gboolean done = pending_seal(s, change, &p, error);

    if (done && wait)
        carry_out(s, &p);
    else if (done)
        done = step_all(s, &p, error) == STEP_DONE;
    if (done)
        take_over(s, change, &p);
    g_clear_pointer(&p.file, g_bytes_unref);

    return done;
}
