/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * place - a work folder inside the state folder, or a work file beside the
 * state file. A block device has no beside: it is blanked and filled.
 */
#include "config.h"

#include "swtpm_setup/place.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm/store/lock.h"
#include "swtpm/store/open.h"
#include "swtpm_setup/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK_PREFIX ".swtpm_setup."

struct Place {
    gboolean file;           /* file://, else a folder */
    gboolean tpm2;
    char *path;
    char *work;              /* NULL: not begun, or finished */
    int lock;                /* of the folder; -1: not held */
};

Place *
place_new(const char *text, gboolean tpm2)
{
    Place *p = g_new0(Place, 1);

    p->tpm2 = tpm2;
    p->lock = -1;
    p->file = g_str_has_prefix(text, "file://");
    if (p->file || g_str_has_prefix(text, "dir://"))
        text = strstr(text, "://") + 3;
    p->path = g_strdup(text);
    return p;
}

const char *
place_dir(const Place *p)
{
    return p->file ? NULL : p->path;
}

static gboolean
is_device(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISBLK(info.st_mode);
}

gboolean
place_check(const Place *p, const char *user, GError **error)
{
    g_autofree char *folder = p->file ? g_path_get_dirname(p->path) : g_strdup(p->path);

    if (p->file && access(p->path, R_OK | W_OK) == 0)
        return TRUE;
    if (p->file && errno != ENOENT)
        return error_denied(error, "User %s cannot access %s.", user, p->path);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR) || access(folder, R_OK | X_OK) != 0)
        return error_denied(error,
                            "User %s cannot access directory %s. Make sure it exists and is a "
                            "directory.", user, folder);
    if (access(folder, W_OK) != 0)
        return error_denied(error, "Need write rights on directory %s for user %s.", folder, user);
    return TRUE;
}

static char *
tpmstate_text(const Place *p, const char *path)
{
    return g_strdup_printf("backend-uri=%s%s", p->file ? "file://" : "dir://", path);
}

char *
place_tpmstate(const Place *p)
{
    return tpmstate_text(p, p->path);
}

gboolean
place_taken(const Place *p, gboolean *ret, GError **error)
{
    g_autofree char *uri = g_strconcat(p->file ? "file://" : "dir://", p->path, NULL);
    struct store_config config = STORE_CONFIG_INIT;
    g_autoptr(Store) store = NULL;

    config.backend_uri = uri;
    store = store_open(&config, p->tpm2, NULL, error);
    if (store == NULL)
        return FALSE;
    *ret = store_exists(store, "permall");
    return TRUE;
}

/* Under the lock nobody else is at work here: such folders are of setups that were killed. */
static void
remove_left_over(const Place *p)
{
    g_autoptr(GDir) dir = g_dir_open(p->path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(p->path, name, NULL);

        if (g_str_has_prefix(name, WORK_PREFIX))
            folder_remove(path);
    }
}

static gboolean
begin_dir(Place *p, GError **error)
{
    g_autofree char *work = g_build_filename(p->path, WORK_PREFIX "XXXXXX", NULL);

    p->lock = lock_dir(p->path, 0, error);
    if (p->lock < 0)
        return FALSE;
    remove_left_over(p);
    if (g_mkdtemp(work) == NULL)
        return error_errno(error, errno, "Could not create a folder in %s", p->path);
    p->work = g_steal_pointer(&work);
    return TRUE;
}

/* What does not carry the format's magic is formatted anew. */
static gboolean
blank_device(const char *path, GError **error)
{
    const guint8 zeroes[8] = { 0 };
    g_auto(AutoFd) fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(error, errno, "Could not open %s", path);
    return io_write_full(fd, zeroes, sizeof(zeroes), error);
}

static gboolean
begin_file(Place *p, GError **error)
{
    g_autofree char *work = NULL;
    int fd;

    if (is_device(p->path)) {
        p->work = g_strdup(p->path);
        return blank_device(p->path, error);
    }
    work = g_strconcat(p->path, WORK_PREFIX "XXXXXX", NULL);
    /* With the mode that swtpm gives such a file. */
    fd = g_mkstemp_full(work, O_RDWR | O_CLOEXEC, 0640);
    if (fd < 0)
        return error_errno(error, errno, "Could not create a file beside %s", p->path);
    io_close(&fd);
    p->work = g_steal_pointer(&work);
    return TRUE;
}

char *
place_begin(Place *p, GError **error)
{
    if (!(p->file ? begin_file(p, error) : begin_dir(p, error)))
        return NULL;
    return tpmstate_text(p, p->work);
}

static gboolean
sync_path(const char *path, GError **error)
{
    g_auto(AutoFd) fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return error_errno(error, errno, "%s", path);
    return TRUE;
}

static gboolean
rename_durably(const char *from, const char *to, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(to);

    if (!sync_path(from, error))
        return FALSE;
    if (rename(from, to) < 0)
        return error_errno(error, errno, "Could not rename %s to %s", from, to);
    return sync_path(folder, error);
}

/* First what would not belong to the new TPM goes, then its permanent state comes. */
static gboolean
finish_dir(const Place *p, GError **error)
{
    static const char *const stale[] = { "volatilestate", "savestate", "permall.bak" };
    const char *prefix = p->tpm2 ? "tpm2-00" : "tpm-00";
    g_autofree char *from = g_strdup_printf("%s/%s.permall", p->work, prefix);
    g_autofree char *to = g_strdup_printf("%s/%s.permall", p->path, prefix);

    for (guint i = 0; i < G_N_ELEMENTS(stale); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s.%s", p->path, prefix, stale[i]);

        if (unlink(path) < 0 && errno != ENOENT)
            return error_errno(error, errno, "Could not remove %s", path);
    }
    return rename_durably(from, to, error);
}

gboolean
place_finish(Place *p, GError **error)
{
    gboolean done;

    if (p->work == NULL)
        return TRUE;
    if (!p->file)
        done = finish_dir(p, error);
    else
        done = g_str_equal(p->work, p->path) || rename_durably(p->work, p->path, error);
    if (!done)
        return FALSE;
    if (!p->file)
        folder_remove(p->work);
    g_clear_pointer(&p->work, g_free);
    return TRUE;
}

void
place_free(Place *p)
{
    if (p == NULL)
        return;
    if (p->work != NULL && g_str_equal(p->work, p->path))
        blank_device(p->path, NULL);
    else if (p->work != NULL)
        folder_remove(p->work);
    io_close(&p->lock);
    g_free(p->work);
    g_free(p->path);
    g_free(p);
}
