/* SPDX-License-Identifier: BSD-3-Clause */
/* test_io - whole transfers, bounds, and files that are there whole or not at all. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "suites.h"

Suite *io_suite(void);

START_TEST(reads_end_where_they_should)
{
    g_autoptr(GError) error = NULL;
    char buf[8] = "";
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(io_write_full(ends[1], "abcdef", 6, &error));
    ck_assert(io_read_full(ends[0], buf, 4, &error));
    ck_assert_str_eq(buf, "abcd");
    io_close(&ends[1]);
    ck_assert_int_eq(ends[1], -1);
    ck_assert(!io_read_full(ends[0], buf, 4, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    io_close(&ends[0]);
}
END_TEST

START_TEST(a_silent_peer_is_left)
{
    g_autoptr(GError) error = NULL;
    const gint64 soon = g_get_monotonic_time() + 10000;
    char byte;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(!io_read_until(ends[0], &byte, 1, soon, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    ck_assert_ptr_nonnull(strstr(error->message, "timed out"));
    io_close(&ends[0]);
    io_close(&ends[1]);
}
END_TEST

START_TEST(a_full_pipe_is_waited_for_until_the_deadline)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *much = g_malloc0(1024 * 1024);
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(io_set_nonblocking(ends[1], TRUE, &error));
    ck_assert(!io_write_until(ends[1], much, 1024 * 1024, g_get_monotonic_time() + 10000,
                              &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    io_close(&ends[0]);
    io_close(&ends[1]);
}
END_TEST

START_TEST(files_are_read_up_to_their_bound)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;

    ck_assert(io_write_file(path, "12345", 5, 0640, &error));
    bytes = io_read_file(path, 5, &error);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(g_bytes_get_size(bytes), 5);
    ck_assert_ptr_null(io_read_file(path, 4, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    ck_assert_ptr_nonnull(strstr(error->message, path));
    g_clear_error(&error);
    ck_assert(io_write_file(path, NULL, 0, 0640, &error));
    g_bytes_unref(bytes);
    bytes = io_read_file(path, 0, &error);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_ptr_null(io_read_file(folder, 10, NULL));
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_written_file_has_its_mode_and_leaves_nothing_beside_it)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autoptr(GDir) dir = NULL;
    struct stat st;

    ck_assert(io_write_file(path, "1", 1, 0600, NULL));
    ck_assert(io_write_file(path, "22", 2, 0604, NULL));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0604);
    ck_assert_int_eq(st.st_size, 2);
    /* A folder in its place cannot be replaced: the old thing stays, the new one is gone. */
    ck_assert_int_eq(g_unlink(path), 0);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    ck_assert(!io_write_file(path, "1", 1, 0600, NULL));
    dir = g_dir_open(folder, 0, NULL);
    ck_assert_str_eq(g_dir_read_name(dir), "file");
    ck_assert_ptr_null(g_dir_read_name(dir));
    test_folder_remove(folder);
}
END_TEST

START_TEST(a_descriptor_crosses_a_socket)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char text[3] = "";
    struct iovec iov = { .iov_base = text, .iov_len = 2 };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    struct cmsghdr *header;
    int pair[2];
    int fd = -1;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert(io_send_fd(pair[0], "hi", 2, pair[0], NULL));
    ck_assert_int_eq(recvmsg(pair[1], &message, 0), 2);
    ck_assert_str_eq(text, "hi");
    header = CMSG_FIRSTHDR(&message);
    ck_assert_ptr_nonnull(header);
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    ck_assert_int_ge(fd, 0);
    ck_assert(io_write_full(fd, "yo", 2, NULL));
    ck_assert(io_read_full(pair[1], text, 2, NULL));
    ck_assert_str_eq(text, "yo");
    ck_assert(io_send_fd(pair[0], "no", 2, -1, NULL));
    io_close(&fd);
    io_close(&pair[0]);
    io_close(&pair[1]);
}
END_TEST

START_TEST(closing_keeps_errno)
{
    int fd = -1;

    errno = EBADMSG;
    io_close(&fd);
    fd = 1000000;            /* surely not open: close() itself would set EBADF */
    io_close(&fd);
    ck_assert_int_eq(errno, EBADMSG);
    ck_assert_int_eq(fd, -1);
}
END_TEST

Suite *
io_suite(void)
{
    Suite *suite = suite_create("io");
    TCase *tcase = tcase_create("io");

    tcase_add_test(tcase, reads_end_where_they_should);
    tcase_add_test(tcase, a_silent_peer_is_left);
    tcase_add_test(tcase, a_full_pipe_is_waited_for_until_the_deadline);
    tcase_add_test(tcase, files_are_read_up_to_their_bound);
    tcase_add_test(tcase, a_written_file_has_its_mode_and_leaves_nothing_beside_it);
    tcase_add_test(tcase, a_descriptor_crosses_a_socket);
    tcase_add_test(tcase, closing_keeps_errno);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return suite;
}
