/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * acceptor - a listening socket in the main loop: who comes is taken while there
 * is room for one more, and a descriptor.
 */
#pragma once

#include <glib.h>

typedef struct Acceptor Acceptor;

/*
 * @fd: a connection, non-blocking, the callee's. Or -1: one could not be taken, as
 * @error says; it stays in the backlog and is tried again, five times a second,
 * while this is called once a second at most. Must not free the acceptor.
 */
typedef void (*acceptor_taken)(int fd, const GError *error, gpointer data);

/* Takes over @listener, which is non-blocking. */
Acceptor *acceptor_new(int listener, acceptor_taken taken, gpointer data);
/* NULL is fine. */
void acceptor_free(Acceptor *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Acceptor, acceptor_free)

/* Whether there is room, as there is at first; else those who come wait in the backlog. */
void acceptor_room(Acceptor *a, gboolean room);
