/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnel_device - one opener, one stream after the other, one exchange at a time. */
#include "config.h"

#include "cocotransport/link/tunnel_device.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/link/tunnel_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct TunnelDevice {
    gint users;
    int fd;
    TunnelWait *wait;
    GMutex lock;
    GCond left;
    gboolean busy;                   /* a stream's thread uses @fd */
};

static void
device_unref(TunnelDevice *d)
{
    if (!g_atomic_int_dec_and_test(&d->users))
        return;
    io_close(&d->fd);
    tunnel_wait_free(d->wait);
    g_mutex_clear(&d->lock);
    g_cond_clear(&d->left);
    g_free(d);
}

/* The thread of an older stream may still be ending. */
gboolean
tunnel_device_enter(TunnelDevice *d, gint64 deadline, GError **error)
{
    gboolean entered;

    g_mutex_lock(&d->lock);
    while (d->busy && g_cond_wait_until(&d->left, &d->lock, deadline))
        ;
    entered = !d->busy;
    d->busy = TRUE;
    g_mutex_unlock(&d->lock);
    if (!entered)
        return error_system(error, "the older stream through the carrier TPM does not end");
    g_atomic_int_inc(&d->users);
    return TRUE;
}

void
tunnel_device_leave(TunnelDevice *d)
{
    g_mutex_lock(&d->lock);
    d->busy = FALSE;
    g_cond_broadcast(&d->left);
    g_mutex_unlock(&d->lock);
    device_unref(d);
}

gboolean
tunnel_device_exchange(TunnelDevice *d, const guint8 *frame, gsize len,
                       guint8 ret[static TUNNEL_FRAME_MAX], gsize *ret_len, GError **error)
{
    ssize_t n;

    tunnel_wait_begin(d->wait);
    do {
        n = write(d->fd, frame, len);
    } while (n < 0 && errno == EINTR);
    tunnel_wait_end(d->wait);
    if (n != (ssize_t)len)
        return error_errno(error, n < 0 ? errno : EIO, "the carrier TPM takes no command");
    do {
        n = read(d->fd, ret, TUNNEL_FRAME_MAX);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return error_errno(error, n < 0 ? errno : EIO, "the carrier TPM gives no answer");
    *ret_len = (gsize)n;
    return TRUE;
}

TunnelDevice *
tunnel_device_take(int fd)
{
    TunnelDevice *d = g_new0(TunnelDevice, 1);

    d->users = 1;
    d->fd = fd;
    d->wait = tunnel_wait_new();
    g_mutex_init(&d->lock);
    g_cond_init(&d->left);
    return d;
}

TunnelDevice *
tunnel_device_open(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0)
        return tunnel_device_take(fd);
    error_errno(error, errno, "%s", path);
    return NULL;
}

void
tunnel_device_free(TunnelDevice *d)
{
    if (d)
        device_unref(d);
}
