/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_connect - a connection made without holding up the main loop: by a
 * thread, which may wait for names and peers.
 */
#pragma once

#include "cocotransport/link/link.h"

/* @fd is the callee's; -1 and @error when nobody was there. Called from the main loop. */
typedef void (*relay_connected)(int fd, const GError *error, gpointer data);

/* @to has to live until @done was called. */
void relay_connect(const struct link_address *to, guint seconds, relay_connected done,
                   gpointer data);
