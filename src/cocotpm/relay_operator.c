/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_operator - runs cocotpm-operator, which lies beside the relay.
 */
#include "config.h"

#include "cocotpm/relay_operator.h"

#define PROGRAM "cocotpm-operator"

static void
ended(GPid pid, gint status, gpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    g_spawn_close_pid(pid);
    if (!g_spawn_check_wait_status(status, &error))
        g_warning("%s: %s", PROGRAM, error->message);
}

static char *
program_path(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;

    return folder ? g_build_filename(folder, PROGRAM, NULL) : g_strdup(PROGRAM);
}

void
relay_operator_reset(const struct relay_operator *o)
{
    g_autofree char *path = program_path();
    g_autoptr(GError) error = NULL;
    GPid pid = 0;
    const char *argv[] = { path, "--to", o->to, "--id", o->id, "--operator-psk-file", o->psk_file,
                           "reset", NULL };

    if (!o->psk_file)
        return;
    if (g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                      &error))
        g_child_watch_add(pid, ended, NULL);
    else
        g_warning("%s", error->message);
}
