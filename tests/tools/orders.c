/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * orders - one at a time.
 */
#include "config.h"

#include "tests/tools/orders.h"

#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/link/link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECONDS 60
#define WAIT_MS 3000                 /* for an answer that may not come */
#define LINE_MAX_BYTES 16384
#define MANY 9

struct orders {
    int listener, control;
    int data;                        /* our end of the socket that was taken last; -1: none */
    int offered;                     /* of the one that goes with this request */
};

/* ---- descriptors ---- */

static int
open_pair(struct orders *o, gboolean keep)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    if (keep) {
        o->offered = pair[0];
    } else {
        io_close(&pair[0]);
    }
    return pair[1];
}

static guint
open_socket(struct orders *o, int *ret)
{
    ret[0] = open_pair(o, TRUE);
    return 1;
}

static guint
open_closed(struct orders *o, int *ret)
{
    ret[0] = open_pair(o, FALSE);
    return 1;
}

static guint
open_file(struct orders *o, int *ret)
{
    (void)o;
    ret[0] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    return 1;
}

static guint
open_null(struct orders *o, int *ret)
{
    (void)o;
    ret[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
    return 1;
}

static guint
open_dir(struct orders *o, int *ret)
{
    (void)o;
    ret[0] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return 1;
}

static guint
open_stream(struct orders *o, int *ret)
{
    (void)o;
    ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return 1;
}

static guint
open_two(struct orders *o, int *ret)
{
    ret[0] = open_pair(o, TRUE);
    ret[1] = open_pair(o, FALSE);
    return 2;
}

static guint
open_many(struct orders *o, int *ret)
{
    ret[0] = open_pair(o, TRUE);
    for (guint i = 1; i < MANY; i++)
        ret[i] = open_pair(o, FALSE);
    return MANY;
}

static const struct {
    const char *name;
    guint (*open)(struct orders *o, int *ret);
} descriptors[] = {
    { "socket", open_socket }, { "closed", open_closed }, { "file", open_file },
    { "null", open_null },     { "dir", open_dir },       { "stream", open_stream },
    { "two", open_two },       { "many", open_many },
};

static guint
open_descriptors(struct orders *o, const char *what, int *ret)
{
    for (gsize i = 0; what != NULL && i < G_N_ELEMENTS(descriptors); i++)
        if (strcmp(descriptors[i].name, what) == 0)
            return descriptors[i].open(o, ret);
    return 0;
}

/* ---- orders ---- */

static gboolean
send_request(int sock, const guint8 *bytes, gsize len, const int *fds, guint count)
{
    union {
        char bytes[CMSG_SPACE(MANY * sizeof(int))];
        struct cmsghdr align;
    } space = { { 0 } };
    struct iovec iov = { (void *)bytes, len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (count > 0) {
        struct cmsghdr *c = &space.align;

        msg.msg_control = space.bytes;
        msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    }
    return sendmsg(sock, &msg, MSG_NOSIGNAL) == (ssize_t)len;
}

static void
hear(int sock, GString *ret)
{
    struct pollfd p = { .fd = sock, .events = POLLIN };
    guint8 answer[4096];
    ssize_t n;

    if (poll(&p, 1, WAIT_MS) <= 0)
        return;
    n = read(sock, answer, sizeof(answer));
    if (n <= 0)
        g_string_assign(ret, "closed");
    for (ssize_t i = 0; i < n; i++)
        g_string_append_printf(ret, "%02x", answer[i]);
}

static void
obey(struct orders *o, char **words, GString *ret)
{
    const gboolean data = strcmp(words[0], "data") == 0;
    const char *hex = data ? words[1] : words[0];
    const int sock = data ? o->data : o->control;
    const gsize len = hex != NULL ? strlen(hex) / 2 : 0;
    g_autofree guint8 *bytes = g_malloc0(len + 1);
    int fds[MANY];
    guint count = data ? 0 : open_descriptors(o, words[1], fds);

    if (hex == NULL || !hex_decode(hex, bytes, len, NULL))
        g_string_assign(ret, "no");
    else if (!send_request(sock, bytes, len, fds, count))
        g_string_assign(ret, "closed");
    else
        hear(sock, ret);
    for (guint i = 0; i < count; i++)
        io_close(&fds[i]);
    if (o->offered >= 0 && strcmp(ret->str, "00000000") == 0) {
        io_close(&o->data);
        o->data = o->offered;
        o->offered = -1;
    }
    io_close(&o->offered);
}

static void
serve_one(struct orders *o, int fd)
{
    const gint64 deadline = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GString) answer = g_string_new(NULL);
    g_auto(GStrv) words = NULL;
    char c;

    while (line->len < LINE_MAX_BYTES && io_read_until(fd, &c, 1, deadline, NULL) && c != '\n')
        g_string_append_c(line, c);
    words = g_strsplit(line->str, " ", 2);
    if (words[0] != NULL)
        obey(o, words, answer);
    g_string_append_c(answer, '\n');
    io_write_until(fd, answer->str, answer->len, deadline, NULL);
}

static gpointer
run(gpointer data)
{
    struct orders *o = data;

    for (;;) {
        struct pollfd p = { .fd = o->listener, .events = POLLIN };
        g_auto(AutoFd) fd = poll(&p, 1, -1) > 0 ? link_accept(o->listener, NULL) : -1;

        if (fd >= 0)
            serve_one(o, fd);
    }
    return NULL;
}

void
orders_serve(int listener, int control)
{
    struct orders *o = g_new0(struct orders, 1);

    *o = (struct orders){ listener, control, -1, -1 };
    g_thread_unref(g_thread_new("orders", run, o));
}
