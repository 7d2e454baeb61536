/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_image - opens a file: header, limits, key, body, policy; in this
 * order, since none is to be believed before the one ahead of it was judged.
 */
#include "config.h"

#include "swtpm/store/sealed_state.h"

#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/seal/derive.h"

#include <string.h>

void
image_clear(struct sealed_image *image)
{
    body_clear(&image->body);
}

void
prefix_file(SealedStore *s, const char *name, GError **error)
{
    g_prefix_error(error, "%s/%s: ", s->disk.path, name);
}

void
image_receipt(const struct sealed_image *image, struct receipt *ret)
{
    struct receipt r = { .epoch = image->header.epoch, .generation = image->header.generation };

    memcpy(r.uuid, image->header.uuid, sizeof(r.uuid));
    memcpy(r.lineage, attach_log_last(image->body.log)->lineage, sizeof(r.lineage));
    memcpy(r.chain, image->chain, sizeof(r.chain));
    *ret = r;
}

static gboolean
derivation_equal(const struct seal_derivation *a, const struct seal_derivation *b)
{
    return a->source == b->source && a->root == b->root && a->key_sel == b->key_sel &&
           a->vmpl == b->vmpl && a->vmpck == b->vmpck && a->fields == b->fields &&
           a->svn == b->svn && a->tcb == b->tcb;
}

gboolean
chip_key(SealedStore *s, const struct seal_derivation *key, GError **error)
{
    g_autoptr(Secret) derived = NULL;

    if (s->chip != NULL && derivation_equal(&s->derivation, key))
        return TRUE;
    derived = seal_derive(s->config.provider, key, error);
    if (derived == NULL)
        return FALSE;
    secret_free(s->chip);
    s->chip = g_steal_pointer(&derived);
    s->derivation = *key;

    return TRUE;
}

static gboolean
keys_for(SealedStore *s, const struct sealed_header *h, struct seal_keys *ret, GError **error)
{
    if (s->recovery != NULL) {
        *ret = (struct seal_keys){ .recovery = s->recovery };
        return TRUE;
    }
    if (!seal_clamp(&h->key, &s->config.platform, error) || !chip_key(s, &h->key, error))
        return FALSE;
    *ret = (struct seal_keys){ .chip = s->chip, .owner = s->owner };

    return TRUE;
}

/* What header and body say of each other; both are authentic here, so a mismatch is a forgery
 * by someone who had the key, or a fault of ours. */
static gboolean
image_agrees(const struct sealed_image *image, GError **error)
{
    const struct attach_entry *last = attach_log_last(image->body.log);
    const gboolean recovery_slot = sealed_header_slot(&image->header, SEAL_SLOT_RECOVERY) != NULL;
    guint8 digest[SHA256_SIZE];
    gsize len;
    const void *policy = g_bytes_get_data(image->body.policy, &len);

    if (!crypto_sha256(&(const struct crypto_piece){ policy, len }, 1, digest, error))
        return FALSE;
    if (memcmp(digest, image->header.policy_digest, sizeof(digest)) != 0)
        return error_denied(error, "the header names another policy than the body has");
    if (last->epoch != image->header.epoch || last->generation > image->header.generation)
        return error_denied(error, "header and attach log are not of one state");
    if (recovery_slot != (image->body.recovery != NULL))
        return error_denied(error, "recovery slot and recovery secret are not of one state");
    if (image->body.tpm == NULL)
        return error_denied(error, "there is no TPM in it");
    return TRUE;
}

static gboolean
image_open(SealedStore *s, GBytes *file, struct sealed_image *ret, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(file, &len);
    struct cursor in = cursor_from(data, len);
    g_auto(sealed_image_t) image = { 0 };
    g_autoptr(Secret) plain = NULL;
    struct seal_keys keys;

    if (!sealed_header_parse(&in, &image.header, error))
        return FALSE;
    if (s->config.uuid_given &&
        memcmp(image.header.uuid, s->config.uuid, sizeof(s->config.uuid)) != 0)
        return error_denied(error, "is the state of another instance");
    if (!keys_for(s, &image.header, &keys, error))
        return FALSE;
    plain = envelope_open(data, len, &keys, &image.header, error);
    if (plain == NULL || !body_parse(plain, &image.body, error) ||
        !image_agrees(&image, error) || !envelope_chain(data, len, image.chain, error))
        return FALSE;
    image.owner_slot = sealed_header_slot(&image.header, SEAL_SLOT_CHIP_AND_OWNER) != NULL;
    *ret = image;
    image.body = (struct sealed_body){ 0 };

    return TRUE;
}

gboolean
image_read(SealedStore *s, const char *name, GBytes *file, struct sealed_image *ret,
           GError **error)
{
    if (image_open(s, file, ret, error))
        return TRUE;
    prefix_file(s, name, error);

    return FALSE;
}

gboolean
judge_image(SealedStore *s, const struct sealed_image *image, struct sealed_terms *ret,
            GError **error)
{
    const struct sealed_body *body = &image->body;
    const struct sealed_facts facts = {
        .uuid = image->header.uuid,
        .policy = body->policy,
        .chain = body->chain,
        .psk = body->psk,
        .recoverable = body->recovery != NULL,
        .witness_key = body->witness_key,
        .witness_certificate = body->witness_certificate,
    };
    struct sealed_terms terms = { 0 };

    if (!s->config.judge(&facts, &terms, s->config.data, error))
        return FALSE;
    *ret = terms;

    return TRUE;
}
