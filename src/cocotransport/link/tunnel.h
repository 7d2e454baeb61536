/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - the guest's end of the in-band tunnel (protocol, section 8): a link
 * through the VM's TPM device. The device takes one exchange at a time, and each
 * blocks. What is sent goes out in the sender's own thread, as its answer mostly
 * comes with that same exchange and nobody else has to wake for it; a thread of
 * the stream's waits for what takes longer.
 */
#pragma once

#include "base/stream.h"
#include "cocotransport/link/tunnel_device.h"

/* A new stream; waits until @deadline for the older one to end. Sending takes as long as an
 * exchange: up to the relay's wait (100 ms), or the kernel's 120 s when the host keeps still. */
Stream *tunnel_connect(TunnelDevice *device, gint64 deadline, GError **error);
