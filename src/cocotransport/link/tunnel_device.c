/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnel_device - one opener, one stream after the other, one exchange at a time. */
#include "config.h"

#include "cocotransport/link/tunnel_device.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * Linux looks for an answer that is not there at once after 700 to 1,000 us (tpm_try_transmit: the
 * range TPM_TIMEOUT_POLL less TPM_TIMEOUT_RANGE_US), and sleeps through all of it unless a timer
 * ends within. So one of ours does. Its interrupt mostly comes late enough to be behind the 700 us,
 * though they start when the command was sent; where it does not, the second one's does.
 */
static const long looks_ns[] = { 700 * 1000, 800 * 1000 };

struct TunnelDevice {
    gint users;
    int fd;
    int timers[G_N_ELEMENTS(looks_ns)];   /* -1: the kernel's time it is */
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
    for (guint i = 0; i < G_N_ELEMENTS(looks_ns); i++)
        io_close(&d->timers[i]);
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

static void
look_early(TunnelDevice *d)
{
    for (guint i = 0; i < G_N_ELEMENTS(looks_ns); i++) {
        const struct itimerspec once = { .it_value.tv_nsec = looks_ns[i] };

        if (d->timers[i] >= 0)
            timerfd_settime(d->timers[i], 0, &once, NULL);
    }
}

gboolean
tunnel_device_exchange(TunnelDevice *d, const guint8 *frame, gsize len,
                       guint8 ret[static TUNNEL_FRAME_MAX], gsize *ret_len, GError **error)
{
    ssize_t n;

    look_early(d);
    do {
        n = write(d->fd, frame, len);
    } while (n < 0 && errno == EINTR);
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
    for (guint i = 0; i < G_N_ELEMENTS(looks_ns); i++)
        d->timers[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
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
