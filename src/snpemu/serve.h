/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * serve - sockets that carry frames of emulator_wire.h: u32 length, u16
 * operation, body; each answered by one frame. One thread, the main loop's.
 */
#pragma once

#include "cocotransport/attest/emulator_wire.h"

typedef struct Server Server;

/* Writes the answer's body; FALSE closes the connection. */
typedef gboolean (*serve_answer)(void *data, uint16_t operation, struct cursor *body,
                                 struct builder *out);

/* Listens on a Unix socket (mode 0600) until it is freed; only this user and root may talk. */
Server *server_new(const char *path, serve_answer answer, void *data, GError **error);
void server_free(Server *s);         /* closes its connections too, and removes the socket */
