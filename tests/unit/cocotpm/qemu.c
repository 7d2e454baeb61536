/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "qemu.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (30 * G_USEC_PER_SEC)

static void
vm_gone(gpointer data)
{
    ((struct qemu *)data)->gone++;
}

static void
vm_shutdown(gpointer data)
{
    ((struct qemu *)data)->shutdown++;
}

static const struct relay_control_events events = { vm_gone, vm_shutdown };

void
qemu_settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

gint64
qemu_patience(void)
{
    return g_get_monotonic_time() + PATIENCE;
}

void
qemu_say(int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    ck_assert(io_write_until(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                             qemu_patience(), NULL));
    qemu_settle();
}

/* Reads as soon as the relay, which runs in this thread, has written. */
void
qemu_take(int fd, void *buffer, gsize len)
{
    gint64 end = qemu_patience();
    gsize got = 0;

    while (got < len) {
        ssize_t n = recv(fd, (char *)buffer + got, len - got, MSG_DONTWAIT);

        ck_assert_msg(n != 0, "the relay has closed");
        got += n > 0 ? (gsize)n : 0;
        ck_assert_msg(g_get_monotonic_time() < end, "%zu of %zu bytes came", got, len);
        if (n < 0)
            g_main_context_iteration(NULL, FALSE);
    }
}

void
qemu_expect_end(int fd)
{
    gint64 end = qemu_patience();
    char byte;

    while (recv(fd, &byte, 1, MSG_DONTWAIT) != 0) {
        ck_assert_msg(g_get_monotonic_time() < end, "no end");
        g_main_context_iteration(NULL, FALSE);
    }
}

void
qemu_expect(int fd, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);
    gsize len = g_bytes_get_size(bytes);
    g_autofree guint8 *got = g_malloc0(len + 1);

    qemu_take(fd, got, len);
    ck_assert_msg(memcmp(got, g_bytes_get_data(bytes, NULL), len) == 0, "not %s", hex);
}

void
qemu_expect_at_once(int fd, const char *hex)
{
    char byte;

    qemu_settle();
    ck_assert_msg(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1, "not at once: %s", hex);
    qemu_expect(fd, hex);
}

void
qemu_send_data_fd(struct qemu *s)
{
    const guint8 command[] = { 0, 0, 0, 0x10 };
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert(io_send_fd(s->control, command, sizeof(command), pair[1], NULL));
    close(pair[1]);
    s->data = pair[0];
    qemu_expect(s->control, "00000000");
}

void
qemu_open(struct qemu *s)
{
    *s = (struct qemu){ .folder = test_folder_new(), .link = -1 };
    s->control_address = (struct link_address){ .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    s->to = s->control_address;
    s->control_address.path = g_build_filename(s->folder, "ctrl", NULL);
    s->to.path = g_build_filename(s->folder, "coco", NULL);
    s->listener = link_listen(&s->to, NULL);
    ck_assert(s->listener >= 0);
    s->relay = relay_control_new(link_listen(&s->control_address, NULL), &s->to, &events, s);
    s->control = link_connect(&s->control_address, qemu_patience(), NULL);
    ck_assert(s->control >= 0);
    qemu_send_data_fd(s);
}

void
qemu_close(struct qemu *s)
{
    relay_control_free(s->relay);
    io_close(&s->control);
    io_close(&s->data);
    io_close(&s->listener);
    io_close(&s->link);
    link_address_clear(&s->control_address);
    link_address_clear(&s->to);
    test_folder_remove(s->folder);
}

void
qemu_power_on(struct qemu *s, const char *size)
{
    g_autofree char *buffersize = g_strconcat("00000011", size, NULL);
    guint8 answer[16];

    qemu_say(s->control, "0000000e");
    qemu_expect(s->control, "00000000");
    qemu_say(s->control, buffersize);
    qemu_take(s->control, answer, sizeof(answer));
    qemu_say(s->control, "00000002 00000000");
    qemu_expect(s->control, "00000000");
}

void
qemu_accept_link(struct qemu *s)
{
    gint64 end = qemu_patience();

    io_close(&s->link);
    while (s->link < 0 && g_get_monotonic_time() < end) {
        s->link = link_accept(s->listener, NULL);
        g_main_context_iteration(NULL, FALSE);
    }
    ck_assert(s->link >= 0);
}

void
qemu_open_tunnel(struct qemu *s, const char *frame_max)
{
    g_autofree char *answer = g_strconcat("8001 00000012 00000000 00000001", frame_max, NULL);

    qemu_say(s->data, "8001 0000000e 2000c0c3 00000001");
    qemu_accept_link(s);
    qemu_expect(s->data, answer);
}
