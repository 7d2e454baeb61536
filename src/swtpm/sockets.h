/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sockets - the sockets that --server, --port and --ctrl mean.
 */
#pragma once

#include <glib.h>

#include "swtpm/options.h"

struct sockets {
    int listen_fd;           /* -1: none */
    int client_fd;           /* -1: none */
    char *path;              /* of a Unix socket that we made: removed at the end */
    gboolean tcp;
};

/* @option is "--server" or "--ctrl". A mode, owner or path that fails leaves no socket behind. */
gboolean sockets_open(const struct channel_options *o, const char *option, struct sockets *ret,
                      GError **error);
/* Removes what was made; descriptors that somebody took over are -1 by then. */
void sockets_close(struct sockets *s);

/* A descriptor given for commands: open, at least 3, and no file, folder or disk. */
gboolean sockets_fd_ok(int fd, const char *option, GError **error);
