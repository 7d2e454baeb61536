/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "bare.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

gboolean
bare_store(int dir, const guint8 *data, gsize len)
{
    const int fd = openat(dir, "bare.next", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd >= 0 && write(fd, data, len) == (ssize_t)len && fdatasync(fd) == 0 &&
           close(fd) == 0 && renameat(dir, "bare.next", dir, "bare") == 0 && fsync(dir) == 0;
}
