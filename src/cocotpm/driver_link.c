/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_link - a link of its own for each attempt.
 */
#include "config.h"

#include "cocotpm/driver_link.h"

#include "base/error.h"
#include "cocotpm/driver_carrier.h"

gboolean
driver_link_open(struct driver_link *l, const struct link_address *address, const char *others,
                 GError **error)
{
    l->address = address;
    if (address->kind != LINK_TUNNEL)
        return TRUE;
    l->carrier = carrier_open(address->path, others, error);
    return l->carrier != NULL;
}

Stream *
driver_link_connect(gpointer data, gint64 deadline, GError **error)
{
    struct driver_link *l = data;

    if (l->address->kind == LINK_FD && l->connected) {
        error_denied(error, "an inherited descriptor is lost for good when it is lost");
        return NULL;
    }
    l->connected = TRUE;
    if (l->carrier)
        return tunnel_connect(l->carrier, deadline, error);
    return link_open(l->address, deadline, error);
}

void
driver_link_close(struct driver_link *l)
{
    g_clear_pointer(&l->carrier, tunnel_device_free);
}
