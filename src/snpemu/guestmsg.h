/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guestmsg - messages between a guest and the AMD-SP: AES-256-GCM under a
 * VMPCK, in one page (SEV-SNP ABI, "Guest Messages"). Both directions.
 */
#pragma once

#include "cocotransport/keys/secret.h"

#define GUEST_PAGE 4096
#define GUESTMSG_HEADER 0x60
#define GUESTMSG_PAYLOAD_MAX (GUEST_PAGE - GUESTMSG_HEADER)

enum guestmsg_type {
    GUESTMSG_CPUID_REQ = 1, GUESTMSG_CPUID_RSP, GUESTMSG_KEY_REQ, GUESTMSG_KEY_RSP,
    GUESTMSG_REPORT_REQ, GUESTMSG_REPORT_RSP, GUESTMSG_EXPORT_REQ, GUESTMSG_EXPORT_RSP,
    GUESTMSG_IMPORT_REQ, GUESTMSG_IMPORT_RSP, GUESTMSG_ABSORB_REQ, GUESTMSG_ABSORB_RSP,
    GUESTMSG_VMRK_REQ, GUESTMSG_VMRK_RSP, GUESTMSG_ABSORB_NOMA_REQ, GUESTMSG_ABSORB_NOMA_RSP,
    GUESTMSG_TSC_INFO_REQ, GUESTMSG_TSC_INFO_RSP,
};

/* The fields of the header that may differ. */
struct guestmsg {
    uint64_t sequence;
    uint8_t  algorithm;              /* 1: AES-256-GCM */
    uint8_t  header_version;         /* 1 */
    uint16_t header_size;            /* 0x60 */
    uint8_t  type;
    uint8_t  version;
    uint16_t size;                   /* of the payload */
    uint8_t  vmpck;
};

/* Only the structure: what the AMD-SP refuses before it decrypts is refused here. */
gboolean guestmsg_header_parse(const uint8_t page[static GUEST_PAGE], struct guestmsg *ret,
                               GError **error);

/* Encrypts @payload (header fields but type, version, sequence and vmpck are filled in). */
gboolean guestmsg_seal(const Secret *vmpck, const struct guestmsg *message, const void *payload,
                       size_t len, uint8_t ret[static GUEST_PAGE], GError **error);

/* The payload; DENIED when the tag does not match. @message comes from guestmsg_header_parse(). */
Secret *guestmsg_open(const Secret *vmpck, const struct guestmsg *message,
                      const uint8_t page[static GUEST_PAGE], GError **error);

/* What a guest takes as the answer to @sent: the next number, the type after it, the same key. */
gboolean guestmsg_is_answer(const struct guestmsg *sent, const struct guestmsg *answer);
