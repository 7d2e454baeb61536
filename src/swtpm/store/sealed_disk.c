/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_disk - names are relative to an open folder, links are not followed,
 * and every error of the kernel is told: what cannot be made durable waits.
 */
#include "config.h"

#include "swtpm/store/sealed_disk.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/seal/header.h"
#include "swtpm/store/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME ".lock"

/* As with the file: the host may have put a device there, whose opening waits or does something. */
static gboolean
open_lock(struct sealed_disk *d, GError **error)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    struct stat st;

    d->lock = openat(d->dir, LOCK_NAME, flags, d->mode);
    if (d->lock < 0 || fstat(d->lock, &st) != 0)
        return error_errno(error, errno, "%s/%s", d->path, LOCK_NAME);
    return S_ISREG(st.st_mode) ||
           error_denied(error, "%s/%s: is no plain file", d->path, LOCK_NAME);
}

static gboolean
take_lock(struct sealed_disk *d, GError **error)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    if (!open_lock(d, error))
        return FALSE;
    if (fcntl(d->lock, F_SETLK, &lock) == 0)
        return TRUE;
    if (errno == EACCES || errno == EAGAIN)
        return error_system(error, "%s: another process serves this state", d->path);
    return error_errno(error, errno, "%s/%s: cannot be locked", d->path, LOCK_NAME);
}

gboolean
disk_open(const char *path, mode_t mode, struct sealed_disk *ret, GError **error)
{
    *ret = (struct sealed_disk){ .path = g_strdup(path), .dir = -1, .lock = -1,
                                 .mode = mode != 0 ? mode : 0600 };
    ret->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret->dir < 0)
        return error_errno(error, errno, "%s", path);
    return take_lock(ret, error);
}

void
disk_close(struct sealed_disk *d)
{
    io_close(&d->dir);
    io_close(&d->lock);
    g_clear_pointer(&d->path, g_free);
}

gboolean
disk_gone(const struct sealed_disk *d)
{
    struct stat st;

    return fstat(d->dir, &st) == 0 && st.st_nlink == 0;
}

/* A FIFO or a device in the place of the file must not block the start. */
static int
open_file(const struct sealed_disk *d, const char *name, struct stat *ret, GError **error)
{
    g_auto(AutoFd) fd = openat(d->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int taken;

    if (fd < 0 || fstat(fd, ret) != 0) {
        error_errno(error, errno, "%s/%s", d->path, name);
        return -1;
    }
    if (!S_ISREG(ret->st_mode)) {
        error_denied(error, "%s/%s: is no plain file", d->path, name);
        return -1;
    }
    if (ret->st_size > (off_t)SEALED_FILE_MAX) {
        error_malformed(error, "%s/%s: is larger than a sealed state may be", d->path, name);
        return -1;
    }
    taken = fd;
    fd = -1;

    return taken;
}

enum disk_read
disk_read(const struct sealed_disk *d, const char *name, GBytes **ret, GError **error)
{
    g_autoptr(GError) why = NULL;
    struct stat st;
    g_auto(AutoFd) fd = open_file(d, name, &st, &why);
    g_autofree guint8 *bytes = NULL;

    if (fd < 0) {
        if (faccessat(d->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
            return DISK_ABSENT;
        g_propagate_error(error, g_steal_pointer(&why));
        return DISK_FAILED;
    }
    bytes = g_malloc((gsize)st.st_size + 1);
    if (!io_read_full(fd, bytes, (size_t)st.st_size, error)) {
        g_prefix_error(error, "%s/%s: ", d->path, name);
        return DISK_FAILED;
    }
    *ret = g_bytes_new_take(g_steal_pointer(&bytes), (gsize)st.st_size);

    return DISK_READ;
}

gboolean
disk_has_next(const struct sealed_disk *d)
{
    return faccessat(d->dir, SEALED_NEXT, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

gboolean
disk_remove_next(const struct sealed_disk *d, GError **error)
{
    if (unlinkat(d->dir, SEALED_NEXT, 0) == 0 || errno == ENOENT)
        return TRUE;
    return error_errno(error, errno, "%s/%s: cannot be removed", d->path, SEALED_NEXT);
}

static int
create_next(const struct sealed_disk *d, GError **error)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(d->dir, SEALED_NEXT, flags, d->mode);

    if (fd < 0 && errno == EEXIST) {
        if (!disk_remove_next(d, error))
            return -1;
        fd = openat(d->dir, SEALED_NEXT, flags, d->mode);
    }
    if (fd < 0)
        error_errno(error, errno, "%s/%s", d->path, SEALED_NEXT);
    return fd;
}

/* close(2) may tell of what a network file system could not write: it counts as a failed write. */
static gboolean
fill_next(const struct sealed_disk *d, int *fd, GBytes *bytes, GError **error)
{
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);
    int rc;

    if (!io_write_full(*fd, data, len, error)) {
        g_prefix_error(error, "%s/%s: ", d->path, SEALED_NEXT);
        return FALSE;
    }
    if (fdatasync(*fd) != 0)
        return error_errno(error, errno, "%s/%s: fdatasync", d->path, SEALED_NEXT);
    rc = close(*fd);
    *fd = -1;
    if (rc != 0)
        return error_errno(error, errno, "%s/%s: close", d->path, SEALED_NEXT);
    return TRUE;
}

gboolean
disk_write_next(const struct sealed_disk *d, GBytes *bytes, GError **error)
{
    g_auto(AutoFd) fd = create_next(d, error);

    if (fd < 0)
        return FALSE;
    if (fill_next(d, &fd, bytes, error))
        return TRUE;
    (void)disk_remove_next(d, NULL);

    return FALSE;
}

gboolean
disk_rename(const struct sealed_disk *d, gboolean replace, GError **error)
{
    if (renameat2(d->dir, SEALED_NEXT, d->dir, SEALED_FILE, replace ? 0 : RENAME_NOREPLACE) == 0)
        return TRUE;
    return error_errno(error, errno, "%s/%s: cannot be renamed to %s", d->path, SEALED_NEXT,
                       SEALED_FILE);
}

gboolean
disk_sync(const struct sealed_disk *d, GError **error)
{
    if (fsync(d->dir) == 0)
        return TRUE;
    return error_errno(error, errno, "%s: fsync of the folder", d->path);
}
