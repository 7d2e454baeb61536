/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bridge - a CUSE device on one side, the control and data sockets of a swtpm
 * on the other: an ioctl is a control request, write(2) gives a command and
 * read(2) waits for its answer. A state that is longer than the ioctl's
 * structure goes on by read(2) or write(2) too.
 */
#pragma once

#define FUSE_USE_VERSION 35
#include <cuse_lowlevel.h>
#include <glib.h>

typedef struct Bridge Bridge;

/*
 * Takes both sockets: @ctrl is a stream, @data keeps messages apart. ready() is
 * called once the device is there; FALSE gives it up.
 */
Bridge *bridge_new(int ctrl, int data, gboolean (*ready)(gpointer user), gpointer user);
void bridge_free(Bridge *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bridge, bridge_free)

/* The device's calls; their user data is the Bridge. */
extern const struct cuse_lowlevel_ops bridge_ops;

/* Until the swtpm goes, or @signal_fd is readable. FALSE: the device was never there. */
gboolean bridge_run(Bridge *b, struct fuse_session *session, int signal_fd);
