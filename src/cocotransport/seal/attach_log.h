/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach_log - the launches that an instance was attached to (protocol,
 * sections 6.1 and 7): one attach a launch, and what a receipt is held against.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"
#include "cocotransport/wire/receipt.h"

#include <glib.h>

#define ATTACH_LOG_KEPT 256              /* where launches burn their evidence */
#define ATTACH_LOG_MAX 4096              /* where none may be forgotten */
#define ATTACH_LOG_ENTRIES (ATTACH_LOG_MAX + 256)    /* with what is no launch */
#define ATTACH_ENTRY_SIZE (1 + 16 + 16 + 8 + 8)
#define LAUNCH_ID_SIZE 16

enum attach_kind {
    ATTACH_BIRTH,                        /* provisioning; no launch */
    ATTACH_LAUNCH,
    ATTACH_RECOVERY,                     /* moved by its owner; no launch */
    ATTACH_POLICY,                       /* policy changed; no launch */
};

struct attach_entry {
    guint8  kind;
    guint8  launch[LAUNCH_ID_SIZE];      /* first bytes of SHA-256(kind, REPORT_ID) */
    guint8  lineage[16];
    guint64 generation;                  /* the first of this epoch */
    guint64 epoch;
};

/* Never empty once provisioned: the last entry is the current epoch. */
typedef GArray AttachLog;                /* of struct attach_entry, oldest first */

AttachLog *attach_log_new(void);
gboolean   attach_log_parse(struct cursor *in, AttachLog **ret, GError **error);
void       attach_log_write(const AttachLog *log, struct builder *out);
AttachLog *attach_log_copy(const AttachLog *log);

const struct attach_entry *attach_log_last(const AttachLog *log);
gboolean attach_log_has(const AttachLog *log, const guint8 launch[static LAUNCH_ID_SIZE]);
gboolean attach_log_recovered(const AttachLog *log);

/*
 * @drops: launches burn their evidence, so the oldest entry may go. Without,
 * a full log is DENIED: forgetting a launch would let it attach again.
 */
gboolean attach_log_add(AttachLog *log, const struct attach_entry *entry, gboolean drops,
                        GError **error);

/* At a policy change, which may follow on a full log: the newest ATTACH_LOG_KEPT stay. */
void attach_log_trim(AttachLog *log);

/* Whether @theirs is a point of the history that ends in @now (protocol, section 7). */
gboolean attach_log_holds(const AttachLog *log, const struct receipt *now,
                          const struct receipt *theirs);
