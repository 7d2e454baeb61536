/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clamp - the two rows of bind, and the limits from both sides.
 */
#include "cocotransport/seal/clamp.h"

#include "base/error.h"

/* SEV-SNP ABI, MSG_KEY_REQ, GUEST_FIELD_SELECT. */
#define FIELD_POLICY (1u << 0)
#define FIELD_IMAGE_ID (1u << 1)
#define FIELD_FAMILY_ID (1u << 2)
#define FIELD_MEASUREMENT (1u << 3)
#define FIELD_GUEST_SVN (1u << 4)
#define FIELD_TCB (1u << 5)

#define ROOT_VCEK 0
#define KEY_SEL_VCEK 1

static const guint64 fields_of_bind[] = {
    [SEAL_BIND_MEASUREMENT] = FIELD_POLICY | FIELD_IMAGE_ID | FIELD_MEASUREMENT | FIELD_TCB,
    [SEAL_BIND_SIGNER] = FIELD_POLICY | FIELD_IMAGE_ID | FIELD_FAMILY_ID | FIELD_GUEST_SVN |
                         FIELD_TCB,
};

bool
tcb_bytes_at_least(guint64 a, guint64 b)
{
    for (guint shift = 0; shift < 64; shift += 8)
        if (((a >> shift) & 0xff) < ((b >> shift) & 0xff))
            return false;
    return true;
}

gboolean
seal_derivation_now(const struct seal_platform *platform, enum seal_bind bind,
                    struct seal_derivation *ret, GError **error)
{
    struct seal_derivation key = { .source = platform->source };

    if (bind == SEAL_BIND_SIGNER && !platform->author_key)
        return error_denied(error, "bind = signer: this VM was launched without an author key");
    if (key.source == SEAL_SOURCE_SNP) {
        key.root = ROOT_VCEK;
        key.key_sel = KEY_SEL_VCEK;
        key.vmpl = platform->vmpl;
        key.fields = fields_of_bind[bind];
        key.svn = bind == SEAL_BIND_SIGNER ? platform->svn : 0;
        key.tcb = platform->tcb;
    }
    *ret = key;

    return TRUE;
}

static gboolean
clamp_snp(const struct seal_derivation *key, const struct seal_platform *platform, GError **error)
{
    const gboolean signer = key->fields == fields_of_bind[SEAL_BIND_SIGNER];

    if (key->root != ROOT_VCEK || key->key_sel != KEY_SEL_VCEK)
        return error_denied(error, "the header asks for another root key than the VCEK's");
    if (key->vmpl != platform->vmpl)
        return error_denied(error, "the header asks for VMPL %u, this is %u", key->vmpl,
                            platform->vmpl);
    if (key->vmpck != 0)
        return error_denied(error, "the header asks for VMPCK %u", key->vmpck);
    if (!signer && key->fields != fields_of_bind[SEAL_BIND_MEASUREMENT])
        return error_denied(error, "the header binds to fields 0x%" G_GINT64_MODIFIER "x, which "
                                   "is neither measurement nor signer", key->fields);
    if (signer && !platform->author_key)
        return error_denied(error, "sealed to a signer, and this VM has no author key");
    if (!tcb_bytes_at_least(platform->tcb, key->tcb))
        return error_denied(error, "sealed under TCB %016" G_GINT64_MODIFIER "x, which is above "
                                   "this firmware's committed one", key->tcb);
    if (!tcb_bytes_at_least(key->tcb, platform->tcb_floor))
        return error_denied(error, "sealed under TCB %016" G_GINT64_MODIFIER "x, which is below "
                                   "the image's floor: only recovery opens it", key->tcb);
    if (!signer && key->svn != 0)
        return error_denied(error, "the header gives a guest SVN that nothing binds to");
    if (signer && key->svn > platform->svn)
        return error_denied(error, "sealed by guest SVN %u, this image has %u", key->svn,
                            platform->svn);
    if (signer && key->svn < platform->svn_floor)
        return error_denied(error, "sealed by guest SVN %u, which is below the image's floor: "
                                   "only recovery opens it", key->svn);
    return TRUE;
}

gboolean
seal_clamp(const struct seal_derivation *key, const struct seal_platform *platform,
           GError **error)
{
    if (key->source != platform->source)
        return error_denied(error, "sealed by %s, and this VM has another key source",
                            seal_source_name(key->source));
    if (key->source == SEAL_SOURCE_SNP)
        return clamp_snp(key, platform, error);
    if (key->root != 0 || key->key_sel != 0 || key->vmpl != 0 || key->vmpck != 0 ||
        key->fields != 0 || key->svn != 0 || key->tcb != 0)
        return error_denied(error, "the header gives derivation fields that %s has not",
                            seal_source_name(key->source));
    return TRUE;
}

gboolean
seal_clamp_policy(const struct seal_derivation *key, enum seal_bind bind, guint64 tcb_floor,
                  guint32 svn_floor, GError **error)
{
    if (key->source != SEAL_SOURCE_SNP)
        return TRUE;
    if (key->fields != fields_of_bind[bind])
        return error_denied(error, "sealed to another kind of bind than the policy says");
    if (!tcb_bytes_at_least(key->tcb, tcb_floor))
        return error_denied(error, "sealed under a TCB below the policy's floor: only recovery "
                                   "opens it");
    if (bind == SEAL_BIND_SIGNER && key->svn < svn_floor)
        return error_denied(error, "sealed by a guest SVN below the policy's floor: only recovery "
                                   "opens it");
    return TRUE;
}

const char *
seal_bind_name(guint64 fields)
{
    if (fields == fields_of_bind[SEAL_BIND_MEASUREMENT])
        return "measurement";
    return fields == fields_of_bind[SEAL_BIND_SIGNER] ? "signer" : "neither";
}
