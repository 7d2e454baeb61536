/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report - fields in wire order, versions 2, 3 and 5. The offsets beside the
 * blocks are those of the table in the specification.
 */
#include "snpemu/report.h"

#include "base/builder.h"

#include <string.h>

#define SIGNED_SIZE 0x2a0
#define SIGNING_VCEK 0u
#define SIGNING_VLEK 1u
#define SIGNING_NONE 7u

static const struct {
    uint8_t family, model, stepping;
} cpuids[SNP_PRODUCTS] = {
    [SNP_PRODUCT_MILAN] = { 0x19, 0x01, 1 },
    [SNP_PRODUCT_GENOA] = { 0x19, 0x11, 1 },
    [SNP_PRODUCT_TURIN] = { 0x1a, 0x02, 1 },
};

/* Which key signs; the status when it is not to be had. */
static enum fw_status
signing_key(const struct chip *chip, const struct launch *l, uint32_t selection,
            uint32_t *ret_signing, const struct vek **ret_vek)
{
    const gboolean vlek = selection == KEY_VLEK || (selection == KEY_ANY && chip->vlek != NULL);

    if (selection >= KEY_SELECTIONS || (vlek && chip->vlek == NULL)
        || (!vlek && l->vcek_disabled))
        return FW_INVALID_KEY;
    if (!vlek && chip->mask_chip_key) {
        *ret_signing = SIGNING_NONE;
        *ret_vek = NULL;
        return FW_OK;
    }
    *ret_signing = vlek ? SIGNING_VLEK : SIGNING_VCEK;
    *ret_vek = vlek ? chip->vlek : chip->vcek;
    return FW_OK;
}

static uint64_t
tcb_raw(const struct chip *chip, struct snp_tcb tcb)
{
    return snp_tcb_join(tcb, chip->product);
}

/* 0x000 to 0x18f: of the guest. */
static void
write_guest(struct builder *b, const struct chip *chip, const struct launch *l,
            const struct report_request *request, uint32_t signing)
{
    builder_le32(b, chip->report_version);
    builder_le32(b, l->guest_svn);
    builder_le64(b, l->policy);
    builder_bytes(b, l->family_id, sizeof(l->family_id));
    builder_bytes(b, l->image_id, sizeof(l->image_id));
    builder_le32(b, request->vmpl);
    builder_le32(b, signing == SIGNING_NONE ? 0 : 1);
    builder_le64(b, tcb_raw(chip, chip->current));
    builder_le64(b, chip->platform_info);
    builder_le32(b, (l->author_key_en ? 1u : 0u) | (chip->mask_chip_key ? 2u : 0u)
                 | signing << 2);
    builder_zero(b, 4);
    builder_bytes(b, request->report_data, sizeof(request->report_data));
    builder_bytes(b, l->measurement, sizeof(l->measurement));
    builder_bytes(b, l->host_data, sizeof(l->host_data));
    builder_bytes(b, l->id_key_digest, sizeof(l->id_key_digest));
    builder_bytes(b, l->author_key_digest, sizeof(l->author_key_digest));
    builder_bytes(b, l->report_id, sizeof(l->report_id));
    memset(builder_space(b, 32), 0xff, 32);      /* REPORT_ID_MA: no migration agent */
    builder_le64(b, tcb_raw(chip, chip->reported));
}

static void
write_version(struct builder *b, const struct firmware_version *v)
{
    builder_u8(b, v->build);
    builder_u8(b, v->minor);
    builder_u8(b, v->major);
    builder_zero(b, 1);
}

/* 0x188 to 0x29f: of the chip. */
static void
write_chip(struct builder *b, const struct chip *chip, const struct launch *l)
{
    const gboolean cpuid = chip->report_version >= 3;
    const gboolean vectors = chip->report_version >= 5;

    builder_u8(b, cpuid ? cpuids[chip->product].family : 0);
    builder_u8(b, cpuid ? cpuids[chip->product].model : 0);
    builder_u8(b, cpuid ? cpuids[chip->product].stepping : 0);
    builder_zero(b, 21);
    if (chip->mask_chip_id)
        builder_zero(b, CHIP_ID_SIZE);
    else
        builder_bytes(b, chip->chip_id, CHIP_ID_SIZE);
    builder_le64(b, tcb_raw(chip, chip->committed));
    write_version(b, &chip->current_version);
    write_version(b, &chip->committed_version);
    builder_le64(b, l->launch_tcb);
    builder_le64(b, vectors ? l->launch_mit_vector : 0);
    builder_le64(b, vectors ? chip->mit_vector : 0);
    builder_zero(b, 152);
}

enum fw_status
report_make(const struct chip *chip, const struct launch *launch,
            const struct report_request *request, uint8_t ret[static SNP_REPORT_SIZE])
{
    uint8_t report[SNP_REPORT_SIZE] = { 0 };
    struct builder b = builder_on(report, SIGNED_SIZE);
    const struct vek *vek = NULL;
    uint32_t signing = SIGNING_NONE;
    const enum fw_status status = signing_key(chip, launch, request->key_selection, &signing,
                                              &vek);

    if (status != FW_OK)
        return status;
    write_guest(&b, chip, launch, request, signing);
    write_chip(&b, chip, launch);
    if (b.failed || builder_len(&b) != SIGNED_SIZE)
        return FW_PLATFORM;
    if (vek != NULL && !vek_sign(vek, report, SIGNED_SIZE, report + SIGNED_SIZE, NULL))
        return FW_PLATFORM;
    memcpy(ret, report, sizeof(report));
    return FW_OK;
}
