/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm_setup/spawn.h"

#include <signal.h>
#include <unistd.h>

#include "base/error.h"

gboolean
spawn_program(char *const *argv, posix_spawn_file_actions_t *files, pid_t *ret, GError **error)
{
    posix_spawnattr_t attributes;
    sigset_t usual;
    pid_t pid;
    int rc;

    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawnp(&pid, argv[0], files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(files);
    posix_spawnattr_destroy(&attributes);
    if (rc != 0)
        return error_errno(error, rc, "Could not start %s", argv[0]);
    *ret = pid;
    return TRUE;
}
