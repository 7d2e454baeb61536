/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - the guest's end of the in-band tunnel (protocol, section 8): a link
 * through the VM's TPM device. The device takes one exchange at a time and each
 * blocks, so a thread makes them; the user of the link has one end of a socket
 * pair, which behaves as any other link.
 */
#pragma once

#include <glib.h>

/* Opens @device, which nobody else may have open, and a stream through it. */
int tunnel_connect(const char *device, gint64 deadline, GError **error);

/* The same over a descriptor that takes a command by one write and gives its answer by one read;
 * takes it over. */
int tunnel_start(int device, GError **error);
