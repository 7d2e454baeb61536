/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launch - the launch digest grows page by page (SEV-SNP ABI, "PAGE_INFO"):
 * LD' = SHA-384(LD, contents, length, type, flags, guest physical address).
 */
#include "snpemu/launch.h"

#include "base/builder.h"
#include "cocotransport/keys/crypto.h"

#include <string.h>

#define PAGE_INFO_SIZE 0x70
#define POLICY_MUST 0x20000u                 /* bit 17 */
#define POLICY_KNOWN 0x3ffffffu              /* bits 63:26 are reserved */
#define FIRMWARE_ABI 0x137u                  /* 1.55: the policy's lowest ABI version may not exceed it */
#define FILES_AT G_GUINT64_CONSTANT(0x100000)

static gboolean
make_secrets(struct launch *l)
{
    for (int i = 0; i < VMPCKS; i++)
        if ((l->vmpck[i] = crypto_random_secret(AES256_KEY_SIZE, NULL)) == NULL)
            return FALSE;
    l->vmrk = crypto_random_secret(ROOT_KEY_SIZE, NULL);
    return l->vmrk != NULL && crypto_random(l->report_id, sizeof(l->report_id), NULL);
}

enum fw_status
launch_start(const struct chip *chip, uint64_t policy, struct launch **ret)
{
    g_autoptr(launch_t) l = NULL;
    const uint64_t abi = (policy >> 8 & 0xff) << 8 | (policy & 0xff);

    if ((policy & POLICY_MUST) == 0 || (policy & ~(uint64_t)POLICY_KNOWN) != 0
        || abi > FIRMWARE_ABI)
        return FW_POLICY_FAILURE;
    l = g_new0(struct launch, 1);
    l->policy = policy;
    l->launch_tcb = snp_tcb_join(chip->current, chip->product);
    l->launch_mit_vector = chip->mit_vector;
    if (!make_secrets(l))
        return FW_PLATFORM;
    *ret = g_steal_pointer(&l);
    return FW_OK;
}

enum fw_status
launch_update(struct launch *l, enum page_type type, uint64_t address, const uint8_t *page)
{
    uint8_t info[PAGE_INFO_SIZE];
    uint8_t contents[SHA384_SIZE] = { 0 };
    struct builder b = builder_on(info, sizeof(info));
    const struct crypto_piece in = { page, GUEST_PAGE };
    const struct crypto_piece all = { info, sizeof(info) };

    if (l->state != LAUNCH_LOADING)
        return FW_INVALID_GUEST_STATE;
    if (type < PAGE_NORMAL || type > PAGE_CPUID || (type <= PAGE_VMSA && page == NULL))
        return FW_INVALID_PARAM;
    if (type <= PAGE_VMSA && !crypto_sha384(&in, 1, contents, NULL))
        return FW_PLATFORM;
    builder_bytes(&b, l->measurement, sizeof(l->measurement));
    builder_bytes(&b, contents, sizeof(contents));
    builder_le16(&b, PAGE_INFO_SIZE);
    builder_u8(&b, (uint8_t)type);
    builder_zero(&b, 5);                     /* IMI, permissions of VMPL 3 to 1, reserved */
    builder_le64(&b, address);
    if (b.failed || !crypto_sha384(&all, 1, l->measurement, NULL))
        return FW_PLATFORM;
    return FW_OK;
}

static enum fw_status
update_file(struct launch *l, GBytes *file, uint64_t *address)
{
    const uint8_t *data = g_bytes_get_data(file, NULL);
    const size_t size = g_bytes_get_size(file);

    for (size_t at = 0; at < size; at += GUEST_PAGE) {
        uint8_t page[GUEST_PAGE] = { 0 };
        enum fw_status status = FW_OK;

        memcpy(page, data + at, MIN((size_t)GUEST_PAGE, size - at));
        status = launch_update(l, PAGE_NORMAL, *address, page);
        if (status != FW_OK)
            return status;
        *address += GUEST_PAGE;
    }
    return FW_OK;
}

enum fw_status
launch_update_files(struct launch *l, GPtrArray *files)
{
    uint64_t address = FILES_AT;

    for (guint i = 0; i < files->len; i++) {
        const enum fw_status status = update_file(l, g_ptr_array_index(files, i), &address);

        if (status != FW_OK)
            return status;
    }
    return FW_OK;
}

enum fw_status
launch_finish(struct launch *l, const struct launch_finish *finish)
{
    if (l->state != LAUNCH_LOADING)
        return FW_INVALID_GUEST_STATE;
    if (finish->author_key_en && finish->id_block == NULL)
        return FW_INVALID_PARAM;
    if (finish->id_block != NULL) {
        const enum fw_status status = id_block_apply(l, finish->id_block, finish->id_auth,
                                                     finish->author_key_en);

        if (status != FW_OK)
            return status;
    }
    if (finish->host_data != NULL)
        memcpy(l->host_data, finish->host_data, sizeof(l->host_data));
    l->vcek_disabled = finish->vcek_disabled;
    l->state = LAUNCH_RUNNING;
    return FW_OK;
}

void
launch_free(struct launch *l)
{
    if (l == NULL)
        return;
    for (int i = 0; i < VMPCKS; i++)
        secret_free(l->vmpck[i]);
    secret_free(l->vmrk);
    g_free(l);
}

/* Version 3: VMPCK0 to 3 from 0x20 on, then 96 bytes that are the guest's own. */
void
launch_secrets_page(const struct launch *l, uint8_t ret[static GUEST_PAGE])
{
    struct builder b = builder_on(ret, GUEST_PAGE);

    builder_le32(&b, 3);
    builder_zero(&b, 0x20 - 4);
    for (int i = 0; i < VMPCKS; i++)
        builder_bytes(&b, secret_peek(l->vmpck[i]), AES256_KEY_SIZE);
    builder_zero(&b, 0x160 - 0xa0);
    builder_le32(&b, 200);                   /* TSC_FACTOR */
    builder_zero(&b, 4);
    builder_le64(&b, l->launch_mit_vector);
    builder_zero(&b, GUEST_PAGE - 0x170);
}
