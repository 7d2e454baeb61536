/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_tunnel - the host's end of the in-band tunnel (protocol, section 8):
 * frames from the guest become bytes of a link to the CoCoTPM, and back. Each
 * opening gets a link of its own.
 */
#pragma once

#include "cocotransport/link/link.h"
#include "cocotransport/wire/tunnel.h"

typedef struct RelayTunnel RelayTunnel;

/* How long an answer waits for bytes of the CoCoTPM. Shorter than any patience of the guest's,
 * and short enough that what the guest wants to send meanwhile (CANCEL) does not wait long. */
#define RELAY_TUNNEL_WAIT_MS 100

/* @answer is valid during the call; called once for each frame, never from inside it. */
typedef void (*relay_tunnel_answer)(const guint8 *answer, gsize len, gpointer data);

RelayTunnel *relay_tunnel_new(const struct link_address *to, relay_tunnel_answer answered,
                              gpointer data);
void relay_tunnel_free(RelayTunnel *t);

/* One frame of the guest's, whose code is the tunnel's; no answer is longer than @frame_max. */
void relay_tunnel_frame(RelayTunnel *t, const guint8 *frame, gsize len, gsize frame_max);
/* Answers the frame in hand now, with what is there. */
void relay_tunnel_hurry(RelayTunnel *t);
/* Ends the stream, as the VM is gone. TRUE when there was one since the last call. */
gboolean relay_tunnel_end(RelayTunnel *t);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayTunnel, relay_tunnel_free)
