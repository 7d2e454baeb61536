/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * schedule - every key and every bound value that is derived: one row, one
 * label, one vector in tests/unit/keys/test_schedule.c. Two parties that
 * disagree about one byte of the inputs share nothing.
 */
#pragma once

#include "cocotransport/keys/crypto.h"

/* Keys by HKDF-SHA256: salt and input key material as given, info = label, then the pieces. */
enum schedule_key {
    SCHEDULE_STATE_KEK,          /* sealed-state.md, slots 1 and 3 */
    SCHEDULE_STATE_RECOVERY,     /* slot 2 */
    SCHEDULE_FORMAT_SNP,         /* --key snp, of swtpm's own encrypted format */
    SCHEDULE_FORMAT_VMPCK,       /* --key vmpck */
    SCHEDULE_KEYS
};

Secret *schedule_derive(enum schedule_key which, const Secret *ikm, const void *salt,
                        size_t salt_len, const struct crypto_piece *pieces, size_t count,
                        GError **error);

/* Who speaks on a link (protocol, section 4). */
enum schedule_role { ROLE_COCOVM = 1, ROLE_OPERATOR, ROLE_RESUME };

#define PSK_SIZE 32
#define REFERENCE_SIZE 32
/* ImportedIdentity with the longest external identity of ours. */
#define IDENTITY_MAX (2 + 7 + 1 + 1 + 16 + 8 + 2 + 32 + 4)

struct psk_identity {
    uint8_t role;
    uint8_t uuid[16];
    uint64_t number;             /* of the resumption key; role 3 only */
    uint8_t context[SHA256_SIZE];
};

/* The hash over both references, which binds the key to what both sides run. */
gboolean schedule_context(uint8_t role, const uint8_t uuid[static 16],
                          const uint8_t cocotpm[static REFERENCE_SIZE],
                          const uint8_t cocovm[static REFERENCE_SIZE],
                          uint8_t ret[static SHA256_SIZE], GError **error);

/* ImportedIdentity (RFC 9258, section 5) as bytes and back; parsing takes our own form only. */
size_t   psk_identity_write(const struct psk_identity *id, uint8_t ret[static IDENTITY_MAX]);
gboolean psk_identity_parse(const void *wire, size_t len, struct psk_identity *ret,
                            GError **error);

/* RFC 9258, section 5.1: the PSK of any identity on the wire, known or not. */
Secret *schedule_psk(const Secret *epsk, const void *identity, size_t len, GError **error);

/*
 * REPORT_DATA of evidence (protocol, section 5). @exporter: 64 bytes of the
 * side's own exporter; @claims: what the evidence vouches for, as on the wire.
 */
enum schedule_side { SIDE_SERVER = 1, SIDE_CLIENT };

#define EXPORTER_SIZE 64

gboolean schedule_report_data(enum schedule_side side, uint8_t role, const void *identity,
                              size_t identity_len, const uint8_t exporter[static EXPORTER_SIZE],
                              const void *claims, size_t claims_len,
                              uint8_t ret[static SHA512_SIZE], GError **error);

/* REPORT_DATA of what the CoCoTPM says to relying parties (protocol, section 6.3). */
gboolean schedule_statement_data(const void *statement, size_t len,
                                 uint8_t ret[static SHA512_SIZE], GError **error);
