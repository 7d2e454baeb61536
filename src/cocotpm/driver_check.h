/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_check - cocotpm-driver --check-receipt: once the tenant's disk is open,
 * the receipt that lies on it is put to the CoCoTPM by the driver that runs since
 * the initrd (protocol, section 7).
 */
#pragma once

#include <glib.h>

/* @socket is where the running driver listens. FALSE unless the receipt of the instance that is
 * kept in @file holds against its state; no receipt is FALSE too. */
gboolean driver_check_run(const char *file, const char *socket, const guint8 uuid[static 16],
                          gint64 deadline, GError **error);
