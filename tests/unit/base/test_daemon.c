/* SPDX-License-Identifier: BSD-3-Clause */
/* test_daemon - what the waiting parent's exit status says; pid files; systemd's socket;
 * giving up memory and root. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/io.h"
#include "base/isolate.h"
#include "suites.h"

Suite *daemon_suite(void);

/* Exit status of a process that goes to the background and then says @ready or ends with @status. */
static int
status_of_daemon(gboolean ready, int status)
{
    int result = 0;
    const pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int ready_fd = -1;

        if (!daemon_start(&ready_fd, NULL))
            _exit(99);
        if (ready)
            daemon_ready(&ready_fd);
        _exit(status);
    }
    ck_assert_int_eq(waitpid(pid, &result, 0), pid);
    ck_assert(WIFEXITED(result));
    return WEXITSTATUS(result);
}

START_TEST(the_parent_tells_how_it_went)
{
    ck_assert_int_eq(status_of_daemon(TRUE, 7), 0);
    ck_assert_int_eq(status_of_daemon(FALSE, 7), 7);
    /* Ending without a word is a failure, whatever the status says. */
    ck_assert_int_eq(status_of_daemon(FALSE, 0), EXIT_FAILURE);
}
END_TEST

START_TEST(not_a_daemon_is_fine)
{
    int none = -1;

    daemon_ready(&none);
    ck_assert_int_eq(none, -1);
}
END_TEST

START_TEST(a_request_to_end_is_read)
{
    const int numbers[] = { SIGTERM, SIGINT };
    int fd = -1;

    ck_assert(daemon_signals(&fd, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        struct signalfd_siginfo info;

        ck_assert_int_eq(read(fd, &info, sizeof(info)), -1);
        ck_assert_int_eq(errno, EAGAIN);
        ck_assert_int_eq(raise(numbers[i]), 0);
        ck_assert_int_eq(read(fd, &info, sizeof(info)), sizeof(info));
        ck_assert_uint_eq(info.ssi_signo, (guint)numbers[i]);
    }
    io_close(&fd);
}
END_TEST

START_TEST(the_pid_stands_in_its_file)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "pid", NULL);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    g_autofree char *want = g_strdup_printf("%d", (int)getpid());
    g_autofree char *text = NULL;

    ck_assert(g_file_set_contents(path, "old text that is longer", -1, NULL));
    ck_assert(pidfile_write(path, -1, NULL));
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, want);
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert(!pidfile_write(link, -1, NULL));
    pidfile_remove(path);
    pidfile_remove(NULL);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    ck_assert(pidfile_write(NULL, -1, NULL));
    test_folder_remove(folder);
}
END_TEST

START_TEST(systemd_hears_it)
{
    char *folder = test_folder_new();
    g_autofree char *path = g_build_filename(folder, "notify", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char text[16] = "";
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    ck_assert_uint_lt(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)),
                      sizeof(address.sun_path));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    daemon_notify(path, "READY=1");
    ck_assert_int_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), 7);
    ck_assert_str_eq(text, "READY=1");
    daemon_notify(NULL, "READY=1");
    daemon_notify("relative", "READY=1");
    close(fd);
    test_folder_remove(folder);
}
END_TEST

START_TEST(memory_stays_inside)
{
    struct rlimit limit;

    ck_assert(isolate_memory(NULL));
#ifndef SANITIZERS
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
#endif
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

/* TRUE when root and user were left and cannot be had back. */
static gboolean
leave_root(const char *folder)
{
    struct stat st;

    return isolate_root(folder, "65534", NULL) && geteuid() == 65534 && getegid() == 65534 &&
           setuid(0) != 0 && stat("/etc", &st) != 0;
}

START_TEST(root_is_left_for_good)
{
    char *folder;
    int status = 0;
    pid_t pid;

    ck_assert(!isolate_root(NULL, "no-such-user-here", NULL));
    if (geteuid() != 0)
        return;
    folder = test_folder_new();
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)            /* _exit: what runs at exit expects the old root */
        _exit(leave_root(folder) ? EXIT_SUCCESS : EXIT_FAILURE);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, EXIT_SUCCESS);
    test_folder_remove(folder);
}
END_TEST

Suite *
daemon_suite(void)
{
    Suite *suite = suite_create("daemon");
    TCase *tcase = tcase_create("daemon");

    tcase_add_test(tcase, the_parent_tells_how_it_went);
    tcase_add_test(tcase, not_a_daemon_is_fine);
    tcase_add_test(tcase, a_request_to_end_is_read);
    tcase_add_test(tcase, the_pid_stands_in_its_file);
    tcase_add_test(tcase, systemd_hears_it);
    tcase_add_test(tcase, memory_stays_inside);
    tcase_add_test(tcase, root_is_left_for_good);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return suite;
}
