/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_session - the driver's one session with its CoCoTPM, as a TPM for the
 * front ends. A lost link is resumed by a thread of its own, again and again;
 * what was in hand then is answered when the link is back, once (protocol,
 * section 6.2). Only a refusal ends it: then the TPM fails for ever.
 */
#pragma once

#include "cocotpm/driver_request.h"
#include "cocotpm/driver_tpm.h"
#include "cocotransport/session/attach_client.h"

typedef struct DriverSession DriverSession;

enum driver_loss {
    DRIVER_LOSS_BLOCK,       /* TPM_RC_FAILURE once resuming was refused */
    DRIVER_LOSS_PANIC,       /* and the kernel is told to panic */
};

struct driver_session_config {
    const struct attach_client_config *attach;
    attach_connect connect;
    gpointer connect_data;
    enum driver_loss on_loss;
    /* Called in the main loop after each answer, and once more at the end. */
    void (*answered)(const Client *client, gpointer data);
    gpointer answered_data;
};

/* Takes over an attached client. */
DriverSession *driver_session_new(Client *client, const struct driver_session_config *config);
/* Without DETACH. FALSE: a thread is still resuming, nothing was freed: leave with _exit(2). */
gboolean driver_session_free(DriverSession *s);

struct driver_tpm *driver_session_tpm(DriverSession *s);
/* The link is lost and being resumed: nobody would answer. */
gboolean driver_session_lost(const DriverSession *s);
/* A CoCoTPM command in its turn among the others; @done gets the status and the answer's body,
 * or COCO_INTERNAL when the session has failed. */
void driver_session_request(DriverSession *s, enum coco_command code, const guint8 *body,
                            gsize len, driver_status done, gpointer data);
/* Ends it as a refusal would (a stale receipt): the TPM fails from here on. */
void driver_session_fail(DriverSession *s, const char *why);
