/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * socket - the sub-options that name a place to listen at, as swtpm's --server
 * and --ctrl have them: type=unixio,path=P[,mode=M], type=tcp,port=N[,bindaddr=A]
 * and, where the protocol of the CoCoTPM is spoken, type=vsock,port=N[,cid=C].
 */
#pragma once

#include "base/options.h"
#include "cocotransport/link/link.h"

struct link_socket {
    char *type;
    char *path;
    guint mode;
    guint port;
    char *bindaddr;
    guint cid;
};

#define LINK_SOCKET_NONE { .mode = 0600, .cid = G_MAXUINT32 }

/* Rows for the member "at" of @config, and what vsock has beyond them. */
#define LINK_SOCKET_ROWS(config, types) \
    { "type", 0, OPTION_STRING, offsetof(config, at.type), types, "kind of link" }, \
    { "path", 0, OPTION_STRING, offsetof(config, at.path), "PATH", "unixio: the socket" }, \
    { "mode", 0, OPTION_OCTAL, offsetof(config, at.mode), "MODE", \
      "unixio: its file mode, default 0600" }, \
    { "port", 0, OPTION_UINT, offsetof(config, at.port), "PORT", "the port" }, \
    { "bindaddr", 0, OPTION_STRING, offsetof(config, at.bindaddr), "ADDRESS", \
      "tcp: the address, default 127.0.0.1" }
#define LINK_SOCKET_VSOCK_ROW(config) \
    { "cid", 0, OPTION_UINT, offsetof(config, at.cid), "CID", \
      "vsock: the context id to listen on, default any" }

/* What @s names, its own strings of it; @option is who says so in errors. vsock only with @vsock. */
gboolean link_socket_address(const struct link_socket *s, const char *option, gboolean vsock,
                             struct link_address *ret, GError **error);
