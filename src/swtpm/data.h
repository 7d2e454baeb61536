/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * data - the plain command channel: one client at a time, on a listening
 * socket, an inherited descriptor or the one that SET_DATAFD brought. Streams
 * are framed by the size field; what keeps messages apart (datagrams,
 * character devices) is read in one piece. Runs on the TPM thread; made before it.
 */
#pragma once

#include <glib.h>

#include "swtpm/dispatch.h"

typedef struct Data Data;

struct data_config {
    int listen_fd;           /* -1: none; owned */
    int fd;                  /* a client that is there already, -1: none; owned */
    gboolean disconnect;     /* close after every answer */
    /* In the main loop: the client went; the owner decides whether the process ends. */
    void (*lost)(gpointer user);
    gpointer user;
};

Data *data_new(const struct data_config *config, struct dispatch *dispatch);
void data_free(Data *d);

/* From any thread: whether SET_DATAFD would be one too many. */
gboolean data_has_fd(Data *d);
/* From the main thread; FALSE: there is one. The descriptor is served from the next poll on. */
gboolean data_offer_fd(Data *d, int fd);

/* For the TPM thread's loop: what to wait for (-1: nothing), and that it came. */
int data_poll_fd(Data *d);
void data_ready(Data *d);

/*
 * A stream client that is waited for by data_ready() itself, in a blocking read: one system
 * call a command less than poll(2) and read(2). Jobs break into it by data_interrupt(), from
 * any thread: the read in hand or the next one returns with nothing (the caller sends
 * DATA_SIGNAL too, for a read that sleeps), and data_interrupted() says so once.
 */
#define DATA_SIGNAL SIGURG       /* ignored by default: no other meaning is lost */
gboolean data_waits(const Data *d);
/* TRUE: a signal is needed. */
gboolean data_interrupt(Data *d);
gboolean data_interrupted(Data *d);
