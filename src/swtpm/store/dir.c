/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dir - the folder back end. A save writes beside the state and renames, so
 * that a reader finds the state before or after it and nothing in between.
 */
#include "config.h"

#include "swtpm/store/dir.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir {
    Store store;
    struct store_dir_config config;
    char *path;
    int lock;                /* -1: not held */
};

static char *
state_path(const struct dir *d, const char *prefix, const char *name)
{
    return g_strdup_printf("%s/%s%s-00.%s", d->path, prefix, d->config.tpm2 ? "2" : "", name);
}

static enum store_load
dir_load(Store *s, const char *name, GBytes **ret, GError **error)
{
    struct dir *d = (struct dir *)s;
    g_autofree char *path = state_path(d, "tpm", name);
    g_auto(AutoFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    GBytes *data;

    if (fd < 0 && errno == ENOENT)
        return STORE_ABSENT;
    if (fd < 0) {
        error_errno(error, errno, "%s", path);
        return STORE_FAILED;
    }
    /* Callers change the mode by starting with another; as far as we may. */
    if (fchmod(fd, d->config.mode) < 0 && errno != EPERM && errno != EROFS) {
        error_errno(error, errno, "Could not set the mode of %s", path);
        return STORE_FAILED;
    }
    data = io_read_fd(fd, STORE_STATE_MAX, error);
    if (data == NULL) {
        g_prefix_error(error, "%s: ", path);
        return STORE_FAILED;
    }
    *ret = data;
    return STORE_LOADED;
}

static gboolean
sync_folder(const struct dir *d, GError **error)
{
    g_auto(AutoFd) fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return error_errno(error, errno, "%s", d->path);
    return TRUE;
}

static gboolean
write_beside(const struct dir *d, const char *path, const guint8 *data, gsize len, GError **error)
{
    g_auto(AutoFd) fd = -1;

    if (unlink(path) < 0 && errno != ENOENT)
        return error_errno(error, errno, "Could not remove the old %s", path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, d->config.mode);
    if (fd < 0)
        return error_errno(error, errno, "Could not open file %s for writing", path);
    if (fchmod(fd, d->config.mode) < 0)
        return error_errno(error, errno, "Could not set the mode of %s", path);
    if (!io_write_full(fd, data, len, error)) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    if (d->config.fsync && fdatasync(fd) < 0)
        return error_errno(error, errno, "%s: could not bring it to the disk", path);
    return TRUE;
}

/*
 * The state so far becomes the backup by a second name that is renamed over
 * the old backup: there is a whole one at every moment.
 */
static gboolean
keep_backup(const struct dir *d, const char *name, const char *path, GError **error)
{
    g_autofree char *bak = g_strconcat(path, ".bak", NULL);
    g_autofree char *tmp = g_strconcat(path, ".tmp", NULL);

    if (!d->config.backup || !g_str_equal(name, "permall"))
        return TRUE;
    if (unlink(tmp) < 0 && errno != ENOENT)
        return error_errno(error, errno, "%s", tmp);
    if (link(path, tmp) < 0)
        return errno == ENOENT ? TRUE : error_errno(error, errno, "%s", tmp);
    if (rename(tmp, bak) < 0)
        return error_errno(error, errno, "%s", bak);
    /* rename(2) does nothing when both are names of one file. */
    if (unlink(tmp) < 0 && errno != ENOENT)
        return error_errno(error, errno, "%s", tmp);
    return TRUE;
}

static gboolean
dir_save(Store *s, const char *name, const guint8 *data, gsize len, GError **error)
{
    struct dir *d = (struct dir *)s;
    g_autofree char *path = state_path(d, "tpm", name);
    g_autofree char *temp = state_path(d, "TMP", name);

    if (!write_beside(d, temp, data, len, error) || !keep_backup(d, name, path, error)) {
        unlink(temp);
        return FALSE;
    }
    if (rename(temp, path) < 0) {
        error_errno(error, errno, "Could not rename %s to %s", temp, path);
        unlink(temp);
        return FALSE;
    }
    return !d->config.fsync || sync_folder(d, error);
}

static gboolean
dir_remove(Store *s, const char *name, gboolean must_exist, GError **error)
{
    struct dir *d = (struct dir *)s;
    g_autofree char *path = state_path(d, "tpm", name);

    if (unlink(path) == 0 || (errno == ENOENT && !must_exist))
        return TRUE;
    return error_errno(error, errno, "Could not remove %s", path);
}

static gssize
dir_size(Store *s, const char *name)
{
    g_autofree char *path = state_path((struct dir *)s, "tpm", name);
    struct stat info;

    if (stat(path, &info) == 0)
        return (gssize)info.st_size;
    return errno == ENOENT ? -1 : 0;
}

static gboolean
dir_lock(Store *s, guint retries, GError **error)
{
    struct dir *d = (struct dir *)s;

    if (d->lock >= 0 || !d->config.lock)
        return TRUE;
    d->lock = lock_dir(d->path, retries, error);
    return d->lock >= 0;
}

static void
dir_unlock(Store *s)
{
    io_close(&((struct dir *)s)->lock);
}

static void
dir_free(Store *s)
{
    struct dir *d = (struct dir *)s;

    io_close(&d->lock);
    g_free(d->path);
    g_free(d);
}

static const struct store_ops dir_ops = {
    .load = dir_load,
    .save = dir_save,
    .remove = dir_remove,
    .free = dir_free,
    .lock = dir_lock,
    .unlock = dir_unlock,
    .size = dir_size,
};

Store *
store_dir_new(const struct store_dir_config *config)
{
    struct dir *d = g_new0(struct dir, 1);

    d->store.ops = &dir_ops;
    d->config = *config;
    d->path = g_strdup(config->path);
    d->config.path = d->path;
    d->lock = -1;
    return &d->store;
}
