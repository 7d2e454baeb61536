/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kinds - one row a kind of link, for link.c only. The two steps that every
 * kind shares (waiting for a connection, the stale socket) stand in link.c.
 */
#pragma once

#include "cocotransport/link/link.h"

struct link_kind {
    const char *scheme;      /* "unixio" */
    gboolean (*parse)(const char *rest, struct link_address *a, GError **error);
    int (*connect)(const struct link_address *a, gint64 deadline, GError **error);
    int (*listen)(const struct link_address *a, GError **error);
};

extern const struct link_kind link_unix;
extern const struct link_kind link_tcp;
extern const struct link_kind link_vsock;
extern const struct link_kind link_fd;

#define LINK_BACKLOG 16

/* "NUMBER", decimal or 0x…, up to @max. */
gboolean link_number_parse(const char *text, guint64 max, const char *what, guint *ret,
                           GError **error);

/* Splits "HOST:PORT" at the last colon; either part may be wanted empty by nobody. */
gboolean link_split(const char *rest, const char *what, char **ret_left, char **ret_right,
                    GError **error);

struct sockaddr;

/*
 * connect(2) on a non-blocking socket, waiting until @deadline. Closes @fd on
 * failure and returns -1.
 */
int link_connect_socket(int fd, const struct sockaddr *address, unsigned int len,
                        gint64 deadline, const char *what, GError **error);

/* bind(2) and listen(2); closes @fd on failure and returns -1. */
int link_listen_socket(int fd, const struct sockaddr *address, unsigned int len,
                       const char *what, GError **error);
