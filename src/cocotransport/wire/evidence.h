/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence - the attestation evidence of one side as it travels: elements of
 * {u16 kind, u32 length, bytes}, each kind at most once (protocol, section 5).
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define EVIDENCE_MAX (12u * 1024)

enum evidence_kind {
    EVIDENCE_SNP_REPORT = 1,
    EVIDENCE_VEK_CERTIFICATE = 2,
    EVIDENCE_TDX_QUOTE = 3,
    EVIDENCE_CCA_TOKEN = 4,
    EVIDENCE_KINDS           /* one more than the last */
};

/* parts[kind]; NULL for what is not there. [0] is not used. */
typedef struct evidence evidence_t;

struct evidence {
    GBytes *parts[EVIDENCE_KINDS];
};

gboolean evidence_parse(struct cursor *in, struct evidence *ret, GError **error);
void     evidence_write(const struct evidence *e, struct builder *out);
void     evidence_clear(struct evidence *e);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(evidence_t, evidence_clear)
