/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * initrd - /proc is kept open, as switch_root(8) moves it out of reach.
 */
#include "config.h"

#include "cocotpm/initrd.h"

#include "base/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define INITRD_MARK "/etc/initrd-release"
#define LOOK_MS 500

/* TRUE: PID 1 has another root than we, which is ours then. */
static gboolean
follow(int proc)
{
    g_auto(AutoFd) root = openat(proc, "1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat now, next;

    if (root < 0 || fstat(root, &next) < 0 || stat("/", &now) < 0 ||
        (now.st_dev == next.st_dev && now.st_ino == next.st_ino))
        return FALSE;
    if (fchdir(root) < 0 || chroot(".") < 0) {
        g_warning("the new root file system cannot be reached");
        return TRUE;
    }
    g_message("moved to the new root file system");
    return TRUE;
}

static gboolean
look(gpointer data)
{
    int proc = GPOINTER_TO_INT(data);

    if (!follow(proc))
        return G_SOURCE_CONTINUE;
    close(proc);
    return G_SOURCE_REMOVE;
}

void
initrd_stay(char **argv)
{
    int proc;

    if (access(INITRD_MARK, F_OK) < 0)
        return;
    argv[0][0] = '@';
    proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc >= 0)
        g_timeout_add(LOOK_MS, look, GINT_TO_POINTER(proc));
}
