/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * job - outputs go to memory files: nobody has to read for the program to go
 * on, and none can fill a pipe and wait for ever.
 */
#include "config.h"

#include "swtpm_setup/job.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/spawn.h"
#include "swtpm_setup/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (1024u * 1024)

struct Job {
    pid_t pid;                       /* 0: ended */
    int out;
    int err;
};

/* Nothing of ours but its outputs goes to it. */
static gboolean
spawn(Job *j, char *const *argv, GError **error)
{
    posix_spawn_file_actions_t files;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, j->out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, j->err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    return spawn_program(argv, &files, &j->pid, error);
}

Job *
job_start(char *const *argv, GError **error)
{
    g_autoptr(Job) j = g_new0(Job, 1);

    j->out = memfd_create("out", MFD_CLOEXEC);
    j->err = memfd_create("err", MFD_CLOEXEC);
    if (j->out < 0 || j->err < 0) {
        error_errno(error, errno, "memfd_create");
        return NULL;
    }
    return spawn(j, argv, error) ? g_steal_pointer(&j) : NULL;
}

static gboolean
reap(Job *j, int *ret, GError **error)
{
    int status = 0;
    pid_t rc;

    do
        rc = waitpid(j->pid, &status, 0);
    while (rc < 0 && errno == EINTR);
    j->pid = 0;
    if (rc < 0)
        return error_errno(error, errno, "waitpid");
    *ret = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return TRUE;
}

static char *
take_output(int fd, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (lseek(fd, 0, SEEK_SET) < 0) {
        error_errno(error, errno, "lseek");
        return NULL;
    }
    bytes = io_read_fd(fd, OUTPUT_MAX, error);
    return bytes == NULL ? NULL : bytes_text(bytes);
}

gboolean
job_end(Job *j, int *ret_status, char **ret_out, char **ret_err, GError **error)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    int status = 0;

    if (!reap(j, &status, error))
        return FALSE;
    out = take_output(j->out, error);
    err = out == NULL ? NULL : take_output(j->err, error);
    if (err == NULL)
        return FALSE;
    *ret_status = status;
    *ret_out = g_steal_pointer(&out);
    *ret_err = g_steal_pointer(&err);
    return TRUE;
}

void
job_free(Job *j)
{
    int status;

    if (j == NULL)
        return;
    if (j->pid != 0)
        reap(j, &status, NULL);
    io_close(&j->out);
    io_close(&j->err);
    g_free(j);
}
