/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel - the guest's end of the in-band tunnel (protocol, section 8): a link
 * through the VM's TPM device. The device takes one exchange at a time and each
 * blocks, so a thread makes them; the user of the link has one end of a socket
 * pair, which behaves as any other link.
 */
#pragma once

#include <glib.h>

/* The device, which the kernel gives to one opener: kept from the first stream to the end, so that
 * nobody else gets hold of it between two. */
typedef struct TunnelDevice TunnelDevice;

TunnelDevice *tunnel_device_open(const char *path, GError **error);
/* Over a descriptor that takes a command by one write and gives its answer by one read; takes it
 * over. */
TunnelDevice *tunnel_device_take(int fd);
/* Streams that still are there keep it open until they end. NULL is fine. */
void tunnel_device_free(TunnelDevice *d);

/* A new stream; waits until @deadline for the older one to end. */
int tunnel_connect(TunnelDevice *device, gint64 deadline, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TunnelDevice, tunnel_device_free)
