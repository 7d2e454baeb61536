/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reference - what the PSK is bound to (protocol, section 4): a digest of what
 * a side runs, or of who signed it; and those that a policy accepts of a peer.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/verify.h"
#include "cocotransport/keys/crypto.h"

#define REFERENCES_MAX 8

static gboolean
reference_make(enum evidence_kind kind, enum policy_reference how, const struct crypto_piece *value,
               size_t count, guint8 ret[static 32], GError **error)
{
    const guint8 head[2] = { (guint8)kind, (guint8)how };
    struct crypto_piece pieces[4] = { { head, sizeof(head) } };

    g_assert(count < G_N_ELEMENTS(pieces));
    for (size_t i = 0; i < count; i++)
        pieces[i + 1] = value[i];
    return crypto_sha256(pieces, count + 1, ret, error);
}

gboolean
reference_of_report(const struct snp_report *report, enum policy_reference how,
                    guint8 ret[static 32], GError **error)
{
    const struct crypto_piece measured[] = {
        { report->measurement, sizeof(report->measurement) },
    };
    const struct crypto_piece signer[] = {
        { report->author_key_digest, sizeof(report->author_key_digest) },
        { report->family_id, sizeof(report->family_id) },
        { report->image_id, sizeof(report->image_id) },
    };

    if (how == POLICY_PIN_MEASUREMENT)
        return reference_make(EVIDENCE_SNP_REPORT, how, measured, 1, ret, error);
    if (!snp_report_has_author_key(report))
        return error_denied(error, "psk-pin = signer, but the launch has no author key");
    return reference_make(EVIDENCE_SNP_REPORT, how, signer, 3, ret, error);
}

static gboolean
references_add(GPtrArray *list, enum evidence_kind kind, enum policy_reference how,
               const struct crypto_piece *value, size_t count, GError **error)
{
    guint8 digest[32];

    if (list->len == REFERENCES_MAX)
        return TRUE;
    if (!reference_make(kind, how, value, count, digest, error))
        return FALSE;
    g_ptr_array_add(list, g_bytes_new(digest, sizeof(digest)));
    return TRUE;
}

static gboolean
references_of_measurements(GPtrArray *list, GPtrArray *values, enum evidence_kind kind,
                           GError **error)
{
    for (guint i = 0; i < values->len; i++) {
        GBytes *value = g_ptr_array_index(values, i);
        const struct crypto_piece piece = { g_bytes_get_data(value, NULL), g_bytes_get_size(value) };

        if (!references_add(list, kind, POLICY_PIN_MEASUREMENT, &piece, 1, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
references_of_signers(GPtrArray *list, const struct policy_peer *peer, GError **error)
{
    for (guint i = 0; i < peer->author_key_digests->len; i++) {
        GBytes *digest = g_ptr_array_index(peer->author_key_digests, i);
        const struct crypto_piece pieces[] = {
            { g_bytes_get_data(digest, NULL), g_bytes_get_size(digest) },
            { peer->family_id, sizeof(peer->family_id) },
            { peer->image_id, sizeof(peer->image_id) },
        };

        if (!references_add(list, EVIDENCE_SNP_REPORT, POLICY_PIN_SIGNER, pieces, 3, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
references_of_policy(const struct policy *policy, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    const struct policy_peer *peer = &policy->peer;

    if (policy->psk_pin == POLICY_PIN_SIGNER) {
        if (!references_of_signers(list, peer, error))
            return NULL;
    } else if (!references_of_measurements(list, peer->measurements, EVIDENCE_SNP_REPORT, error) ||
               !references_of_measurements(list, peer->td_measurements, EVIDENCE_TDX_QUOTE, error)) {
        return NULL;
    }
    if (list->len == 0) {
        error_denied(error, "the policy names no peer that psk-pin could be taken from");
        return NULL;
    }
    return g_steal_pointer(&list);
}
