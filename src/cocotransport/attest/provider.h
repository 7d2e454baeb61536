/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider - what a confidential platform does for the VM that runs on it:
 * evidence over data of ours, a key that only this image on this chip gets,
 * and giving up the means to make more evidence. One file a platform.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "cocotransport/wire/evidence.h"

typedef struct Provider Provider;

/* SEV-SNP ABI, MSG_KEY_REQ. */
struct derive_request {
    uint32_t root_key_select;      /* 0: VCEK, which is all we ask for; 1: VMRK */
    uint32_t key_sel;              /* bits 2:1 of the root_key_select word: see snp.md */
    uint64_t guest_field_select;   /* bit 0 policy, 1 image id, 2 family id, 3 measurement, 4 svn, 5 tcb */
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb_version;
};

/* "auto", "sev-guest[:DEVICE]", "tsm[:ROOT]", "sev", "emulator:SOCKET". */
Provider   *provider_open(const char *spec, GError **error);
void        provider_free(Provider *p);                      /* NULL is fine */
const char *provider_name(const Provider *p);
gboolean    provider_is_emulated(const Provider *p);

/*
 * A fresh report over @report_data with the VEK certificate where the platform
 * hands it out (@ret has to be zeroed). May block for as long as the device
 * does (up to 60 s with sev-guest).
 */
gboolean provider_evidence(Provider *p, const uint8_t report_data[static 64],
                           struct evidence *ret, GError **error);

/* 32 bytes. A status other than 0 or a key of zeroes is an error. DENIED where there is none. */
Secret  *provider_derive_key(Provider *p, const struct derive_request *request, GError **error);

/* Afterwards no further evidence of this launch can be made; verified before TRUE is returned. */
gboolean provider_burn(Provider *p, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Provider, provider_free)
