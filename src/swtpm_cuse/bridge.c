/* SPDX-License-Identifier: BSD-3-Clause */
/* bridge - the device, and the TPM's commands through it. */
#include "config.h"

#include "swtpm_cuse/bridge_private.h"

#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

struct reader {
    fuse_req_t request;
    gsize size;
};

Bridge *
bridge_new(int ctrl, int data, gboolean (*ready)(gpointer user), gpointer user)
{
    Bridge *b = g_new0(Bridge, 1);

    b->ctrl = ctrl;
    b->data = data;
    b->ready = ready;
    b->user = user;
    return b;
}

/* ---- commands ---- */

static void
on_open(fuse_req_t request, struct fuse_file_info *file)
{
    fuse_reply_open(request, file);
}

static void
on_write(fuse_req_t request, const char *bytes, size_t size, off_t offset,
         struct fuse_file_info *file)
{
    Bridge *b = fuse_req_userdata(request);

    (void)offset;
    (void)file;
    if (b->transfer == TRANSFER_IN && size > 0) {
        bridge_write_state(b, request, bytes, size);
        return;
    }
    b->transfer = TRANSFER_NONE;
    if (b->busy || size == 0 || size > MESSAGE_MAX) {
        fuse_reply_err(request, b->busy ? EBUSY : EINVAL);
        return;
    }
    if (send(b->data, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
        fuse_reply_err(request, EIO);
        return;
    }
    b->busy = TRUE;
    b->answer_at = b->answer_len = 0;
    fuse_reply_write(request, size);
}

static void
read_answer(Bridge *b, fuse_req_t request, gsize size)
{
    gsize piece = MIN(size, b->answer_len - b->answer_at);

    fuse_reply_buf(request, (const char *)b->answer + b->answer_at, piece);
    b->answer_at += piece;
}

static void
on_read(fuse_req_t request, size_t size, off_t offset, struct fuse_file_info *file)
{
    Bridge *b = fuse_req_userdata(request);
    struct reader *r;

    (void)offset;
    (void)file;
    if (b->transfer == TRANSFER_OUT) {
        bridge_read_state(b, request, size);
    } else if (!b->busy) {
        read_answer(b, request, size);
    } else {
        r = g_new(struct reader, 1);
        *r = (struct reader) { request, size };
        g_queue_push_tail(&b->readers, r);
    }
}

static void
data_ready(Bridge *b)
{
    ssize_t n = recv(b->data, b->answer, sizeof(b->answer), MSG_DONTWAIT);
    struct reader *r;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        b->quit = TRUE;
        return;
    }
    b->busy = FALSE;
    b->answer_at = 0;
    b->answer_len = (gsize)n;
    while ((r = g_queue_pop_head(&b->readers)) != NULL) {
        read_answer(b, r->request, r->size);
        g_free(r);
    }
}

/* ---- the device ---- */

/* The kernel has made the device by now, or has given the session up (its name or number is taken). */
static void
on_ready(void *user)
{
    Bridge *b = user;
    struct pollfd fd = { .fd = fuse_session_fd(b->session), .events = POLLIN };

    b->failed = poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR) != 0;
    if (b->failed || !b->ready(b->user))
        b->failed = b->quit = TRUE;
}

const struct cuse_lowlevel_ops bridge_ops = {
    .init_done = on_ready,
    .open = on_open,
    .read = on_read,
    .write = on_write,
    .ioctl = bridge_ioctl,
};

static void
device_ready(Bridge *b, struct fuse_session *session, struct fuse_buf *buffer)
{
    int n = fuse_session_receive_buf(session, buffer);

    if (n == -EINTR || n == -EAGAIN)
        return;
    if (n <= 0)
        b->quit = TRUE;
    else
        fuse_session_process_buf(session, buffer);
}

gboolean
bridge_run(Bridge *b, struct fuse_session *session, int signal_fd)
{
    struct fuse_buf buffer = { .mem = NULL };
    struct pollfd fds[] = {
        { .fd = fuse_session_fd(session), .events = POLLIN },
        { .fd = b->ctrl, .events = POLLIN },
        { .fd = b->data, .events = POLLIN },
        { .fd = signal_fd, .events = POLLIN },
    };

    b->session = session;
    while (!b->quit && !fuse_session_exited(session)) {
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
            break;
        /* Answers first: the swtpm ends after the one to PTM_SHUTDOWN. */
        if (fds[1].revents != 0)
            bridge_ctrl_ready(b);
        if (fds[2].revents != 0)
            data_ready(b);
        if (fds[0].revents != 0)
            device_ready(b, session, &buffer);
        if (fds[3].revents != 0)
            break;
    }
    free(buffer.mem);
    return !b->failed;
}

void
bridge_free(Bridge *b)
{
    struct reader *r;

    if (b == NULL)
        return;
    bridge_ctrl_clear(b);
    while ((r = g_queue_pop_head(&b->readers)) != NULL) {
        fuse_reply_err(r->request, EIO);
        g_free(r);
    }
    io_close(&b->ctrl);
    io_close(&b->data);
    explicit_bzero(b->state, b->state_len);
    explicit_bzero(b->incoming, b->incoming_len);
    explicit_bzero(b->answer, b->answer_len);
    g_free(b);
}
