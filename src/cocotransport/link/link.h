/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * link - reliable ordered bytes without any security of their own (protocol,
 * section 2). Every kind but the in-band tunnel (link/tunnel.h) ends as a
 * non-blocking descriptor.
 */
#pragma once

#include "base/stream.h"

#include <glib.h>

/* One parsed address, server or client side. */
struct link_address {
    enum { LINK_UNIX, LINK_TCP, LINK_VSOCK, LINK_FD, LINK_TUNNEL } kind;
    char *path;              /* unix, tunnel (the TPM device) */
    char *host;              /* tcp: address to connect to or to bind, default 127.0.0.1 */
    guint port;              /* tcp, vsock */
    guint cid;               /* vsock */
    int fd;                  /* fd */
    guint mode;              /* unix, server: file mode, default 0600 */
};

/* "unixio:PATH", "tcp:HOST:PORT", "vsock:CID:PORT", "fd:N", "tpm:/dev/tpm0". */
gboolean link_address_parse(const char *text, struct link_address *ret, GError **error);
void link_address_clear(struct link_address *a);

/* A connected, non-blocking descriptor; waits until @deadline (monotonic). Not for tunnels. */
int link_connect(const struct link_address *a, gint64 deadline, GError **error);
/* The same as a stream; NULL and an error. */
Stream *link_open(const struct link_address *a, gint64 deadline, GError **error);
/* A listening, non-blocking descriptor; a stale Unix socket is removed. */
int link_listen(const struct link_address *a, GError **error);
/* Accepts; TCP_NODELAY where it applies. -1 without @error when nobody is there. */
int link_accept(int listener, GError **error);
