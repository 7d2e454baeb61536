/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * swtpm-cuse - `swtpm cuse`, which executes this program: the TPM is a swtpm
 * of its own on two socket pairs, and this one is no more than the device in
 * front of it, so that FUSE is in no process that holds a key. The path of
 * swtpm is argv[0].
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/error.h"
#include "base/io.h"
#include "base/isolate.h"
#include "swtpm/options.h"
#include "swtpm/sandbox.h"
#include "swtpm_cuse/bridge.h"

struct ends {
    int ours, theirs;
};

struct front {
    struct swtpm_config config;
    struct ends ctrl, data;
    int ready_fd, signal_fd;
    GError *error;           /* of on_ready() */
};

static gboolean
make_pair(int type, struct ends *ret, GError **error)
{
    int fds[2];

    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0)
        return error_errno(error, errno, "socketpair");
    *ret = (struct ends) { fds[0], dup(fds[1]) };        /* the copy survives exec */
    io_close(&fds[1]);
    return ret->theirs >= 0 || error_errno(error, errno, "dup");
}

/* The words of swtpm socket: all that was given and is not about the device. */
static char **
make_words(const struct front *f, const char *swtpm)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *fd = g_strdup_printf("--fd=%d", f->data.theirs);
    g_autofree char *ctrl = g_strdup_printf("--ctrl=type=unixio,clientfd=%d,terminate",
                                            f->ctrl.theirs);

    g_strv_builder_add_many(words, swtpm, "socket", "--daemon", fd, ctrl, NULL);
    for (const struct option_row *row = swtpm_rows(SWTPM_CUSE); row->name != NULL; row++) {
        const char *field = (const char *)&f->config + row->field;
        g_autofree char *word = NULL;

        if (g_str_equal(row->name, "name"))
            continue;
        if (row->kind == OPTION_STRING && *(char *const *)(gconstpointer)field != NULL)
            word = g_strdup_printf("--%s=%s", row->name, *(char *const *)(gconstpointer)field);
        else if (row->kind == OPTION_FLAG && *(const gboolean *)(gconstpointer)field)
            word = g_strdup_printf("--%s", row->name);
        if (word != NULL)
            g_strv_builder_add(words, word);
    }
    return g_strv_builder_end(words);
}

/* Comes back when the TPM serves (it has gone to the background) or has said why it does not. */
static gboolean
start_tpm(struct front *f, const char *swtpm, GError **error)
{
    g_auto(GStrv) words = make_words(f, swtpm);
    int status = 0;

    if (!g_spawn_sync(NULL, words, NULL,
                      G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL,
                      NULL, NULL, &status, error))
        return FALSE;
    io_close(&f->ctrl.theirs);
    io_close(&f->data.theirs);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_system(error, "the TPM was not started");
    return TRUE;
}

static gboolean
close_sandbox(struct front *f, GError **error)
{
    g_autofree char *action = NULL;

    if (f->config.seccomp != NULL &&
        (action = seccomp_options_parse(f->config.seccomp, error)) == NULL)
        return FALSE;
    return sandbox_close(action, error);
}

static gboolean
on_ready(gpointer user)
{
    struct front *f = user;

    if (!isolate_root(f->config.chroot, f->config.runas, &f->error) ||
        !close_sandbox(f, &f->error))
        return FALSE;
    daemon_ready(&f->ready_fd);
    return TRUE;
}

static struct fuse_session *
open_device(const struct front *f, Bridge *bridge, GError **error)
{
    g_autofree char *name = g_strconcat("DEVNAME=", f->config.name, NULL);
    const char *names[] = { name };
    const struct cuse_info info = {
        .dev_major = (unsigned)f->config.major,
        .dev_minor = (unsigned)f->config.minor,
        .dev_info_argc = 1,
        .dev_info_argv = names,
    };
    char program[] = "swtpm", foreground[] = "-f";
    char *words[] = { program, foreground, NULL };
    int threads = 0;
    struct fuse_session *session = cuse_lowlevel_setup(2, words, &info, &bridge_ops, &threads,
                                                       bridge);

    if (session == NULL)
        error_system(error, "Could not open /dev/cuse; is the module cuse loaded?");
    return session;
}

static gboolean
run(struct front *f, Bridge *bridge, struct fuse_session *session, GError **error)
{
    if (bridge_run(bridge, session, f->signal_fd))
        return TRUE;
    if (f->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&f->error));
        return FALSE;
    }
    return error_system(error, "Could not make the device /dev/%s; its name or number is taken",
                        f->config.name);
}

static gboolean
serve(struct front *f, const char *swtpm, GError **error)
{
    g_autoptr(Bridge) bridge = NULL;
    struct fuse_session *session;
    gboolean ok;

    if (!make_pair(SOCK_STREAM, &f->ctrl, error) || !make_pair(SOCK_SEQPACKET, &f->data, error) ||
        !start_tpm(f, swtpm, error))
        return FALSE;
    bridge = bridge_new(f->ctrl.ours, f->data.ours, on_ready, f);
    f->ctrl.ours = f->data.ours = -1;
    session = open_device(f, bridge, error);
    if (session == NULL)
        return FALSE;
    ok = daemon_start(&f->ready_fd, error) && daemon_signals(&f->signal_fd, error) &&
         run(f, bridge, session, error);
    cuse_lowlevel_teardown(session);
    return ok;
}

int
main(int argc, char **argv)
{
    struct front f = {
        .config = { .interface = SWTPM_CUSE, .fd = -1 },
        .ctrl = { -1, -1 }, .data = { -1, -1 }, .ready_fd = -1, .signal_fd = -1,
    };
    g_autoptr(GError) error = NULL;
    gboolean ok = FALSE;

    if (argc < 2)
        error_malformed(&error, "this program is executed by 'swtpm cuse'");
    else if (isolate_descriptors(&error) && isolate_memory(&error) &&
             options_parse(swtpm_rows(SWTPM_CUSE), argc - 1, argv + 1, &f.config, NULL, &error))
        ok = serve(&f, argv[0], &error);
    if (!ok)
        fprintf(stderr, "swtpm: %s\n", error->message);
    io_close(&f.ctrl.ours);
    io_close(&f.ctrl.theirs);
    io_close(&f.data.ours);
    io_close(&f.data.theirs);
    io_close(&f.ready_fd);
    io_close(&f.signal_fd);
    options_clear(swtpm_rows(SWTPM_CUSE), &f.config);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
