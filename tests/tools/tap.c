/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tap - the host's ear between QEMU and its TPM emulator: takes QEMU's control
 * socket, hands requests on, and puts itself in the middle of the data channel.
 *
 *   tap --listen PATH --to PATH --record FILE
 *
 * Each line of FILE is one message in hexadecimal digits: "> " a TPM command, "< "
 * its answer, "c " a control request, "r " its answer.
 */
#include "config.h"

#include "base/cursor.h"
#include "base/io.h"
#include "base/options.h"
#include "cocotransport/link/link.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_SECONDS 30
#define MESSAGE_MAX 65536
#define MESSAGE_HEADER 10

struct config {
    char *listen, *to, *record;
};

static const struct option_row rows[] = {
    { "listen", 0, OPTION_STRING, offsetof(struct config, listen), "PATH", "for QEMU" },
    { "to", 0, OPTION_STRING, offsetof(struct config, to), "PATH", "of the emulator" },
    { "record", 0, OPTION_STRING, offsetof(struct config, record), "FILE", "what passes" },
    { 0 }
};

struct tap {
    FILE *record;
    int control[2], data[2];         /* of QEMU, of the emulator */
    gsize len[2];                    /* of a message that is not whole yet */
    guint8 part[2][MESSAGE_MAX];
};

static G_NORETURN void
die(const char *what)
{
    fprintf(stderr, "tap: %s\n", what);
    exit(EXIT_FAILURE);
}

static void
note(struct tap *t, char mark, const guint8 *bytes, gsize len)
{
    fprintf(t->record, "%c ", mark);
    for (gsize i = 0; i < len; i++)
        fprintf(t->record, "%02x", bytes[i]);
    fputc('\n', t->record);
    fflush(t->record);
}

/* One read, with the descriptor that came along. */
static ssize_t
read_with_fd(int sock, guint8 *buffer, gsize size, int *ret_fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } space = { 0 };
    struct iovec iov = { buffer, size };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.bytes,
                          .msg_controllen = sizeof(space.bytes) };
    ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    struct cmsghdr *m = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

    if (m && m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(m), sizeof(int));
    return n;
}

/* FALSE: one side has ended. */
static gboolean
control_pass(struct tap *t, guint from)
{
    guint8 bytes[4096];
    int fd = -1, pair[2] = { -1, -1 };
    ssize_t n = read_with_fd(t->control[from], bytes, sizeof(bytes), &fd);

    if (n <= 0)
        return FALSE;
    note(t, from == 0 ? 'c' : 'r', bytes, (gsize)n);
    if (fd >= 0) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
            die("no socket pair");
        t->data[0] = fd;
        t->data[1] = pair[0];
    }
    if (!io_send_fd(t->control[!from], bytes, (gsize)n, pair[1], NULL))
        return FALSE;
    io_close(&pair[1]);
    return TRUE;
}

static gboolean
data_pass(struct tap *t, guint from)
{
    guint8 *part = t->part[from];
    ssize_t n = read(t->data[from], part + t->len[from], MESSAGE_MAX - t->len[from]);

    if (n <= 0 || !io_write_full(t->data[!from], part + t->len[from], (gsize)n, NULL))
        return FALSE;
    t->len[from] += (gsize)n;
    while (t->len[from] >= MESSAGE_HEADER) {
        struct cursor in = cursor_from(part + 2, 4);
        gsize size = cursor_be32(&in);

        if (size < MESSAGE_HEADER || size > t->len[from])
            break;
        note(t, from == 0 ? '>' : '<', part, size);
        t->len[from] -= size;
        memmove(part, part + size, t->len[from]);
    }
    return TRUE;
}

static void
pass_until_end(struct tap *t)
{
    for (;;) {
        struct pollfd p[4] = {
            { t->control[0], POLLIN, 0 }, { t->control[1], POLLIN, 0 },
            { t->data[0], POLLIN, 0 },    { t->data[1], POLLIN, 0 },
        };

        if (poll(p, G_N_ELEMENTS(p), -1) < 0)
            die("poll");
        for (guint i = 0; i < 2; i++) {
            if (p[i].revents && !control_pass(t, i))
                return;
            if (p[2 + i].revents && !data_pass(t, i)) {
                io_close(&t->data[0]);
                io_close(&t->data[1]);
            }
        }
    }
}

int
main(int argc, char **argv)
{
    static struct tap t = { .data = { -1, -1 } };
    struct config c = { 0 };
    struct link_address address = { .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    struct pollfd p = { .events = POLLIN };

    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(rows, argc, argv, &c, NULL, NULL) || !c.listen || !c.to || !c.record)
        die("usage: tap --listen PATH --to PATH --record FILE");
    t.record = fopen(c.record, "w");
    address.path = c.listen;
    p.fd = link_listen(&address, NULL);
    if (!t.record || p.fd < 0)
        die("cannot listen or record");
    while ((t.control[0] = link_accept(p.fd, NULL)) < 0)
        poll(&p, 1, -1);
    address.path = c.to;
    t.control[1] = link_connect(&address, g_get_monotonic_time() + CONNECT_SECONDS * G_USEC_PER_SEC,
                                NULL);
    if (t.control[1] < 0)
        die("nobody to pass things to");
    pass_until_end(&t);
    return EXIT_SUCCESS;
}
