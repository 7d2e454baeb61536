/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eventlog - the TCG event log of a TPM whose PCR 0 holds one H-CRTM event
 * (TCG PC Client Platform Firmware Profile 1.06, section 10): one entry as
 * ATTACH's answer carries it, and a whole log made from it for tools.
 */
#pragma once

#include "base/builder.h"
#include "base/cursor.h"

#include <glib.h>

#define EV_NO_ACTION 0x3u
#define EV_EFI_HCRTM_EVENT 0x80000010u

#define EVENT_DIGESTS_MAX 8
#define EVENT_DATA_MAX 2048u

struct event_digest {
    guint16 alg;                     /* TPM_ALG_ID: SHA-1 4, SHA-256 0xb, SHA-384 0xc, SHA-512 0xd */
    guint8 len;
    guint8 bytes[64];
};

struct event {
    guint32 pcr;
    guint32 type;
    guint count;
    struct event_digest digests[EVENT_DIGESTS_MAX];
    guint32 data_len;
    guint8 data[EVENT_DATA_MAX];
};

/* TCG_PCR_EVENT2, little-endian. */
gboolean event_parse(struct cursor *in, struct event *ret, GError **error);
void     event_write(const struct event *e, struct builder *out);

/* Specification header, StartupLocality 4 (as an H-CRTM event was), and the entry. */
GBytes  *eventlog_of(const void *entry, gsize len, GError **error);
