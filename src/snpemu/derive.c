/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * derive - first the rules of refusal, then the root, then everything that
 * enters the key in one fixed order.
 */
#include "snpemu/derive.h"

#include "base/builder.h"
#include "cocotransport/keys/crypto.h"

static const char label[] = "CoCoTPM emulated AMD-SP guest key v1";

#define ROOT_VMRK 1u
#define SELECT_KNOWN_V1 0x3fu
#define SELECT_KNOWN_V2 0x7fu
#define DIGEST_USED 32               /* of measurement and key digests, the first 32 of 48 bytes */

static enum fw_status
check_parameters(const struct chip *chip, const struct launch *l, const struct key_request *r)
{
    const uint64_t known = r->version >= 2 ? SELECT_KNOWN_V2 : SELECT_KNOWN_V1;
    const struct snp_tcb asked = snp_tcb_split(r->tcb_version, chip->product);

    if ((r->root_select & ~7u) != 0 || r->reserved != 0 || (r->field_select & ~known) != 0
        || r->vmpl > 3 || r->vmpl < r->vmpck)
        return FW_INVALID_PARAM;
    if ((r->field_select & FIELD_GUEST_SVN) != 0 && r->guest_svn > l->guest_svn)
        return FW_INVALID_PARAM;
    /* Reserved bytes of a TCB_VERSION do not survive split and join. */
    if ((r->field_select & FIELD_TCB_VERSION) != 0
        && (!snp_tcb_at_least(chip->committed, asked)
            || snp_tcb_join(asked, chip->product) != r->tcb_version))
        return FW_INVALID_PARAM;
    return FW_OK;
}

/* The root of the VCEK or VLEK, at the TCB that was asked for where it was. */
static enum fw_status
root_vek(const struct chip *chip, const struct launch *l, const struct key_request *r,
         Secret **ret)
{
    const uint32_t selection = r->root_select >> 1;
    const gboolean vlek = selection == KEY_VLEK || (selection == KEY_ANY && chip->vlek != NULL);
    const struct snp_tcb asked = snp_tcb_split(r->tcb_version, chip->product);
    const gboolean by_tcb = (r->field_select & FIELD_TCB_VERSION) != 0;

    if (selection >= KEY_SELECTIONS || (vlek && chip->vlek == NULL)
        || (!vlek && (chip->mask_chip_key || l->vcek_disabled)))
        return FW_INVALID_KEY;
    if (vlek)
        *ret = chip_vlek_root(chip, NULL);
    else
        *ret = chip_root(chip, by_tcb ? asked : chip->reported, NULL);
    return *ret != NULL ? FW_OK : FW_PLATFORM;
}

/* Which signer of the ID block enters: the author before the ID key. */
static void
write_signer(struct builder *b, const struct launch *l)
{
    builder_u8(b, l->author_key_en ? 2 : l->id_key_en ? 1 : 0);
    if (l->author_key_en)
        builder_bytes(b, l->author_key_digest, DIGEST_USED);
    else if (l->id_key_en)
        builder_bytes(b, l->id_key_digest, DIGEST_USED);
    else
        builder_zero(b, DIGEST_USED);
}

static void
write_inputs(struct builder *b, const struct launch *l, const struct key_request *r)
{
    builder_bytes(b, label, sizeof(label) - 1);
    builder_le32(b, r->vmpl);
    builder_bytes(b, l->host_data, sizeof(l->host_data));
    write_signer(b, l);
    builder_le64(b, r->field_select);
    if (r->field_select & FIELD_POLICY)
        builder_le64(b, l->policy);
    if (r->field_select & FIELD_IMAGE_ID)
        builder_bytes(b, l->image_id, sizeof(l->image_id));
    if (r->field_select & FIELD_FAMILY_ID)
        builder_bytes(b, l->family_id, sizeof(l->family_id));
    if (r->field_select & FIELD_MEASUREMENT)
        builder_bytes(b, l->measurement, DIGEST_USED);
    if (r->field_select & FIELD_GUEST_SVN)
        builder_le32(b, r->guest_svn);
    if (r->field_select & FIELD_TCB_VERSION)
        builder_le64(b, r->tcb_version);
    if (r->field_select & FIELD_MIT_VECTOR)
        builder_le64(b, r->mit_vector);
}

enum fw_status
derive_key(const struct chip *chip, const struct launch *launch, const struct key_request *request,
           Secret **ret)
{
    uint8_t inputs[256];
    struct builder b = builder_on(inputs, sizeof(inputs));
    g_autoptr(Secret) root = NULL;
    enum fw_status status = check_parameters(chip, launch, request);

    if (status != FW_OK)
        return status;
    if ((request->root_select & ROOT_VMRK) != 0) {
        if (request->root_select >> 1 >= KEY_SELECTIONS)
            return FW_INVALID_KEY;
        root = secret_copy(secret_peek(launch->vmrk), secret_len(launch->vmrk));
    } else {
        status = root_vek(chip, launch, request, &root);
        if (status != FW_OK)
            return status;
    }
    write_inputs(&b, launch, request);
    if (b.failed)
        return FW_PLATFORM;
    *ret = crypto_hkdf_expand(root, inputs, builder_len(&b), DERIVED_KEY_SIZE, NULL);
    return *ret != NULL ? FW_OK : FW_PLATFORM;
}
