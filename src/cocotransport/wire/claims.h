/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * claims - what a side says of itself in HELLO and in its answer: elements of
 * {u16 type, u32 length, value}, ascending, each once (protocol, section 5).
 * Evidence vouches for the bytes as they were received. No allocation, so
 * there is nothing to free.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define CLAIMS_MAX 4096u
#define PROTOCOL_VERSION 1

enum claim_type {
    CLAIM_VERSION = 1,       /* u16: of the protocol */
    CLAIM_UUID,              /* of the instance */
    CLAIM_PSK,               /* u8: enum claim_psk */
    CLAIM_SOFTWARE,          /* printable ASCII */
    CLAIM_RECEIPT,           /* client: the newest one it has */
    CLAIM_HELLO,             /* server, as all that follows: SHA-512 of the HELLO message */
    CLAIM_EK_NAMES,          /* {u8 length, TPM name}, at least one */
    CLAIM_POLICY_DIGEST,
    CLAIM_EPOCH,             /* u64 */
    CLAIM_LINEAGE,
    CLAIM_GENERATION,        /* u64 */
    CLAIM_CHAIN,
    CLAIM_FRESHNESS,         /* u8: enum claim_freshness */
    CLAIM_RESET,             /* u8: enum claim_reset */
    CLAIM_FLAGS,             /* u32: CLAIM_FLAG_* */
    CLAIM_TYPES,
};

/* Types from here on may be ignored by those who do not know them. */
#define CLAIM_OPTIONAL 0x8000

enum claim_psk { CLAIM_PSK_SECRET = 1, CLAIM_PSK_BOOTSTRAP };
enum claim_freshness { CLAIM_FRESHNESS_NONE = 1, CLAIM_FRESHNESS_RECEIPT, CLAIM_FRESHNESS_WITNESS };
enum claim_reset { CLAIM_RESET_LOG = 1, CLAIM_RESET_WITNESS, CLAIM_RESET_BURNT };

#define CLAIM_FLAG_EMULATED 0x1u         /* the platform is the software one */
#define CLAIM_FLAG_RECOVERABLE 0x2u      /* the owner can open the state elsewhere */
#define CLAIM_FLAG_SAME_CHIP_OFF 0x4u
#define CLAIM_FLAG_TAKEOVER 0x8u
#define CLAIM_FLAG_OWNER_SECRET 0x10u
#define CLAIM_FLAG_RECOVERED 0x20u       /* and has done so */
#define CLAIM_FLAGS_KNOWN 0x3fu

#define EK_NAMES_MAX 4
#define EK_NAME_MAX 66                   /* a TPM name: u16 hash and up to 64 bytes */
#define SOFTWARE_MAX 64

struct ek_name {
    guint8 len;
    guint8 bytes[EK_NAME_MAX];
};

struct claims {
    guint32 given;           /* bit per type: 1u << CLAIM_X */
    guint16 version;
    guint8  uuid[16];
    guint8  psk;
    char    software[SOFTWARE_MAX + 1];
    guint8  receipt[80];
    guint8  hello[64];
    guint   ek_count;
    struct ek_name ek_names[EK_NAMES_MAX];
    guint8  policy_digest[32];
    guint64 epoch;
    guint8  lineage[16];
    guint64 generation;
    guint8  chain[32];
    guint8  freshness;
    guint8  reset;
    guint32 flags;
};

enum claims_side { CLAIMS_CLIENT, CLAIMS_SERVER };

/* All of @in. What the side has to give and was not given is an error, as is what it may not. */
gboolean claims_parse(struct cursor *in, enum claims_side side, struct claims *ret,
                      GError **error);
/* Writes what @given names. */
void claims_write(const struct claims *c, struct builder *out);

const char *claim_freshness_name(guint8 freshness);    /* "receipt"; "unknown" */
const char *claim_reset_name(guint8 reset);            /* "burnt" */
