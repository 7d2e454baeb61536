/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider_emulator - a launch of cocotpm-snpemu(8), for tests and the quick
 * start: the guest device over a Unix socket. Its reports are signed under a
 * root that no policy trusts unless it is told to.
 */
#include "cocotransport/attest/emulator_wire.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ANSWER_SECONDS 60

struct emulator {
    struct snpdev device;
    AutoFd fd;
};

static gboolean
emulator_exchange(int fd, uint8_t *frame, size_t len, Secret **ret, GError **error)
{
    const gint64 deadline = g_get_monotonic_time() + ANSWER_SECONDS * G_TIME_SPAN_SECOND;
    uint8_t prefix[EMULATOR_PREFIX];
    struct cursor in = cursor_from(prefix, sizeof(prefix));
    g_autoptr(Secret) answer = NULL;
    uint32_t size = 0;

    if (!io_write_until(fd, frame, len, deadline, error)
        || !io_read_until(fd, prefix, sizeof(prefix), deadline, error))
        return FALSE;
    size = cursor_be32(&in);
    if (size == 0 || size > EMULATOR_FRAME_MAX)
        return error_malformed(error, "a frame of %u bytes", size);
    answer = secret_new(size);
    if (!io_read_until(fd, secret_bytes(answer), size, deadline, error))
        return FALSE;
    *ret = g_steal_pointer(&answer);
    return TRUE;
}

static gboolean
emulator_send(struct snpdev *d, const struct snpdev_request *request, struct snpdev_answer *ret,
              GError **error)
{
    struct emulator *e = (struct emulator *)d;
    uint8_t frame[256];
    struct builder b = builder_on(frame, sizeof(frame));
    struct cursor in = { 0 };
    g_autoptr(Secret) answer = NULL;

    builder_be32(&b, 0);
    builder_be16(&b, EMULATOR_DEVICE);
    emulator_request_write(request, &b);
    builder_be32_at(&b, 0, (uint32_t)builder_len(&b) - EMULATOR_PREFIX);
    if (!emulator_exchange(e->fd, frame, builder_len(&b), &answer, error)) {
        g_prefix_error(error, "emulated launch: ");
        return FALSE;
    }
    in = cursor_from(secret_peek(answer), secret_len(answer));
    if (cursor_be16(&in) != EMULATOR_DEVICE)
        return error_malformed(error, "a broken answer from an emulated launch");
    return emulator_answer_parse(&in, ret, error);
}

static void
emulator_free(Provider *p)
{
    struct emulator *e = (struct emulator *)p;

    io_close(&e->fd);
    g_free(e);
}

static const struct provider_ops emulator_ops = {
    .name = "emulator",
    .emulated = TRUE,
    .evidence = snpdev_evidence,
    .derive_key = snpdev_derive_key,
    .burn = snpdev_burn,
    .free = emulator_free,
};

Provider *
provider_emulator_open(const char *argument, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_auto(AutoFd) fd = -1;
    struct emulator *e = NULL;

    if (argument == NULL || argument[0] == '\0' || strlen(argument) >= sizeof(address.sun_path)) {
        error_malformed(error, "platform emulator:SOCKET needs the path of a launch, below %zu "
                        "characters", sizeof(address.sun_path));
        return NULL;
    }
    memcpy(address.sun_path, argument, strlen(argument));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        error_errno(error, errno, "emulated launch %s", argument);
        return NULL;
    }
    e = g_new0(struct emulator, 1);
    e->device.parent.ops = &emulator_ops;
    e->device.send = emulator_send;
    e->fd = fd;
    fd = -1;
    return &e->device.parent;
}
