/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_ask - a Unix socket of the CoCoVM's own, mode 0600, where programs of
 * its owner put one question to the CoCoTPM: EVIDENCE (cocotpm-bundle) or
 * CHECK_RECEIPT. u16 length and the command's body come in; u32 status, u32
 * length and the answer's body go out; one question a connection.
 */
#pragma once

#include "cocotpm/driver_session.h"

typedef struct DriverAsk DriverAsk;

#define DRIVER_ASK_MAX RECEIPT_SIZE          /* EVIDENCE has 64 bytes of nonce and a handle */

struct driver_ask_config {
    const char *path;
    enum coco_command code;
    gsize least, most;       /* bytes of its body: another size would end the session */
    /* What else is to be done with an answer, after it went out; may be NULL. */
    void (*answered)(enum coco_status status, gpointer data);
    gpointer data;
};

/* The socket is there from here on; who connects waits for driver_ask_start() and the main loop. */
DriverAsk *driver_ask_new(const struct driver_ask_config *config, GError **error);
/* Before the main loop runs. */
void driver_ask_start(DriverAsk *a, DriverSession *session);
/* Once the main loop has ended for good: an answer that is owed would find nobody. NULL is fine. */
void driver_ask_free(DriverAsk *a);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverAsk, driver_ask_free)
