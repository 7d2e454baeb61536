/* SPDX-License-Identifier: BSD-3-Clause */
/* pair - a TLS client and server of ours in one thread, with a host between them that may meddle. */
#pragma once

#include "cocotransport/session/tls.h"

/* What the host does to one byte on its way; NULL: nothing. @at counts from the first byte. */
struct pair_host {
    int side;                /* 0: client to server, 1: server to client; -1: neither */
    gsize at;
    guint8 mask;
    gsize passed[2];
    int ends[2];             /* the host's, towards client and server */
};

struct pair {
    Tls *client, *server;
    struct pair_host host;
    Secret *server_psk;      /* NULL: nobody is known */
};

/* The key a test uses where it does not matter. */
Secret *pair_key(guint8 fill);

void pair_open(struct pair *p, const Secret *client_psk, const Secret *server_psk);
void pair_close(struct pair *p);

/* Moves what waits at the host to the other side; FALSE when nothing did. */
gboolean pair_carry(struct pair *p);

/* Both handshakes, until neither can go on. */
void pair_shake(struct pair *p, enum tls_result *ret_client, enum tls_result *ret_server);

/* One message from one end to the other; FALSE when it did not come in whole. */
gboolean pair_message(struct pair *p, Tls *from, Tls *to, const char *text);

#define PAIR_IDENTITY "an identity"
