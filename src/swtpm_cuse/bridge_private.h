/* SPDX-License-Identifier: BSD-3-Clause */
/* bridge_private - a bridge from within: commands (bridge.c) and control requests (bridge_ctrl.c). */
#pragma once

#include "swtpm_cuse/bridge.h"

#include "swtpm/control/ptm.h"

#define MESSAGE_MAX (4096 + 9)       /* a TPM command with the TCG's prefix */
#define STATE_MAX (2 * PTM_BLOB_MAX)
#define GET_HEAD 16                  /* of GET_STATEBLOB: result, flags, both lengths */
#define SET_HEAD 16                  /* of SET_STATEBLOB: code, flags, type, length */

enum transfer {
    TRANSFER_NONE,           /* read and write are a TPM's */
    TRANSFER_OUT,            /* read goes on with a state */
    TRANSFER_IN,             /* write goes on with one */
};

struct Bridge {
    int ctrl, data;
    gboolean (*ready)(gpointer user);
    gpointer user;
    struct fuse_session *session;
    gboolean failed;         /* there is no device */
    gboolean quit;

    GQueue calls;            /* bridge_ctrl's; the first one is with the swtpm */
    GQueue readers;          /* who waits for an answer */
    gboolean busy;           /* a command is with the TPM */
    gsize answer_at, answer_len;
    guint8 answer[MESSAGE_MAX];

    enum transfer transfer;
    guint32 state_flags, state_type;     /* of the state that is kept for offsets and read(2) */
    gsize state_at, state_len;
    gsize incoming_at, incoming_len;
    gsize have;
    guint8 state[STATE_MAX];
    guint8 incoming[SET_HEAD + PTM_BLOB_MAX];
    guint8 input[GET_HEAD + STATE_MAX];      /* from the control socket */
};

/* The device's ioctl(2). */
void bridge_ioctl(fuse_req_t request, int cmd, void *arg, struct fuse_file_info *file,
                  unsigned int flags, const void *in, size_t in_size, size_t out_size);
/* read(2) and write(2) of @size bytes while a state is on the way. */
void bridge_read_state(Bridge *b, fuse_req_t request, gsize size);
void bridge_write_state(Bridge *b, fuse_req_t request, const char *bytes, gsize size);
/* The control socket is readable. */
void bridge_ctrl_ready(Bridge *b);
/* What waits for an answer gets an error. */
void bridge_ctrl_clear(Bridge *b);
