/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * front_cuse - a character device /dev/sev-guest with unrestricted ioctls: in
 * each round the kernel is told which pieces of the caller's memory are wanted
 * next (argument, then request, then the places that are written to).
 */
#define FUSE_USE_VERSION 35
#include "config.h"

#include "snpemu/front.h"

#include "base/error.h"
#include "cocotransport/attest/certtable.h"
#include "snpemu/guestdev.h"

#include <cuse_lowlevel.h>
#include <errno.h>
#include <fuse_opt.h>
#include <string.h>

static void
device_open(fuse_req_t r, struct fuse_file_info *file)
{
    fuse_reply_open(r, file);
}

static struct iovec
piece(uint64_t address, size_t len)
{
    return (struct iovec){ (void *)(uintptr_t)address, len };
}

/* What the kernel has to fetch, and where results go: argument, request, answer, certificates. */
static void
ask_for_pieces(fuse_req_t r, const void *argument, const struct guestdev_call *call,
               uint32_t certs_len, gboolean results)
{
    const struct iovec in[] = { piece((uintptr_t)argument, GUESTDEV_ARGUMENT),
                                piece(call->request, call->request_size) };
    const struct iovec out[] = { piece((uintptr_t)argument, GUESTDEV_ARGUMENT),
                                 piece(call->request, call->request_size),
                                 piece(call->answer, call->answer_size),
                                 piece(call->certs, certs_len) };

    if (call->request == 0)
        fuse_reply_ioctl_retry(r, in, 1, NULL, 0);
    else
        fuse_reply_ioctl_retry(r, in, 2, out, results ? certs_len != 0 ? 4 : 3 : 0);
}

static void
reply(fuse_req_t r, const struct guestdev_call *call, const uint8_t *argument,
      const uint8_t *request, uint32_t certs_len, const struct snpdev_answer *answer)
{
    const size_t answer_at = GUESTDEV_ARGUMENT + call->request_size;
    const size_t size = answer_at + call->answer_size + certs_len;
    g_autofree uint8_t *out = g_malloc0(size);

    memcpy(out, argument, GUESTDEV_ARGUMENT);
    memcpy(out + GUESTDEV_ARGUMENT, request, call->request_size);
    guestdev_argument_finish(answer, out);
    if (call->call == SNPDEV_EXT_REPORT)
        guestdev_request_finish(answer, out + GUESTDEV_ARGUMENT);
    if (answer->data != NULL)
        memcpy(out + answer_at, secret_peek(answer->data),
               MIN(secret_len(answer->data), call->answer_size));
    if (answer->certs != NULL)
        memcpy(out + answer_at + call->answer_size, g_bytes_get_data(answer->certs, NULL),
               MIN(g_bytes_get_size(answer->certs), (size_t)certs_len));
    fuse_reply_ioctl(r, -answer->error, out, size);
    gnutls_memset(out, 0, size);
}

static void
device_ioctl(fuse_req_t r, int number, void *argument, struct fuse_file_info *file,
             unsigned flags, const void *in, size_t in_size, size_t out_size)
{
    struct guestdev_call call = { 0 };
    struct snpdev_request request = { 0 };
    struct snpdev_answer answer = { 0 };
    const uint8_t *bytes = in;
    uint32_t certs_len = 0;
    int error = 0;

    (void)file;
    (void)flags;
    if (in_size < GUESTDEV_ARGUMENT) {
        ask_for_pieces(r, argument, &call, 0, FALSE);
        return;
    }
    error = guestdev_begin((unsigned)number, bytes, &call);
    if (error != 0) {
        fuse_reply_err(r, error);
        return;
    }
    if (in_size < GUESTDEV_ARGUMENT + call.request_size) {
        ask_for_pieces(r, argument, &call, 0, FALSE);
        return;
    }
    guestdev_request(&call, bytes + GUESTDEV_ARGUMENT, &request);
    /* A length that the driver refuses is no room to be mapped. */
    certs_len = request.certs_len <= CERTTABLE_MAX ? request.certs_len : 0;
    if (out_size == 0) {
        ask_for_pieces(r, argument, &call, certs_len, TRUE);
        return;
    }
    guestdev_ask(fuse_req_userdata(r), &request, &answer);
    reply(r, &call, bytes, bytes + GUESTDEV_ARGUMENT, certs_len, &answer);
    snpdev_answer_clear(&answer);
}

static const struct cuse_lowlevel_ops operations = {
    .open = device_open,
    .ioctl = device_ioctl,
};

gboolean
front_cuse(const char *guest, GError **error)
{
    static const char *const device[] = { "DEVNAME=sev-guest" };
    const struct cuse_info info = { .dev_info_argc = 1, .dev_info_argv = (const char **)device,
                                    .flags = CUSE_UNRESTRICTED_IOCTL };
    g_autoptr(Provider) launch = (Provider *)guestdev_open(guest, error);
    char *words[] = { (char *)"cocotpm-snpemu", (char *)"-f", (char *)"-s", NULL };

    if (launch == NULL)
        return FALSE;
    if (cuse_lowlevel_main(3, words, &info, &operations, launch) != 0)
        return error_system(error, "CUSE: the device cannot be made (is the module loaded?)");
    return TRUE;
}
