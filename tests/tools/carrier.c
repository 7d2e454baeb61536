/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * carrier - QEMU and the guest's kernel in one, as far as the in-band tunnel
 * needs them: takes a TPM device from "cocotpm-relay --ctrl" as QEMU does, and
 * makes a stream through it for each connection, as the driver does in a guest.
 *
 *   carrier --ctrl PATH --listen PATH [--size N] [--patience MS] [--via PATH --back PATH]
 *           [--orders PATH]
 *
 * With --via the device's commands go through whoever listens there (the
 * attacker), who has to connect to --back for each connection. An answer that
 * does not come within --patience is a time-out of the kernel's driver. Ends
 * with status 3 when the device is gone for good. On --orders, a line is a control
 * request more, in hex, and what descriptor comes along (orders.h); its answer is
 * a line of hex.
 */
#include "config.h"

#include "tests/tools/orders.h"

#include "base/builder.h"
#include "base/io.h"
#include "base/options.h"
#include "cocotransport/link/link.h"
#include "cocotransport/link/tunnel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_SECONDS 60
#define DEVICE_GONE 3

enum { CTRL_INIT = 0x02, CTRL_SET_DATAFD = 0x10, CTRL_SET_BUFFERSIZE = 0x11 };

struct config {
    char *ctrl, *listen, *via, *back, *orders;
    guint size, patience;
};

static const struct option_row rows[] = {
    { "ctrl", 0, OPTION_STRING, offsetof(struct config, ctrl), "PATH", "of the relay" },
    { "listen", 0, OPTION_STRING, offsetof(struct config, listen), "PATH", "for the driver" },
    { "size", 0, OPTION_UINT, offsetof(struct config, size), "N", "of the device's buffer" },
    { "patience", 0, OPTION_UINT, offsetof(struct config, patience), "MS", "of the kernel" },
    { "via", 0, OPTION_STRING, offsetof(struct config, via), "PATH", "of the attacker" },
    { "back", 0, OPTION_STRING, offsetof(struct config, back), "PATH", "for the attacker" },
    { "orders", 0, OPTION_STRING, offsetof(struct config, orders), "PATH", "for control requests" },
    { 0 }
};

static G_NORETURN void
die(const char *what)
{
    fprintf(stderr, "carrier: %s\n", what);
    exit(EXIT_FAILURE);
}

static gint64
patience(void)
{
    return g_get_monotonic_time() + CONNECT_SECONDS * G_USEC_PER_SEC;
}

static struct link_address
unix_address(char *path)
{
    return (struct link_address){ .kind = LINK_UNIX, .fd = -1, .mode = 0600, .path = path };
}

static int
connect_to(char *path)
{
    const struct link_address a = unix_address(path);
    int fd = link_connect(&a, patience(), NULL);

    if (fd < 0 || !io_set_nonblocking(fd, FALSE, NULL))
        die(path);
    return fd;
}

static int
listen_on(char *path)
{
    const struct link_address a = unix_address(path);
    int fd = link_listen(&a, NULL);

    if (fd < 0)
        die(path);
    return fd;
}

/* The next connection; blocking. */
static int
accept_one(int listener)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };
    int fd;

    while ((fd = link_accept(listener, NULL)) < 0)
        (void)poll(&p, 1, -1);
    io_set_nonblocking(fd, FALSE, NULL);
    return fd;
}

static void
control(int sock, guint32 code, guint32 argument, gsize len, int fd)
{
    guint8 request[8], answer[64];
    struct builder out = builder_on(request, sizeof(request));

    builder_be32(&out, code);
    builder_be32(&out, argument);
    if (!io_send_fd(sock, request, len, fd, NULL) || read(sock, answer, sizeof(answer)) < 4)
        die("the relay does not answer a control request");
    if (memcmp(answer, "\0\0\0\0", 4) != 0)
        die("the relay refuses a control request");
}

/* The two ends of the data channel: the device, and what the relay gets. */
static void
data_channel(const struct config *c, int ret[static 2])
{
    int listener;

    if (!c->via) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret) < 0)
            die("no socket pair");
        return;
    }
    listener = listen_on(c->back);
    ret[0] = connect_to(c->via);
    ret[1] = accept_one(listener);
    io_close(&listener);
}

static int
device_open(const struct config *c, int sock)
{
    const struct timeval limit = { c->patience / 1000, c->patience % 1000 * 1000 };
    int data[2];

    data_channel(c, data);
    control(sock, CTRL_SET_DATAFD, 0, 4, data[1]);
    io_close(&data[1]);
    control(sock, CTRL_SET_BUFFERSIZE, c->size, 8, -1);
    control(sock, CTRL_INIT, 0, 8, -1);
    if (c->patience > 0)
        setsockopt(data[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return data[0];
}

/* FALSE: one side has ended. */
static gboolean
pass_there(int fd, Stream *stream)
{
    guint8 chunk[16384];
    ssize_t n = read(fd, chunk, sizeof(chunk));

    return n > 0 && stream_send(stream, chunk, (gsize)n) == n;
}

static gboolean
pass_back(Stream *stream, int fd)
{
    guint8 chunk[16384];
    ssize_t n = stream_recv(stream, chunk, sizeof(chunk));

    return n < 0 ? errno == EAGAIN : n > 0 && io_write_full(fd, chunk, (gsize)n, NULL);
}

/* @fd is the driver's, @stream the tunnel's. */
static void
serve(int fd, Stream *stream)
{
    struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };

    for (;;) {
        p[1].fd = stream_poll_fd(stream);
        if (poll(p, 2, -1) < 0)
            break;
        if (p[0].revents && !pass_there(fd, stream))
            break;
        if (p[1].revents && !pass_back(stream, fd))
            break;
    }
}

static gboolean
device_gone(int fd)
{
    struct pollfd p = { .fd = fd, .events = 0 };

    return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

int
main(int argc, char **argv)
{
    struct config c = { .size = 4096 };
    g_autoptr(TunnelDevice) device = NULL;
    int sock, data, listener;

    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(rows, argc, argv, &c, NULL, NULL) || !c.ctrl || !c.listen
        || !c.via != !c.back)
        die("usage: carrier --ctrl PATH --listen PATH [--via PATH --back PATH]");
    sock = connect_to(c.ctrl);
    data = device_open(&c, sock);
    device = tunnel_device_take(data);
    if (c.orders != NULL)
        orders_serve(listen_on(c.orders), sock);
    listener = listen_on(c.listen);
    while (!device_gone(data)) {
        int fd = accept_one(listener);
        g_autoptr(Stream) stream = tunnel_connect(device, patience(), NULL);

        if (stream)
            serve(fd, stream);
        io_close(&fd);
    }
    io_close(&sock);
    return DEVICE_GONE;
}
