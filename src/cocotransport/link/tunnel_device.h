/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnel_device - the VM's TPM device as the carrier of the in-band tunnel.
 */
#pragma once

#include "cocotransport/wire/tunnel.h"

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
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TunnelDevice, tunnel_device_free)

/* For one stream; waits until @deadline for the older one to leave. */
gboolean tunnel_device_enter(TunnelDevice *d, gint64 deadline, GError **error);
void tunnel_device_leave(TunnelDevice *d);

/* A command and its answer; the device's own time-out (120 s in Linux) bounds it. */
gboolean tunnel_device_exchange(TunnelDevice *d, const guint8 *frame, gsize len,
                                guint8 ret[static TUNNEL_FRAME_MAX], gsize *ret_len,
                                GError **error);
