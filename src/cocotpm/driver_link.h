/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_link - the way to the CoCoTPM, taken anew for each attempt to attach or
 * to resume: a socket, or a stream through the carrier, which stays open.
 */
#pragma once

#include "cocotransport/link/link.h"
#include "cocotransport/link/tunnel.h"

struct driver_link {
    const struct link_address *address;
    TunnelDevice *carrier;           /* of the in-band tunnel */
    gboolean connected;              /* once, at least */
};

/* Opens the carrier where there is one; @others as in driver_carrier.h. */
gboolean driver_link_open(struct driver_link *l, const struct link_address *address,
                          const char *others, GError **error);
/* An attach_connect: @data is the link. */
Stream *driver_link_connect(gpointer data, gint64 deadline, GError **error);
void driver_link_close(struct driver_link *l);
