/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_control - takes swtpm's place behind QEMU's tpm-emulator: its control
 * channel, and the data descriptor that QEMU hands over. What comes in on that
 * is either a frame of the tunnel or a plain command for the carrier.
 */
#pragma once

#include "cocotransport/link/link.h"

typedef struct RelayControl RelayControl;

struct relay_control_events {
    /* The VM was reset or ended after it had opened a tunnel: its session is over. */
    void (*vm_gone)(gpointer data);
    /* QEMU said SHUTDOWN, and was answered. */
    void (*shutdown)(gpointer data);
};

/* Takes the listening descriptor; @to has to outlive the main loop. */
RelayControl *relay_control_new(int listener, const struct link_address *to,
                                const struct relay_control_events *events, gpointer data);
void relay_control_free(RelayControl *c);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayControl, relay_control_free)
