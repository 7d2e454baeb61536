/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child - starts swtpm with inherited sockets. There is no pid file to wait
 * for: a command written to the socket waits there until it is served, and
 * the end of the process shows as the end of the stream.
 */
#include "config.h"

#include "swtpm_setup/child.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Codes of the control channel (swtpm_ioctls(3)). */
#define CMD_SHUTDOWN 3
#define CMD_GET_INFO 0x12

/* A bound for a hang only: making keys on a busy machine takes long. */
#define CONTROL_SECONDS 600
#define ENDING_SECONDS 5
#define INFO_MAX 65536

struct Child {
    GPid pid;                /* 0: ended */
    int data;
    int control;
};

static gboolean
socket_pair(int ours[static 1], int theirs[static 1], GError **error)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return error_errno(error, errno, "Could not create socketpair");
    ours[0] = fds[0];
    theirs[0] = fds[1];
    return TRUE;
}

static void
add_text(GPtrArray *argv, const char *option, char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, value);
}

static GPtrArray *
command_line(const struct child_config *config, int data, int control)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; config->program[i] != NULL; i++)
        g_ptr_array_add(argv, g_strdup(config->program[i]));
    if (config->tpm2)
        g_ptr_array_add(argv, g_strdup("--tpm2"));
    add_text(argv, "--tpmstate", g_strdup(config->tpmstate));
    add_text(argv, "--ctrl", g_strdup_printf("type=unixio,clientfd=%d", control));
    if (config->cocotpm != NULL) {
        add_text(argv, "--fd", g_strdup_printf("%d", data));
        add_text(argv, "--cocotpm", g_strdup_printf("provision=%d%s%s", config->provision_fd,
                                                    *config->cocotpm != '\0' ? "," : "",
                                                    config->cocotpm));
    } else {
        add_text(argv, "--flags", g_strdup("not-need-init,startup-clear"));
        add_text(argv, "--server", g_strdup_printf("type=tcp,fd=%d", data));
    }
    if (config->key != NULL)
        add_text(argv, "--key", g_strdup(config->key));
    if (config->logfile != NULL)
        add_text(argv, "--log", g_strdup_printf("file=%s", config->logfile));
    g_ptr_array_add(argv, NULL);
    return argv;
}

/*
 * The descriptors that swtpm is given lose their close-on-exec flag in it: that
 * is what a dup2 onto itself does here.
 */
static gboolean
spawn(Child *c, char *const *argv, const int *inherited, guint count, int output, GError **error)
{
    posix_spawn_file_actions_t files;

    posix_spawn_file_actions_init(&files);
    for (guint i = 0; i < count; i++)
        if (inherited[i] >= 0)
            posix_spawn_file_actions_adddup2(&files, inherited[i], inherited[i]);
    if (output > 0)
        posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    return spawn_program(argv, &files, &c->pid, error);
}

Child *
child_start(const struct child_config *config, GError **error)
{
    g_autoptr(Child) c = g_new0(Child, 1);
    g_autoptr(GPtrArray) argv = NULL;
    g_auto(AutoFd) data = -1;
    g_auto(AutoFd) control = -1;

    c->data = c->control = -1;
    if (!socket_pair(&c->data, &data, error) || !socket_pair(&c->control, &control, error))
        return NULL;
    argv = command_line(config, data, control);
    if (!spawn(c, (char **)argv->pdata,
               (const int[]){ data, control, config->key_fd, config->provision_fd }, 4,
               config->output, error))
        return NULL;
    return g_steal_pointer(&c);
}

int
child_data_fd(const Child *c)
{
    return c->data;
}

/* How it ended, in words, when it ended; waits for that. */
static gboolean
reap(Child *c, GError **error)
{
    int status = 0;
    pid_t rc;

    if (c->pid == 0)
        return TRUE;
    do
        rc = waitpid(c->pid, &status, 0);
    while (rc < 0 && errno == EINTR);
    c->pid = 0;
    if (rc > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    if (rc > 0 && WIFSIGNALED(status))
        return error_system(error, "swtpm was ended by signal %d.", WTERMSIG(status));
    return error_system(error, "swtpm process terminated unexpectedly.");
}

gboolean
child_wait(Child *c, GError **error)
{
    return reap(c, error);
}

/* One that closes its channel has a reason, which it says when it ends: not to be cut short. */
static void
let_it_end(const Child *c)
{
    const gint64 end = g_get_monotonic_time() + ENDING_SECONDS * G_USEC_PER_SEC;
    siginfo_t info = { 0 };

    while (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0 && g_get_monotonic_time() < end)
        g_usleep(10 * 1000);
}

static gboolean
exchange(Child *c, const guint8 *request, gsize len, guint8 *answer, gsize answer_len,
         GError **error)
{
    gint64 deadline = g_get_monotonic_time() + CONTROL_SECONDS * G_USEC_PER_SEC;

    if (io_write_until(c->control, request, len, deadline, NULL)
        && io_read_until(c->control, answer, answer_len, deadline, NULL))
        return TRUE;
    let_it_end(c);
    return error_system(error, "swtpm process terminated unexpectedly.");
}

/* u32 result, u32 length of all, u32 length here; then the text with its NUL. */
static gboolean
info_part(Child *c, guint64 flags, GByteArray *text, guint32 *ret_total, GError **error)
{
    guint8 request[4 + 8 + 4 + 4], answer[12];
    struct builder out = builder_on(request, sizeof(request));
    struct cursor in = cursor_from(answer, sizeof(answer));
    guint32 result, total, len, at = text->len;

    builder_be32(&out, CMD_GET_INFO);
    builder_be64(&out, flags);
    builder_be32(&out, at);
    builder_be32(&out, 0);
    if (!exchange(c, request, sizeof(request), answer, sizeof(answer), error))
        return FALSE;
    result = cursor_be32(&in);
    total = cursor_be32(&in);
    len = cursor_be32(&in);
    if (result != 0)
        return error_system(error, "CMD_GET_INFO failed: 0x%x", result);
    if (len == 0 || len > INFO_MAX - at || total > INFO_MAX)
        return error_malformed(error, "CMD_GET_INFO gave a wrong length.");
    g_byte_array_set_size(text, at + len);
    if (!io_read_until(c->control, text->data + at, len,
                       g_get_monotonic_time() + CONTROL_SECONDS * G_USEC_PER_SEC, error))
        return FALSE;
    *ret_total = total;
    return TRUE;
}

char *
child_info(Child *c, guint64 flags, GError **error)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    guint32 total = 0;

    do {
        if (!info_part(c, flags, text, &total, error))
            return NULL;
    } while (text->len < total);
    return g_strndup((const char *)text->data, text->len);
}

gboolean
child_stop(Child *c, GError **error)
{
    guint8 request[4], answer[4];
    struct builder out = builder_on(request, sizeof(request));
    struct cursor in = cursor_from(answer, sizeof(answer));

    builder_be32(&out, CMD_SHUTDOWN);
    if (!exchange(c, request, sizeof(request), answer, sizeof(answer), error))
        return FALSE;
    if (cursor_be32(&in) != 0)
        return error_system(error, "swtpm could not be shut down.");
    io_close(&c->control);
    io_close(&c->data);
    return reap(c, error);
}

void
child_free(Child *c)
{
    if (c == NULL)
        return;
    /* Told first: one that finds its client gone would say so. */
    if (c->pid != 0) {
        kill(c->pid, SIGTERM);
        reap(c, NULL);
    }
    io_close(&c->control);
    io_close(&c->data);
    g_free(c);
}
