/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of links, and each kind that a plain machine has: bytes through it,
 * nobody there, a path that is taken.
 */
#include "config.h"

#include "cocotransport/link/link.h"

#include "base/error.h"
#include "base/io.h"

#include "suites.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE (30 * G_USEC_PER_SEC)

static const struct {
    const char *text;
    gboolean ok;
    int kind;
    const char *path, *host;
    guint port, cid;
    int fd;
} address_cases[] = {
    { "unixio:/run/x", TRUE, LINK_UNIX, "/run/x", NULL, 0, 0, -1 },
    { "tcp:127.0.0.1:2321", TRUE, LINK_TCP, NULL, "127.0.0.1", 2321, 0, -1 },
    { "tcp:[::1]:2321", TRUE, LINK_TCP, NULL, "::1", 2321, 0, -1 },
    { "vsock:2:0x10", TRUE, LINK_VSOCK, NULL, NULL, 16, 2, -1 },
    { "fd:7", TRUE, LINK_FD, NULL, NULL, 0, 0, 7 },
    { "tpm:/dev/tpm0", TRUE, LINK_TUNNEL, "/dev/tpm0", NULL, 0, 0, -1 },
    { "unixio:", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "tcp:2321", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "tcp:host:", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "tcp:host:65536", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "tcp:host:12x", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "vsock:2", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "vsock:4294967296:1", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "fd:-1", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "fd:", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "tpm:tpm0", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "unix:/run/x", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "unixi", FALSE, 0, NULL, NULL, 0, 0, 0 },
    { "", FALSE, 0, NULL, NULL, 0, 0, 0 },
};

START_TEST(addresses_are_parsed)
{
    struct link_address a = { .port = 99 };
    g_autoptr(GError) error = NULL;

    ck_assert_msg(link_address_parse(address_cases[_i].text, &a, &error) == address_cases[_i].ok,
                  "%s", address_cases[_i].text);
    ck_assert((error != NULL) != address_cases[_i].ok);
    if (!address_cases[_i].ok) {
        ck_assert_uint_eq(a.port, 99);
        return;
    }
    ck_assert_int_eq(a.kind, address_cases[_i].kind);
    ck_assert(g_strcmp0(a.path, address_cases[_i].path) == 0);
    ck_assert(g_strcmp0(a.host, address_cases[_i].host) == 0);
    ck_assert_uint_eq(a.port, address_cases[_i].port);
    ck_assert_uint_eq(a.cid, address_cases[_i].cid);
    ck_assert_int_eq(a.fd, address_cases[_i].fd);
    link_address_clear(&a);
}
END_TEST

static int
accept_soon(int listener)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };
    g_autoptr(GError) error = NULL;
    int fd;

    ck_assert_int_eq(poll(&p, 1, PATIENCE / 1000), 1);
    fd = link_accept(listener, &error);
    ck_assert_msg(fd >= 0, "%s", error ? error->message : "nobody there");
    return fd;
}

/* Both ways through a link, and the end of it. */
static void
check_link(int listener, const struct link_address *to)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    g_autoptr(GError) error = NULL;
    g_auto(AutoFd) client = link_connect(to, deadline, &error);
    g_auto(AutoFd) server = -1;
    char got[5] = "";

    ck_assert_msg(client >= 0, "%s", error ? error->message : "");
    server = accept_soon(listener);
    ck_assert(io_write_until(client, "there", 5, deadline, NULL));
    ck_assert(io_read_until(server, got, 5, deadline, NULL));
    ck_assert_mem_eq(got, "there", 5);
    ck_assert(io_write_until(server, "backs", 5, deadline, NULL));
    ck_assert(io_read_until(client, got, 5, deadline, NULL));
    ck_assert_mem_eq(got, "backs", 5);
    io_close(&client);
    ck_assert(!io_read_until(server, got, 1, deadline, NULL));

    ck_assert_int_eq(link_accept(listener, &error), -1);
    ck_assert_msg(error == NULL, "nobody there is no error");
}

START_TEST(unix_links_work)
{
    char *folder = test_folder_new();
    struct link_address a = { .kind = LINK_UNIX, .fd = -1, .mode = 0640 };
    g_autoptr(GError) error = NULL;
    g_auto(AutoFd) listener = -1;
    struct stat st;

    a.path = g_build_filename(folder, "s", NULL);
    ck_assert_int_eq(link_connect(&a, g_get_monotonic_time() + PATIENCE, &error), -1);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    g_clear_error(&error);

    listener = link_listen(&a, &error);
    ck_assert(listener >= 0);
    ck_assert(stat(a.path, &st) == 0 && (st.st_mode & 0777) == 0640);
    check_link(listener, &a);

    /* A socket that is served is not taken away; a stale one is. */
    ck_assert_int_eq(link_listen(&a, &error), -1);
    ck_assert(error != NULL);
    g_clear_error(&error);
    io_close(&listener);
    listener = link_listen(&a, &error);
    ck_assert(listener >= 0);
    io_close(&listener);

    /* A file is no socket, stale or not. */
    g_unlink(a.path);
    ck_assert(g_file_set_contents(a.path, "x", 1, NULL));
    ck_assert_int_eq(link_listen(&a, &error), -1);
    ck_assert(g_file_test(a.path, G_FILE_TEST_IS_REGULAR));

    link_address_clear(&a);
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_long_path_is_refused)
{
    struct link_address a = { .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    g_autoptr(GError) error = NULL;

    a.path = g_strnfill(108, 'x');
    ck_assert_int_eq(link_connect(&a, 0, &error), -1);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    link_address_clear(&a);
}
END_TEST

static guint
bound_port(int fd)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);

    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    return ntohs(in.sin_port);
}

START_TEST(tcp_links_work)
{
    struct link_address a = { .kind = LINK_TCP, .fd = -1 };
    g_autoptr(GError) error = NULL;
    g_auto(AutoFd) listener = link_listen(&a, &error);

    ck_assert_msg(listener >= 0, "%s", error ? error->message : "");
    a.port = bound_port(listener);
    check_link(listener, &a);
    io_close(&listener);
    ck_assert_int_eq(link_connect(&a, g_get_monotonic_time() + PATIENCE, &error), -1);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
}
END_TEST

START_TEST(inherited_links_work)
{
    struct link_address listens = { .kind = LINK_FD, .fd = -1 };
    struct link_address tcp = { .kind = LINK_TCP, .fd = -1 };
    g_autoptr(GError) error = NULL;
    int pair[2];
    struct link_address a = { .kind = LINK_FD, .fd = -1 };

    listens.fd = link_listen(&tcp, &error);
    ck_assert(listens.fd >= 0);
    tcp.port = bound_port(listens.fd);
    ck_assert_int_eq(link_listen(&listens, &error), listens.fd);
    check_link(listens.fd, &tcp);
    /* A listening descriptor is no connected one, and the reverse. */
    ck_assert_int_eq(link_connect(&listens, 0, &error), -1);
    g_clear_error(&error);

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    a.fd = pair[0];
    ck_assert_int_eq(link_connect(&a, 0, &error), pair[0]);
    ck_assert_int_eq(link_listen(&a, &error), -1);
    g_clear_error(&error);
    close(listens.fd);
    close(pair[0]);
    close(pair[1]);
    ck_assert_int_eq(link_connect(&a, 0, &error), -1);
    ck_assert(error != NULL);
}
END_TEST

START_TEST(a_tunnel_is_no_socket)
{
    struct link_address a = { .kind = LINK_TUNNEL, .fd = -1 };
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(link_connect(&a, 0, &error), -1);
    ck_assert(error != NULL);
    g_clear_error(&error);
    ck_assert_int_eq(link_listen(&a, &error), -1);
    ck_assert(error != NULL);
}
END_TEST

Suite *link_suite(void);

Suite *
link_suite(void)
{
    Suite *s = suite_create("link");
    TCase *t = tcase_create("kinds");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, addresses_are_parsed, 0, G_N_ELEMENTS(address_cases));
    tcase_add_test(t, unix_links_work);
    tcase_add_test(t, a_long_path_is_refused);
    tcase_add_test(t, tcp_links_work);
    tcase_add_test(t, inherited_links_work);
    tcase_add_test(t, a_tunnel_is_no_socket);
    suite_add_tcase(s, t);
    return s;
}
