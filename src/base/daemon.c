/* SPDX-License-Identifier: BSD-3-Clause */
/* daemon - going to the background, pid files, telling systemd; see daemon.h. */
#include "config.h"

#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"

/* The waiting parent: success once the child says so, the child's own status when it ends. */
static void G_GNUC_NORETURN
wait_and_exit(int fd, pid_t child)
{
    int status = 0;
    char word;
    ssize_t n;

    do
        n = read(fd, &word, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        _exit(EXIT_SUCCESS);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    _exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE);
}

gboolean
daemon_start(int *ret_ready_fd, GError **error)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(error, errno, "pipe");
    fflush(NULL);            /* or both processes would write what is buffered */
    pid = fork();
    if (pid < 0) {
        error_errno(error, errno, "fork");
        io_close(&ends[0]);
        io_close(&ends[1]);
        return FALSE;
    }
    if (pid > 0) {
        io_close(&ends[1]);
        wait_and_exit(ends[0], pid);
    }
    io_close(&ends[0]);
    if (setsid() < 0) {
        io_close(&ends[1]);
        return error_errno(error, errno, "setsid");
    }
    *ret_ready_fd = ends[1];
    return TRUE;
}

void
daemon_ready(int *ready_fd)
{
    g_auto(AutoFd) null = -1;

    if (*ready_fd < 0)
        return;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null <= STDERR_FILENO)
        null = -1;           /* was closed, and is now one of the three */
    io_write_full(*ready_fd, "", 1, NULL);
    io_close(ready_fd);
}

gboolean
daemon_signals(int *ret_fd, GError **error)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_errno(error, errno, "sigprocmask");
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_errno(error, errno, "signalfd");
    *ret_fd = fd;
    return TRUE;
}

gboolean
pidfile_write(const char *path, int fd, GError **error)
{
    g_autofree char *text = g_strdup_printf("%d", (int)getpid());
    g_auto(AutoFd) file = -1;

    if (path != NULL) {
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (file < 0)
            return error_errno(error, errno, "could not open the pid file %s", path);
        fd = file;
    }
    if (fd >= 0 && !io_write_full(fd, text, strlen(text), error)) {
        g_prefix_error(error, "could not write the pid file: ");
        return FALSE;
    }
    return TRUE;
}

char *
pidfile_path(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink == 0)
        return NULL;
    return g_file_read_link(link, NULL);
}

void
pidfile_remove(const char *path)
{
    if (path != NULL)
        unlink(path);
}

void
daemon_notify(const char *notify_socket, const char *state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t len = notify_socket != NULL ? strlen(notify_socket) : 0;
    g_auto(AutoFd) fd = -1;

    /* sd_notify(3): an absolute path, or '@' for the abstract name space. */
    if (len < 2 || len >= sizeof(address.sun_path) ||
        (notify_socket[0] != '/' && notify_socket[0] != '@'))
        return;
    memcpy(address.sun_path, notify_socket, len);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}
