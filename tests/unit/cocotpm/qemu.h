/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qemu - QEMU on one side of the relay and the CoCoTPM's listener on the other, in
 * the thread of the relay's main loop.
 */
#pragma once

#include "cocotpm/relay_control.h"

#include "base/io.h"
#include "cocotpm/relay_tunnel.h"
#include "cocotransport/wire/tunnel.h"

#include "suites.h"

struct qemu {
    char *folder;
    struct link_address control_address, to;
    RelayControl *relay;
    int control, data;               /* QEMU's ends */
    int listener, link;              /* the CoCoTPM's */
    guint gone, shutdown;
};

/* With a data channel handed over; what ends is told in gone and shutdown. */
void qemu_open(struct qemu *s);
void qemu_close(struct qemu *s);

/* As at each power on: STOP, SET_BUFFERSIZE, INIT. */
void qemu_power_on(struct qemu *s, const char *size);
void qemu_send_data_fd(struct qemu *s);
/* The next link of the relay, in link. */
void qemu_accept_link(struct qemu *s);
/* Opens stream 1; the relay answers with @frame_max. */
void qemu_open_tunnel(struct qemu *s, const char *frame_max);

/* All that the main loop has to do now. */
void qemu_settle(void);
/* A deadline from now. */
gint64 qemu_patience(void);
/* Bytes in hex, and what is made of them. */
void qemu_say(int fd, const char *hex);
void qemu_take(int fd, void *buffer, gsize len);
void qemu_expect(int fd, const char *hex);
/* The same of what nothing is waited for. */
void qemu_expect_at_once(int fd, const char *hex);
void qemu_expect_end(int fd);
