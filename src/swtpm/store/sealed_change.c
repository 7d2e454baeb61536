/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_change - another policy, or another owner secret, for a TPM that is
 * there: by its owner's signature over a text that names where the state
 * stands, so that no signature is good twice.
 */
#include "config.h"

#include "swtpm/store/sealed_state.h"

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/keys/pubkey.h"

#include <string.h>

/* One line a fact: an owner sees what is signed. */
static char *
text_to_sign(SealedStore *s, const struct provision *p, GError **error)
{
    const struct sealed_header *h = &s->now.header;
    g_autofree char *uuid = hex_encode(h->uuid, sizeof(h->uuid));
    g_autofree char *from = hex_encode(h->policy_digest, sizeof(h->policy_digest));
    g_autofree char *to = NULL;
    guint8 digest[SHA256_SIZE];
    gsize len;
    const void *policy = g_bytes_get_data(p->policy, &len);

    if (!crypto_sha256(&(const struct crypto_piece){ policy, len }, 1, digest, error))
        return NULL;
    to = hex_encode(digest, sizeof(digest));
    return g_strdup_printf("CoCoTPM policy change v1\n"
                           "uuid %.8s-%.4s-%.4s-%.4s-%s\n"
                           "epoch %" G_GUINT64_FORMAT "\n"
                           "from %s\n"
                           "to %s\n"
                           "owner-secret %s\n",
                           uuid, uuid + 8, uuid + 12, uuid + 16, uuid + 20, h->epoch, from, to,
                           p->new_owner != NULL ? "new" : "kept");
}

static gboolean
check_signature(SealedStore *s, const struct provision *p, const char *text, GError **error)
{
    guint8 id[SHA256_SIZE];

    if (!s->terms.owner_key_given)
        return error_denied(error, "the sealed policy names no recovery-key: nobody can change it");
    if (p->owner_key == NULL)
        return error_malformed(error, "the owner's public key is missing");
    if (!pubkey_id(p->owner_key, id, error))
        return FALSE;
    if (memcmp(id, s->terms.owner_key, sizeof(id)) != 0)
        return error_denied(error, "the key given is not the owner's of the sealed policy");
    if (pubkey_verify(p->owner_key, text, p->signature, error))
        return TRUE;
    g_prefix_error(error, "the owner's order to change this policy at epoch %" G_GUINT64_FORMAT
                   ": ", s->now.header.epoch);

    return FALSE;
}

/*
 * The witness that the new policy names has to hold this state already: it may
 * have other addresses, but is none to be added, dropped or begun anew.
 */
static gboolean
check_witness(SealedStore *s, Witness *new, GError **error)
{
    struct receipt now, held;

    if ((new != NULL) != (s->terms.witness != NULL))
        return error_denied(error, "a witness can neither be added nor dropped");
    if (new == NULL)
        return TRUE;
    image_receipt(&s->now, &now);
    if (new->ops->read(new, now.uuid, &held, error) == WITNESS_HOLDS)
        return receipt_equal(&now, &held) ||
               error_denied(error, "the witness it names holds another state");
    if (error != NULL && *error == NULL)
        error_denied(error, "the witness it names knows nothing of this instance");
    return FALSE;
}

/* The new policy is judged as it will be at the next start; what is written goes to both. */
static gboolean
judge_policy(SealedStore *s, const struct provision *p, GError **error)
{
    struct sealed_image as_if = s->now;
    struct sealed_terms terms = { 0 };
    gboolean good;

    as_if.body.policy = p->policy;
    as_if.body.chain = p->chain;
    if (!judge_image(s, &as_if, &terms, error))
        return FALSE;
    good = check_witness(s, terms.witness, error);
    witness_free(terms.witness);
    if (!good)
        return FALSE;
    terms.witness = s->terms.witness;
    s->terms = terms;
    if (p->new_owner != NULL || !terms.owner_secret) {
        secret_free(s->owner);
        s->owner = secret_dup(p->new_owner);
    }
    return terms_can_be_met(s, error);
}

static gboolean
change(SealedStore *s, const struct provision *p, GError **error)
{
    g_autoptr(GArray) log = attach_log_copy(s->now.body.log);
    const struct sealed_change change = {
        .log = log,
        .policy = p->policy,
        .chain = p->chain,
        .epoch = s->now.header.epoch + 1,
    };

    attach_log_trim(log);
    return new_epoch(s, log, ATTACH_POLICY, change.epoch, error) &&
           sealed_commit(s, &change, FALSE, error);
}

gboolean
sealed_change_policy(const struct sealed_config *config, const struct provision *p,
                     char **ret_text, GError **error)
{
    g_autoptr(SealedStore) s = sealed_open(config, error);
    g_autofree char *text = s != NULL ? text_to_sign(s, p, error) : NULL;

    if (text == NULL)
        return FALSE;
    if (p->signature != NULL && !check_signature(s, p, text, error))
        return FALSE;
    if (!judge_policy(s, p, error)) {
        g_prefix_error(error, "the policy given: ");
        return FALSE;
    }
    if (p->signature != NULL)
        return change(s, p, error);
    *ret_text = g_steal_pointer(&text);

    return TRUE;
}
