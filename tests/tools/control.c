/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control - a client of a TPM emulator's control channel that says what it is
 * told (orders.h), in place of QEMU.
 *
 *   control CONTROL-SOCKET ORDERS-SOCKET
 */
#include "config.h"

#include "tests/tools/orders.h"

#include "base/io.h"
#include "cocotransport/link/link.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SECONDS 60

int
main(int argc, char **argv)
{
    struct link_address to = { .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    struct link_address orders = to;
    int control, listener;

    if (argc != 3) {
        fprintf(stderr, "usage: control CONTROL-SOCKET ORDERS-SOCKET\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    to.path = argv[1];
    orders.path = argv[2];
    control = link_connect(&to, g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC, NULL);
    listener = control < 0 ? -1 : link_listen(&orders, NULL);
    if (listener < 0 || !io_set_nonblocking(control, FALSE, NULL)) {
        fprintf(stderr, "control: no connection\n");
        return 1;
    }
    orders_serve(listener, control);
    for (;;)
        pause();
}
