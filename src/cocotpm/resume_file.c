/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resume_file - two places for a session, written in turn, and a word that says which of
 * them counts. It changes at once and last, so whoever is killed while it writes leaves
 * the session as it was before. Then the older place is wiped.
 *
 *   word: 0 (none yet), 1, 2        place: u32 length ‖ the session
 *
 * All of it is mapped: a session is saved twice a command, and a system call each time
 * costs more than what it is that is saved. The lock lies beside it.
 */
#include "config.h"

#include "cocotpm/resume_file.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RETRY_MS 20
#define LENGTH 4
#define PLACE (LENGTH + CLIENT_SAVED_MAX)
#define PLACES 2
#define WORD 4
#define FILE_SIZE (WORD + PLACES * PLACE)

struct ResumeFile {
    char *path;
    int lock;
    guint8 *map;                     /* NULL: nothing is kept yet */
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

static void
unmap(ResumeFile *f)
{
    if (f->map)
        (void)munmap(f->map, FILE_SIZE);
    f->map = NULL;
}

void
resume_file_free(ResumeFile *f)
{
    if (!f)
        return;
    unmap(f);
    io_close(&f->lock);
    g_free(f->path);
    g_free(f);
}

/* ---- the mapped file ---- */

static gboolean
map(ResumeFile *f, int fd, GError **error)
{
    void *all = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (all == MAP_FAILED)
        return error_errno(error, errno, "%s", f->path);
    /* As with all secrets: failing to lock is no error. */
    (void)mlock(all, FILE_SIZE);
    (void)madvise(all, FILE_SIZE, MADV_DONTDUMP);
    f->map = all;
    return TRUE;
}

/* With all its pages, as a tmpfs without room would end the process at the first write to one. */
static gboolean
create(ResumeFile *f, GError **error)
{
    g_auto(AutoFd) fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc;

    if (fd < 0)
        return error_errno(error, errno, "%s", f->path);
    do
        rc = posix_fallocate(fd, 0, FILE_SIZE);
    while (rc == EINTR);
    if (rc == 0 && map(f, fd, error))
        return TRUE;
    (void)unlink(f->path);
    return rc == 0 ? FALSE : error_errno(error, rc, "%s", f->path);
}

static gint *
word(const ResumeFile *f)
{
    return (void *)f->map;
}

static guint8 *
place(const ResumeFile *f, guint index)
{
    return f->map + WORD + index * PLACE;
}

static void
place_wipe(const ResumeFile *f, guint index)
{
    struct cursor in = cursor_from(place(f, index), LENGTH);
    const gsize len = cursor_be32(&in);

    gnutls_memset(place(f, index), 0, LENGTH + MIN(len, CLIENT_SAVED_MAX));
}

/* ---- the session ---- */

static gboolean
owned_whole(const ResumeFile *f, int fd, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(error, errno, "%s", f->path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return error_denied(error, "%s: others than its owner may have read or changed it", f->path);
    return st.st_size == FILE_SIZE ||
           error_malformed(error, "%s: no session is in it (%jd bytes, not %d)", f->path,
                           (intmax_t)st.st_size, FILE_SIZE);
}

static Client *
newest_session(const ResumeFile *f, GError **error)
{
    const guint newest = (guint)g_atomic_int_get(word(f)) - 1;
    const guint8 *saved;
    struct cursor in;
    gsize len;

    if (newest >= PLACES) {
        error_malformed(error, "no session is in it");
        return NULL;
    }
    in = cursor_from(place(f, newest), PLACE);
    len = cursor_be32(&in);
    saved = cursor_bytes(&in, len);
    /* Whoever was killed while it wrote left something there. */
    gnutls_memset(place(f, 1 - newest), 0, PLACE);
    return client_load(saved, saved ? len : 0, error);
}

gboolean
resume_file_load(ResumeFile *f, Client **ret, GError **error)
{
    g_auto(AutoFd) fd = open(f->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    Client *c;

    if (fd < 0 && errno == ENOENT) {
        *ret = NULL;
        return TRUE;
    }
    if (fd < 0)
        return error_errno(error, errno, "%s", f->path);
    if (!owned_whole(f, fd, error) || !map(f, fd, error))
        return FALSE;
    c = newest_session(f, error);
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
    ResumeFile *f = data;
    struct builder length, out;
    guint next;

    if (!f->map && !create(f, error))
        return FALSE;
    next = g_atomic_int_get(word(f)) == 1 ? 1 : 0;
    length = builder_on(place(f, next), LENGTH);
    out = builder_on(place(f, next) + LENGTH, CLIENT_SAVED_MAX);
    client_save(c, &out);
    builder_be32(&length, (guint32)builder_len(&out));
    if (out.failed)
        return error_system(error, "the session does not fit into what is saved of it");
    g_atomic_int_set(word(f), (gint)next + 1);
    place_wipe(f, 1 - next);
    return TRUE;
}

gboolean
resume_file_wipe(ResumeFile *f, GError **error)
{
    if (!f->map)
        return TRUE;
    gnutls_memset(f->map, 0, FILE_SIZE);
    unmap(f);
    return unlink(f->path) == 0 || error_errno(error, errno, "%s", f->path);
}
