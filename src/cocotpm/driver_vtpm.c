/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_vtpm - one read is one command, one write its answer; the kernel sends
 * the next one only then.
 */
#include "config.h"

#include "cocotpm/driver_vtpm.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "base/watch.h"
#include "cocotransport/wire/message.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <linux/vtpm_proxy.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PROXY "/dev/vtpmx"
#define LOOK_MS 20

struct DriverVtpm {
    struct driver_tpm *tpm;
    const struct driver_vtpm_events *events;
    gpointer data;
    int fd;
    guint watch, look;
    char *managed;                   /* /dev/tpmrmN */
    guint8 command[TPM_MESSAGE_MAX];
};

static gboolean readable(int fd, GIOCondition condition, gpointer data);

static void
wait_command(DriverVtpm *v)
{
    gnutls_memset(v->command, 0, sizeof(v->command));
    v->watch = watch_fd(v->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, v);
}

static void
answer(const guint8 *message, gsize len, gpointer data)
{
    DriverVtpm *v = data;
    ssize_t n = write(v->fd, message, len);

    /* EIO: the kernel has given this command up, after its time-out, and has the next one. */
    if (n == (ssize_t)len || (n < 0 && errno == EIO))
        wait_command(v);
    else
        v->events->gone(v->data);
}

static void
locality_set(guint32 result, gpointer data)
{
    guint8 memory[MESSAGE_HEADER];
    struct builder out = builder_on(memory, sizeof(memory));

    message_header_write(&out, TAG_TPM_NO_SESSIONS, MESSAGE_HEADER, result);
    answer(memory, sizeof(memory), data);
}

static gboolean
readable(int fd, GIOCondition condition, gpointer data)
{
    DriverVtpm *v = data;
    ssize_t n = read(fd, v->command, sizeof(v->command));
    struct cursor in = cursor_from(v->command, n > 0 ? (gsize)n : 0);
    struct message_header h = { 0 };

    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    v->watch = 0;
    if (!message_header_parse(&in, TPM_MESSAGE_MAX, &h, NULL) || h.size != (gsize)n)
        v->events->gone(v->data);
    else if (h.code == TPM2_CC_SET_LOCALITY && cursor_left(&in) == 1)
        v->tpm->ops->locality(v->tpm, cursor_u8(&in), locality_set, v);
    else
        v->tpm->ops->command(v->tpm, v->command, (gsize)n, answer, v);
    return G_SOURCE_REMOVE;
}

/* The kernel asks the TPM what it is before it makes the devices. */
static gboolean
look(gpointer data)
{
    DriverVtpm *v = data;

    if (access(v->managed, F_OK) < 0)
        return G_SOURCE_CONTINUE;
    v->look = 0;
    v->events->ready(v->data);
    return G_SOURCE_REMOVE;
}

static gboolean
link_to(const char *name, const char *target, GError **error)
{
    if (unlink(name) < 0 && errno != ENOENT)
        return error_errno(error, errno, "%s", name);
    return symlink(target, name) == 0 || error_errno(error, errno, "%s", name);
}

static gboolean
no_proxy(GError **error)
{
    return error_errno(error, errno, "--vtpm-proxy: %s (kernel module tpm_vtpm_proxy)", PROXY);
}

gboolean
driver_vtpm_there(GError **error)
{
    return access(PROXY, R_OK | W_OK) == 0 || no_proxy(error);
}

static gboolean
open_proxy(DriverVtpm *v, guint *ret_number, GError **error)
{
    struct vtpm_proxy_new_dev wanted = { .flags = VTPM_PROXY_FLAG_TPM2 };
    g_auto(AutoFd) proxy = open(PROXY, O_RDWR | O_CLOEXEC);

    if (proxy < 0)
        return no_proxy(error);
    if (ioctl(proxy, VTPM_PROXY_IOC_NEW_DEV, &wanted) < 0)
        return error_errno(error, errno, "--vtpm-proxy: %s", PROXY);
    v->fd = (int)wanted.fd;
    *ret_number = wanted.tpm_num;
    return fcntl(v->fd, F_SETFD, FD_CLOEXEC) == 0 || error_errno(error, errno, "--vtpm-proxy");
}

DriverVtpm *
driver_vtpm_new(struct driver_tpm *tpm, const struct driver_vtpm_events *events, gpointer data,
                GError **error)
{
    DriverVtpm *v = g_new0(DriverVtpm, 1);
    g_autofree char *plain = NULL;
    guint number = 0;

    *v = (DriverVtpm){ .tpm = tpm, .events = events, .data = data, .fd = -1 };
    if (open_proxy(v, &number, error)) {
        plain = g_strdup_printf("/dev/tpm%u", number);
        v->managed = g_strdup_printf("/dev/tpmrm%u", number);
    }
    if (!plain || !link_to(VTPM_LINK, plain, error) ||
        !link_to(VTPM_LINK_MANAGED, v->managed, error)) {
        driver_vtpm_free(v);
        return NULL;
    }
    wait_command(v);
    v->look = g_timeout_add(LOOK_MS, look, v);
    return v;
}

void
driver_vtpm_free(DriverVtpm *v)
{
    if (!v)
        return;
    g_clear_handle_id(&v->watch, g_source_remove);
    g_clear_handle_id(&v->look, g_source_remove);
    if (v->managed) {
        unlink(VTPM_LINK);
        unlink(VTPM_LINK_MANAGED);
    }
    io_close(&v->fd);
    gnutls_memset(v->command, 0, sizeof(v->command));
    g_free(v->managed);
    g_free(v);
}
