/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dispatch - one message of the plain command channel in, its answer out: TPM
 * commands as they are, with the TCG prefix (TPM 2), and the in-band
 * SetLocality of the kernel's vTPM proxy. Runs on the TPM thread.
 */
#pragma once

#include <glib.h>

#include "swtpm/engine/engine.h"

/* u32 8, u8 locality, u32 size before a command; u32 size before and u32 0 after an answer. */
#define DISPATCH_PREFIX_SIZE 9
#define DISPATCH_MESSAGE_MAX (ENGINE_MESSAGE_MAX + DISPATCH_PREFIX_SIZE)

struct dispatch {
    Engine *engine;
    gboolean reject_locality_4;
    gboolean allow_set_locality;
    /* Called before a command goes to the TPM (takes a lock back that was let go). */
    void (*before)(gpointer data);
    gpointer before_data;
    /* Sees every command and answer (--pcap). */
    void (*trace)(gpointer data, gboolean answer, const guint8 *bytes, gsize len);
    gpointer trace_data;

    guint8 answer[8 + ENGINE_MESSAGE_MAX];       /* one with the TCG's prefix and suffix */
};

/*
 * How many bytes the message at @data has: 0 when more are needed to know, -1
 * when these bytes are no message (what is there then is answered as one).
 */
gssize dispatch_frame(const struct dispatch *d, const guint8 *data, gsize have);

/* @ret is valid until the next call. */
void dispatch_message(struct dispatch *d, const guint8 *data, gsize len, const guint8 **ret,
                      gsize *ret_len);

/* Whether commands may be given @locality. */
gboolean dispatch_locality_ok(const struct dispatch *d, guint8 locality);
