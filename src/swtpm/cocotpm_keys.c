/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_keys - which identities are known. The key is derived from whatever
 * identity was named before that is asked, and every comparison is made, so
 * that an unknown name costs what a known one does.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include <string.h>

/* One identity a row: the key it stands for, and what its context has to be. */
struct candidate {
    const Secret *epsk;
    guint8 context[SHA256_SIZE];
    gboolean usable;
};

#define CANDIDATES_MAX 12

static guint
cocovm_candidates(const Cocotpm *c, struct candidate *ret, guint max)
{
    guint n = 0;

    for (guint i = 0; i < c->cocovm_references->len && n < max; i++) {
        const guint8 *reference = g_bytes_get_data(c->cocovm_references->pdata[i], NULL);

        ret[n].epsk = c->epsk;
        ret[n].usable = schedule_context(ROLE_COCOVM, c->uuid, c->own_reference, reference,
                                         ret[n].context, NULL);
        n++;
    }
    return n;
}

/* Both sides of the operator's context are zero: it shows no evidence. */
static guint
operator_candidates(const Cocotpm *c, struct candidate *ret)
{
    const guint8 nothing[REFERENCE_SIZE] = { 0 };

    ret->epsk = c->operator_psk;
    ret->usable = c->operator_psk != NULL &&
                  schedule_context(ROLE_OPERATOR, c->uuid, nothing, nothing, ret->context, NULL);
    return 1;
}

static guint
resume_candidates(const Cocotpm *c, guint64 number, struct candidate *ret)
{
    for (guint i = 0; i < 2; i++) {
        ret[i].epsk = c->life.keys[i].key;
        ret[i].usable = c->life.on && ret[i].epsk != NULL && c->life.keys[i].number == number;
        memcpy(ret[i].context, c->life.context, SHA256_SIZE);
    }
    return 2;
}

Secret *
cocotpm_find_key(gpointer cocotpm, const guint8 *identity, gsize len, gboolean *ret_known)
{
    const Cocotpm *c = cocotpm;
    struct candidate candidates[CANDIDATES_MAX] = { 0 };
    struct psk_identity id = { 0 };
    const gboolean ours = psk_identity_parse(identity, len, &id, NULL);
    const Secret *epsk = c->epsk;
    guint count;

    if (id.role == ROLE_OPERATOR)
        count = operator_candidates(c, candidates);
    else if (id.role == ROLE_RESUME)
        count = resume_candidates(c, id.number, candidates);
    else
        count = cocovm_candidates(c, candidates, CANDIDATES_MAX);
    *ret_known = FALSE;
    for (guint i = 0; i < count; i++) {
        const gboolean same_context =
            crypto_equal(candidates[i].context, id.context, SHA256_SIZE);
        const gboolean same_uuid = crypto_equal(c->uuid, id.uuid, sizeof(c->uuid));

        if (ours && same_context && same_uuid && candidates[i].usable
            && candidates[i].epsk != NULL) {
            *ret_known = TRUE;
            epsk = candidates[i].epsk;
        }
    }
    return schedule_psk(epsk, identity, len, NULL);
}
