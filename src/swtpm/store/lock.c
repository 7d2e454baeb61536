/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lock - fcntl(F_SETLK) locks. The texts are looked for in logs by those who
 * call swtpm, so they stay as they are.
 */
#include "config.h"

#include "swtpm/store/lock.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

gboolean
lock_fd(int fd, guint retries, GError **error)
{
    const struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    while (fcntl(fd, F_SETLK, &whole) < 0) {
        if (errno == EINTR)
            continue;
        if ((errno != EACCES && errno != EAGAIN) || retries-- == 0)
            return error_errno(error, errno == EACCES ? EAGAIN : errno,
                               "SWTPM_NVRAM_Lock_Dir: Could not lock access to lockfile");
        g_usleep(10 * 1000);
    }
    return TRUE;
}

int
lock_dir(const char *dir, guint retries, GError **error)
{
    g_autofree char *path = g_build_filename(dir, ".lock", NULL);
    g_auto(AutoFd) fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
    int held;

    if (fd < 0) {
        error_errno(error, errno, "SWTPM_NVRAM_Lock_Dir: Could not open lockfile");
        return -1;
    }
    if (!lock_fd(fd, retries, error))
        return -1;
    held = fd;
    fd = -1;
    return held;
}
