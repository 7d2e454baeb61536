/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcti - command out, answer in, framed by the size field of the header.
 */
#include "config.h"

#include "swtpm_setup/tcti.h"

#include "base/cursor.h"
#include "base/io.h"

#include <string.h>

#define TPM_MESSAGE_LIMIT 4096
#define TPM_HEADER 10
#define TCTI_MAGIC G_GUINT64_CONSTANT(0x636f636f66640001)

struct fd_tcti {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    int fd;
    guint seconds;
    gboolean waiting;        /* a command is out */
    gsize len;               /* of the answer in @answer; 0: not read yet */
    guint8 answer[TPM_MESSAGE_LIMIT];
};

static gint64
deadline_of(const struct fd_tcti *t)
{
    return g_get_monotonic_time() + (gint64)t->seconds * G_USEC_PER_SEC;
}

static TSS2_RC
fd_transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct fd_tcti *t = (struct fd_tcti *)context;

    if (t->waiting)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (!io_write_until(t->fd, command, size, deadline_of(t), NULL))
        return TSS2_TCTI_RC_IO_ERROR;
    t->waiting = TRUE;
    t->len = 0;
    return TSS2_RC_SUCCESS;
}

static gboolean
read_answer(struct fd_tcti *t)
{
    gint64 deadline = deadline_of(t);
    struct cursor in = cursor_from(t->answer + 2, 4);
    guint32 size;

    if (!io_read_until(t->fd, t->answer, TPM_HEADER, deadline, NULL))
        return FALSE;
    size = cursor_be32(&in);
    if (size < TPM_HEADER || size > sizeof(t->answer)
        || !io_read_until(t->fd, t->answer + TPM_HEADER, size - TPM_HEADER, deadline, NULL))
        return FALSE;
    t->len = size;
    return TRUE;
}

static TSS2_RC
fd_receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
    struct fd_tcti *t = (struct fd_tcti *)context;
    gsize room = *size;

    (void)timeout;           /* ESAPI's blocking calls wait without a bound; ours is in the context */
    if (!t->waiting)
        return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (t->len == 0 && !read_answer(t)) {
        t->waiting = FALSE;
        return TSS2_TCTI_RC_IO_ERROR;
    }
    *size = t->len;
    if (response == NULL)
        return TSS2_RC_SUCCESS;
    if (room < t->len)
        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    memcpy(response, t->answer, t->len);
    t->waiting = FALSE;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC
fd_cancel(TSS2_TCTI_CONTEXT *context)
{
    (void)context;
    return TSS2_TCTI_RC_NOT_SUPPORTED;
}

static TSS2_RC
fd_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
    (void)context;
    (void)handles;
    (void)count;
    return TSS2_TCTI_RC_NOT_SUPPORTED;
}

static TSS2_RC
fd_set_locality(TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
    (void)context;
    return locality == 0 ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_NOT_SUPPORTED;
}

static TSS2_RC
fd_make_sticky(TSS2_TCTI_CONTEXT *context, TPM2_HANDLE *handle, uint8_t sticky)
{
    (void)context;
    (void)handle;
    (void)sticky;
    return TSS2_TCTI_RC_NOT_SUPPORTED;
}

static void
fd_finalize(TSS2_TCTI_CONTEXT *context)
{
    (void)context;
}

TSS2_TCTI_CONTEXT *
fd_tcti_new(int fd, guint seconds)
{
    struct fd_tcti *t = g_new0(struct fd_tcti, 1);

    t->common.v1.magic = TCTI_MAGIC;
    t->common.v1.version = 2;
    t->common.v1.transmit = fd_transmit;
    t->common.v1.receive = fd_receive;
    t->common.v1.finalize = fd_finalize;
    t->common.v1.cancel = fd_cancel;
    t->common.v1.getPollHandles = fd_poll_handles;
    t->common.v1.setLocality = fd_set_locality;
    t->common.makeSticky = fd_make_sticky;
    t->fd = fd;
    t->seconds = seconds;
    return (TSS2_TCTI_CONTEXT *)t;
}

void
fd_tcti_free(TSS2_TCTI_CONTEXT *tcti)
{
    g_free(tcti);
}
