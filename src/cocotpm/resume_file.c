/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resume_file - two places for a session, written in turn: whoever is killed while it
 * writes one leaves the other, and that is the session as it was before. Then the older
 * one is wiped. So a command costs two writes, and no key is left in a file that was
 * renamed away. The lock lies beside it.
 *
 *   place: u64 serial ‖ u32 length ‖ SHA-256 of both and of the session ‖ the session
 */
#include "config.h"

#include "cocotpm/resume_file.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "cocotransport/keys/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RETRY_MS 20
#define NUMBERS (8 + 4)
#define HEADER (NUMBERS + SHA256_SIZE)
#define PLACE (HEADER + CLIENT_SAVED_MAX)

struct ResumeFile {
    char *path;
    int lock;
    int fd;                          /* -1: nothing is kept yet */
    guint64 serial;                  /* of the place written last */
    gsize used;                      /* of it */
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
    f->fd = fd = -1;
    return f;
}

void
resume_file_free(ResumeFile *f)
{
    if (!f)
        return;
    io_close(&f->fd);
    io_close(&f->lock);
    g_free(f->path);
    g_free(f);
}

static gboolean
place_sum(const guint8 *place, gsize len, guint8 ret[static SHA256_SIZE], GError **error)
{
    const struct crypto_piece pieces[] = { { place, NUMBERS }, { place + HEADER, len } };

    return crypto_sha256(pieces, G_N_ELEMENTS(pieces), ret, error);
}

/* The session of one place, when one is there and was written whole and after @newest. */
static gboolean
place_read(const guint8 *place, guint64 *newest, Secret **ret, gsize *ret_used)
{
    struct cursor in = cursor_from(place, PLACE);
    const guint64 serial = cursor_be64(&in);
    const gsize len = cursor_be32(&in);
    guint8 sum[SHA256_SIZE];

    if (serial <= *newest || len < 1 || len > CLIENT_SAVED_MAX ||
        !place_sum(place, len, sum, NULL) || memcmp(sum, place + NUMBERS, sizeof(sum)) != 0)
        return FALSE;
    secret_free(*ret);
    *ret = secret_copy(place + HEADER, len);
    *newest = serial;
    *ret_used = HEADER + len;
    return TRUE;
}

static Secret *
newest_session(ResumeFile *f, gsize size, GError **error)
{
    g_autoptr(Secret) all = secret_new(2 * PLACE);
    g_autoptr(Secret) session = NULL;

    if (size > 2 * PLACE) {
        error_malformed(error, "larger than what is kept of a session");
        return NULL;
    }
    if (lseek(f->fd, 0, SEEK_SET) != 0 || !io_read_full(f->fd, secret_bytes(all), size, error))
        return NULL;
    for (guint i = 0; i < 2; i++)
        place_read(secret_peek(all) + i * PLACE, &f->serial, &session, &f->used);
    if (!session)
        error_malformed(error, "no session is in it");
    return g_steal_pointer(&session);
}

gboolean
resume_file_load(ResumeFile *f, Client **ret, GError **error)
{
    g_autoptr(Secret) saved = NULL;
    struct stat st;
    Client *c;

    f->fd = open(f->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (f->fd < 0 && errno == ENOENT) {
        *ret = NULL;
        return TRUE;
    }
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return error_errno(error, errno, "%s", f->path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return error_denied(error, "%s: others than its owner may have read or changed it", f->path);
    saved = newest_session(f, (gsize)st.st_size, error);
    c = saved ? client_load(saved, error) : NULL;
    if (!c) {
        g_prefix_error(error, "%s: ", f->path);
        return FALSE;
    }
    *ret = c;
    return TRUE;
}

static gboolean
put(const ResumeFile *f, const guint8 *bytes, gsize len, guint64 serial, GError **error)
{
    const off_t place = serial % 2 ? PLACE : 0;

    if (lseek(f->fd, place, SEEK_SET) != place)
        return error_errno(error, errno, "%s", f->path);
    return io_write_full(f->fd, bytes, len, error);
}

static gboolean
place_write(ResumeFile *f, const Secret *saved, GError **error)
{
    const gsize len = secret_len(saved), used = HEADER + len;
    g_autoptr(Secret) place = secret_new(MAX(used, f->used));
    struct builder out = builder_on(secret_bytes(place), used);

    builder_be64(&out, f->serial + 1);
    builder_be32(&out, (guint32)len);
    memcpy(secret_bytes(place) + HEADER, secret_peek(saved), len);
    if (!place_sum(secret_peek(place), len, secret_bytes(place) + NUMBERS, error) ||
        !put(f, secret_peek(place), used, f->serial + 1, error))
        return FALSE;
    secret_wipe(place);
    if (!put(f, secret_peek(place), f->used, f->serial, error))
        return FALSE;
    f->serial++;
    f->used = used;
    return TRUE;
}

gboolean
resume_file_save(const Client *c, gpointer data, GError **error)
{
    ResumeFile *f = data;
    g_autoptr(Secret) saved = client_save(c, error);

    if (!saved)
        return FALSE;
    if (f->fd < 0)
        f->fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f->fd < 0)
        return error_errno(error, errno, "%s", f->path);
    return place_write(f, saved, error);
}

gboolean
resume_file_wipe(ResumeFile *f, GError **error)
{
    g_autofree guint8 *zeroes = g_malloc0(2 * PLACE);

    if (f->fd < 0)
        return TRUE;
    if (!put(f, zeroes, 2 * PLACE, 0, error))
        return FALSE;
    io_close(&f->fd);
    return unlink(f->path) == 0 || error_errno(error, errno, "%s", f->path);
}
