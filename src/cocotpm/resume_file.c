/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resume_file - changed whole, by renaming; the lock lies beside it.
 */
#include "config.h"

#include "cocotpm/resume_file.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RETRY_MS 20

struct ResumeFile {
    char *path;
    int lock;
};

/* What is written to a disk stays there, whatever is removed later. */
static gboolean
in_memory(int fd, const char *path, GError **error)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return error_errno(error, errno, "%s", path);
    return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC ||
           error_denied(error, "%s: not on a tmpfs, and keys of a session are not written to a "
                        "disk", path);
}

static gboolean
lock_take(int fd, const char *path, gint64 deadline, GError **error)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_errno(error, errno, "%s", path);
        if (g_get_monotonic_time() >= deadline)
            return error_system(error, "%s: another process has the session", path);
        g_usleep(RETRY_MS * 1000);
    }
    return TRUE;
}

ResumeFile *
resume_file_open(const char *path, gint64 deadline, GError **error)
{
    g_autofree char *name = g_strconcat(path, ".lock", NULL);
    g_auto(AutoFd) fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    ResumeFile *f;

    if (fd < 0) {
        error_errno(error, errno, "%s", name);
        return NULL;
    }
    if (!in_memory(fd, path, error) || !lock_take(fd, path, deadline, error))
        return NULL;
    f = g_new0(ResumeFile, 1);
    f->path = g_strdup(path);
    f->lock = fd;
    fd = -1;
    return f;
}

void
resume_file_free(ResumeFile *f)
{
    if (!f)
        return;
    io_close(&f->lock);
    g_free(f->path);
    g_free(f);
}

gboolean
resume_file_load(ResumeFile *f, Client **ret, GError **error)
{
    g_auto(AutoFd) fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    g_autoptr(Secret) saved = NULL;
    struct stat st;
    Client *c;

    if (fd < 0 && errno == ENOENT) {
        *ret = NULL;
        return TRUE;
    }
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_errno(error, errno, "%s", f->path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return error_denied(error, "%s: others than its owner may have read or changed it", f->path);
    saved = secret_read_fd(fd, 1, CLIENT_SAVED_MAX, error);
    c = saved ? client_load(saved, error) : NULL;
    if (!c) {
        g_prefix_error(error, "%s: ", f->path);
        return FALSE;
    }
    *ret = c;
    return TRUE;
}

gboolean
resume_file_save(const Client *c, gpointer data, GError **error)
{
    const ResumeFile *f = data;
    g_autoptr(Secret) saved = client_save(c, error);

    return saved && io_write_file(f->path, secret_peek(saved), secret_len(saved), 0600, error);
}

gboolean
resume_file_wipe(ResumeFile *f, GError **error)
{
    g_auto(AutoFd) fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return TRUE;
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_errno(error, errno, "%s", f->path);
    if (st.st_size > 0 && st.st_size <= CLIENT_SAVED_MAX) {
        g_autofree guint8 *zeroes = g_malloc0((gsize)st.st_size);

        if (!io_write_full(fd, zeroes, (gsize)st.st_size, error))
            return FALSE;
    }
    return unlink(f->path) == 0 || error_errno(error, errno, "%s", f->path);
}
