/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * statement - what a CoCoTPM says to relying parties (protocol, section 6.3):
 * elements of {u16 type, u32 length, value}, ascending, each once. The report
 * that comes with it vouches for the bytes as they were received, through
 * schedule_statement_data(). No allocation, so there is nothing to free.
 *
 * A quote's statement is EVIDENCE's; a birth statement ends provisioning, over
 * the owner's nonce, and names the secrets that were delivered. An endorsement
 * lies in the TPM's NV memory from its making on: it binds endorsement keys and
 * policy to a report, and is as old as the TPM.
 */
#pragma once

#include "cocotransport/wire/claims.h"

#define STATEMENT_MAX 16384u
#define STATEMENT_NONCE_MIN 32
#define STATEMENT_NONCE_MAX 64
#define STATEMENT_PUBLIC_MAX 1024
#define STATEMENT_EVENT_MAX 512
#define STATEMENT_BANKS_MAX 4
#define STATEMENT_PCRS 24

enum statement_kind { STATEMENT_QUOTE = 1, STATEMENT_BIRTH, STATEMENT_ENDORSEMENT };

enum statement_type {
    STATEMENT_KIND = 1,      /* u8: enum statement_kind */
    STATEMENT_NONCE,         /* the relying party's, 32 to 64 bytes */
    STATEMENT_UUID,
    STATEMENT_POLICY_DIGEST,
    STATEMENT_EPOCH,         /* u64; not in an endorsement, as GENERATION and CHAIN */
    STATEMENT_LINEAGE,
    STATEMENT_GENERATION,    /* u64 */
    STATEMENT_CHAIN,
    STATEMENT_FRESHNESS,     /* u8: enum claim_freshness */
    STATEMENT_RESET,         /* u8: enum claim_reset */
    STATEMENT_FLAGS,         /* u32: CLAIM_FLAG_* */
    STATEMENT_SOFTWARE,      /* printable ASCII */
    STATEMENT_EKS,           /* {u16 length, TPMT_PUBLIC}, at least one */
    STATEMENT_AK,            /* TPMT_PUBLIC, as the CoCoTPM itself read it; quote, as all to PCRS */
    STATEMENT_ATTACH_ID,
    STATEMENT_LAUNCH_ID,     /* the attach log's 16 bytes */
    STATEMENT_LAUNCH_EVENT,  /* what was measured into PCR 0 */
    STATEMENT_PEER,          /* {u16 evidence kind, SHA-256 of the CoCoVM's report} */
    STATEMENT_RESET_COUNT,   /* u32: TPMS_CLOCK_INFO.resetCount now */
    STATEMENT_PCR_BANKS,     /* {u16 TPM_ALG_ID, u8 size, 24 values} */
    STATEMENT_SECRETS,       /* birth: SHA-256 of what was delivered to the owner; zeroes: nothing */
    STATEMENT_EVIDENCE,      /* birth: SHA-256 of the endorsement in the NV memory; zeroes: none */
    STATEMENT_TYPES,
};

struct statement_public {
    guint16 len;
    guint8 bytes[STATEMENT_PUBLIC_MAX];
};

struct statement_bank {
    guint16 alg;
    guint8 size;                     /* of one value: 20, 32, 48 or 64 */
    guint8 values[STATEMENT_PCRS][64];
};

struct statement {
    guint32 given;                   /* bit per type */
    guint8  kind;
    guint8  nonce_len;
    guint8  nonce[STATEMENT_NONCE_MAX];
    guint8  uuid[16];
    guint8  policy_digest[32];
    guint64 epoch;
    guint8  lineage[16];
    guint64 generation;
    guint8  chain[32];
    guint8  freshness;
    guint8  reset;
    guint32 flags;
    char    software[SOFTWARE_MAX + 1];
    guint   ek_count;
    struct statement_public eks[EK_NAMES_MAX];
    struct statement_public ak;
    guint8  attach_id[32];
    guint8  launch_id[16];
    guint16 event_len;
    guint8  event[STATEMENT_EVENT_MAX];
    guint16 peer_kind;
    guint8  peer_digest[32];
    guint32 reset_count;
    guint   bank_count;
    struct statement_bank banks[STATEMENT_BANKS_MAX];
    guint8  secrets[32];
    guint8  evidence[32];
};

/* All of @in; what the kind has to give has to be there, and nothing else. */
gboolean statement_parse(struct cursor *in, struct statement *ret, GError **error);
/* Writes what the kind has to give; @s->given is not asked. */
void     statement_write(const struct statement *s, struct builder *out);

/* EVIDENCE's answer: u32 length of the statement, statement, evidence. */
struct statement_answer {
    const guint8 *statement;
    gsize statement_len;
    struct cursor evidence;
};
gboolean statement_answer_parse(struct cursor *in, struct statement_answer *ret, GError **error);
