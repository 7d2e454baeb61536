/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launch - one confidential VM of the emulated chip: LAUNCH_START, _UPDATE and
 * _FINISH, and the guest context that they make (SEV-SNP ABI, "Guest
 * Management").
 */
#pragma once

#include "snpemu/chip.h"
#include "snpemu/guestmsg.h"

#define VMPCKS 4
#define POLICY_DEFAULT G_GUINT64_CONSTANT(0x30000)
#define MEASUREMENT_SIZE 48
#define ID_BLOCK_SIZE 96
#define ID_AUTH_SIZE 4096

enum launch_state { LAUNCH_LOADING, LAUNCH_RUNNING, LAUNCH_GONE };

enum page_type {
    PAGE_NORMAL = 1, PAGE_VMSA, PAGE_ZERO, PAGE_UNMEASURED, PAGE_SECRETS, PAGE_CPUID,
};

typedef struct launch launch_t;

struct launch {
    enum launch_state state;
    uint64_t policy;
    uint8_t  measurement[MEASUREMENT_SIZE];
    uint8_t  host_data[32];
    uint8_t  family_id[16], image_id[16];
    uint32_t guest_svn;
    uint64_t launch_tcb;
    uint64_t launch_mit_vector;
    gboolean id_key_en, author_key_en, vcek_disabled;
    uint8_t  id_key_digest[48], author_key_digest[48];
    uint8_t  report_id[32];
    Secret  *vmpck[VMPCKS];
    uint64_t count[VMPCKS];          /* messages seen under each */
    Secret  *vmrk;
};

/* What the host gives at LAUNCH_FINISH. */
struct launch_finish {
    const uint8_t *host_data;        /* 32 bytes; NULL: zeroes */
    GBytes *id_block, *id_auth;      /* NULL: none */
    gboolean author_key_en;
    gboolean vcek_disabled;
};

/* FW_OK or the reason of a refusal; *@ret only with FW_OK. */
enum fw_status launch_start(const struct chip *chip, uint64_t policy, struct launch **ret);
/* Measures one page of 4096 bytes; @page may be NULL for types without contents. */
enum fw_status launch_update(struct launch *l, enum page_type type, uint64_t address,
                             const uint8_t *page);
enum fw_status launch_finish(struct launch *l, const struct launch_finish *finish);
void launch_free(struct launch *l);

/* The digest of @files, one after the other from 1 MiB up, each on pages of its own. */
enum fw_status launch_update_files(struct launch *l, GPtrArray *files);

/* The 4 KiB that the guest finds in its secrets page. */
void launch_secrets_page(const struct launch *l, uint8_t ret[static GUEST_PAGE]);

/* Checks block and authentication against the launch and takes their fields over. */
enum fw_status id_block_apply(struct launch *l, GBytes *block, GBytes *auth, gboolean author);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(launch_t, launch_free)
