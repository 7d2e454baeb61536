/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_forward - for each connection that comes in, one to the CoCoTPM, and
 * the bytes of both carried over.
 */
#pragma once

#include "cocotransport/link/link.h"

typedef struct RelayForward RelayForward;

/* Takes the listening descriptor; @to has to outlive the process's main loop. */
RelayForward *relay_forward_new(int listener, const struct link_address *to);
void relay_forward_free(RelayForward *f);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RelayForward, relay_forward_free)
