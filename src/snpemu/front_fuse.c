/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * front_fuse - FUSE passes an ioctl's own 32 bytes only; what they point to is
 * read from and written to the caller's memory by process_vm_readv(2), which
 * takes the rights to trace it. The file is a regular one to stat(2).
 */
#define FUSE_USE_VERSION 35
#include "config.h"

#include "snpemu/front.h"

#include "base/error.h"
#include "snpemu/guestdev.h"

#include <errno.h>
#include <fuse.h>
#include <string.h>
#include <sys/uio.h>

#define FILE_NAME "sev-guest"
#define FILE_PATH "/" FILE_NAME
#define ROOM 4096

static gboolean
caller_read(uint64_t address, void *to, size_t len)
{
    const struct iovec local = { to, len };
    const struct iovec remote = { (void *)(uintptr_t)address, len };

    return process_vm_readv(fuse_get_context()->pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

static gboolean
caller_write(uint64_t address, const void *from, size_t len)
{
    const struct iovec local = { (void *)from, len };
    const struct iovec remote = { (void *)(uintptr_t)address, len };

    return process_vm_writev(fuse_get_context()->pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

/* Everything that the driver writes back besides the argument. */
static int
results_write(const struct guestdev_call *call, const struct snpdev_answer *answer,
              uint8_t *request)
{
    gboolean ok = TRUE;

    if (call->call == SNPDEV_EXT_REPORT) {
        guestdev_request_finish(answer, request);
        ok = caller_write(call->request, request, call->request_size);
    }
    if (ok && answer->certs != NULL)
        ok = caller_write(call->certs, g_bytes_get_data(answer->certs, NULL),
                          g_bytes_get_size(answer->certs));
    if (ok && answer->data != NULL)
        ok = caller_write(call->answer, secret_peek(answer->data),
                          MIN(secret_len(answer->data), call->answer_size));
    return ok ? answer->error : EFAULT;
}

static int
file_ioctl(const char *path, unsigned number, void *argument, struct fuse_file_info *file,
           unsigned flags, void *data)
{
    struct guestdev_call call = { 0 };
    struct snpdev_request request = { 0 };
    struct snpdev_answer answer = { 0 };
    uint8_t bytes[GUESTDEV_EXTENDED_REQUEST];
    int error = 0;

    (void)file;
    if ((flags & FUSE_IOCTL_DIR) != 0 || strcmp(path, FILE_PATH) != 0 || data == NULL)
        return -ENOTTY;
    error = guestdev_begin(number, data, &call);
    if (error != 0)
        return -error;
    if (!caller_read(call.request, bytes, call.request_size))
        return -EFAULT;
    guestdev_request(&call, bytes, &request);
    guestdev_ask(fuse_get_context()->private_data, &request, &answer);
    error = results_write(&call, &answer, bytes);
    guestdev_argument_finish(&answer, data);
    /* FUSE hands an argument back on success only; the driver always does. */
    if (error != 0 && !caller_write((uintptr_t)argument, data, GUESTDEV_ARGUMENT))
        error = EFAULT;
    snpdev_answer_clear(&answer);
    return -error;
}

static int
file_getattr(const char *path, struct stat *st, struct fuse_file_info *file)
{
    (void)file;
    memset(st, 0, sizeof(*st));
    if (strcmp(path, "/") == 0) {
        st->st_mode = S_IFDIR | 0755;
        st->st_nlink = 2;
        return 0;
    }
    if (strcmp(path, FILE_PATH) != 0)
        return -ENOENT;
    st->st_mode = S_IFREG | 0600;
    st->st_nlink = 1;
    return 0;
}

static int
file_open(const char *path, struct fuse_file_info *file)
{
    file->direct_io = 1;
    return strcmp(path, FILE_PATH) == 0 ? 0 : -ENOENT;
}

static int
folder_read(const char *path, void *out, fuse_fill_dir_t fill, off_t offset,
            struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
    (void)offset;
    (void)file;
    (void)flags;
    if (strcmp(path, "/") != 0)
        return -ENOENT;
    fill(out, FILE_NAME, NULL, 0, 0);
    return 0;
}

static const struct fuse_operations operations = {
    .getattr = file_getattr,
    .open = file_open,
    .readdir = folder_read,
    .ioctl = file_ioctl,
};

static gboolean
serve(struct fuse *fuse, const char *mountpoint, GError **error)
{
    gboolean ok = FALSE;

    if (fuse_mount(fuse, mountpoint) != 0)
        return error_system(error, "%s: FUSE cannot be mounted here", mountpoint);
    if (fuse_set_signal_handlers(fuse_get_session(fuse)) == 0) {
        ok = fuse_loop(fuse) >= 0;
        fuse_remove_signal_handlers(fuse_get_session(fuse));
    }
    fuse_unmount(fuse);
    return ok || error_system(error, "%s: FUSE ended with an error", mountpoint);
}

gboolean
front_fuse(const char *guest, const char *mountpoint, GError **error)
{
    g_autoptr(Provider) launch = (Provider *)guestdev_open(guest, error);
    char *words[] = { (char *)"cocotpm-snpemu", NULL };
    struct fuse_args args = FUSE_ARGS_INIT(1, words);
    struct fuse *fuse = NULL;
    gboolean ok = FALSE;

    if (launch == NULL)
        return FALSE;
    fuse = fuse_new(&args, &operations, sizeof(operations), launch);
    fuse_opt_free_args(&args); /* libfuse has put words of its own there */
    if (fuse == NULL)
        return error_system(error, "%s: FUSE cannot be started", mountpoint);
    ok = serve(fuse, mountpoint, error);
    fuse_destroy(fuse);
    return ok;
}
