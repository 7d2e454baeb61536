/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider_sev_guest - Linux's SNP guest device. The layout and the numbers of
 * its ABI are checked here against the kernel's header when this is compiled.
 */
#include "cocotransport/attest/snpdev.h"

#include "base/error.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sev-guest.h>
#include <string.h>
#include <sys/ioctl.h>

#define DEVICE "/dev/sev-guest"

G_STATIC_ASSERT(sizeof(struct snp_report_req) == SNPDEV_REPORT_REQUEST);
G_STATIC_ASSERT(sizeof(struct snp_derived_key_req) == SNPDEV_KEY_REQUEST);
G_STATIC_ASSERT(sizeof(struct snp_report_resp) == SNPDEV_REPORT_ANSWER);
G_STATIC_ASSERT(sizeof(struct snp_derived_key_resp) == SNPDEV_KEY_ANSWER);
G_STATIC_ASSERT(sizeof(struct snp_ext_report_req) == 112);
G_STATIC_ASSERT(offsetof(struct snp_ext_report_req, certs_address) == 96);
G_STATIC_ASSERT(offsetof(struct snp_ext_report_req, certs_len) == 104);
G_STATIC_ASSERT(sizeof(struct snp_guest_request_ioctl) == 32);
G_STATIC_ASSERT(offsetof(struct snp_guest_request_ioctl, req_data) == 8);
G_STATIC_ASSERT(offsetof(struct snp_guest_request_ioctl, resp_data) == 16);
/* Named exitinfo2 since Linux 6.4 and fw_err before: the same eight bytes. */
#define EXITINFO2_AT 24
G_STATIC_ASSERT(offsetof(struct snp_derived_key_req, guest_field_select) == 8);
G_STATIC_ASSERT(offsetof(struct snp_derived_key_req, vmpl) == 16);
G_STATIC_ASSERT(offsetof(struct snp_derived_key_req, guest_svn) == 20);
G_STATIC_ASSERT(offsetof(struct snp_derived_key_req, tcb_version) == 24);
G_STATIC_ASSERT(SNP_GET_REPORT == 0xc0205300u);
G_STATIC_ASSERT(SNP_GET_DERIVED_KEY == 0xc0205301u);
G_STATIC_ASSERT(SNP_GET_EXT_REPORT == 0xc0205302u);

struct sev_guest {
    struct snpdev device;
    AutoFd fd;
};

static const struct {
    unsigned long ioctl;
    size_t request, answer;
} calls[SNPDEV_CALLS] = {
    [SNPDEV_REPORT] = { SNP_GET_REPORT, SNPDEV_REPORT_REQUEST, SNPDEV_REPORT_ANSWER },
    [SNPDEV_DERIVED_KEY] = { SNP_GET_DERIVED_KEY, SNPDEV_KEY_REQUEST, SNPDEV_KEY_ANSWER },
    [SNPDEV_EXT_REPORT] = { SNP_GET_EXT_REPORT, SNPDEV_REPORT_REQUEST, SNPDEV_REPORT_ANSWER },
};

/* The ioctl itself; its two error words are read from the argument's last eight bytes. */
static int
device_call(int fd, enum snpdev_call call, uint8_t version, void *request, Secret *answer,
            struct snpdev_answer *ret)
{
    struct snp_guest_request_ioctl argument = {
        .msg_version = version,
        .req_data = (uintptr_t)request,
        .resp_data = (uintptr_t)secret_bytes(answer),
    };
    struct cursor in = cursor_from((const uint8_t *)&argument + EXITINFO2_AT, 8);
    int rc = 0;

    do
        rc = ioctl(fd, calls[call].ioctl, &argument);
    while (rc != 0 && errno == EINTR);
    rc = rc == 0 ? 0 : errno;
    ret->firmware_error = cursor_le32(&in);
    ret->host_error = cursor_le32(&in);
    return rc;
}

static gboolean
sev_guest_send(struct snpdev *d, const struct snpdev_request *request, struct snpdev_answer *ret,
               GError **error)
{
    struct sev_guest *s = (struct sev_guest *)d;
    g_autoptr(Secret) answer = secret_new(calls[request->call].answer);
    g_autofree uint8_t *certs = g_malloc0(MAX(request->certs_len, 1u));
    struct snp_ext_report_req extended = { 0 };
    struct snp_derived_key_req key = { 0 };
    void *argument = &extended;

    (void)error;
    extended.certs_address = (uintptr_t)certs;
    extended.certs_len = request->certs_len;
    memcpy(&extended.data, request->data, sizeof(extended.data));
    if (request->call == SNPDEV_DERIVED_KEY) {
        memcpy(&key, request->data, sizeof(key));
        argument = &key;
    }
    ret->error = device_call(s->fd, request->call, request->version, argument, answer, ret);
    ret->certs_len = extended.certs_len;
    if (ret->error != 0)
        return TRUE;
    ret->data = g_steal_pointer(&answer);
    if (request->call == SNPDEV_EXT_REPORT && request->certs_len != 0)
        ret->certs = g_bytes_new_take(g_steal_pointer(&certs), request->certs_len);
    return TRUE;
}

static void
sev_guest_free(Provider *p)
{
    struct sev_guest *s = (struct sev_guest *)p;

    io_close(&s->fd);
    g_free(s);
}

static const struct provider_ops sev_guest_ops = {
    .name = "sev-guest",
    .evidence = snpdev_evidence,
    .derive_key = snpdev_derive_key,
    .burn = snpdev_burn,
    .free = sev_guest_free,
};

Provider *
provider_sev_guest_open(const char *argument, GError **error)
{
    const char *path = argument != NULL ? argument : DEVICE;
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct sev_guest *s = NULL;

    if (fd < 0) {
        error_errno(error, errno, "%s", path);
        return NULL;
    }
    s = g_new0(struct sev_guest, 1);
    s->device.parent.ops = &sev_guest_ops;
    s->device.send = sev_guest_send;
    s->fd = fd;
    return &s->device.parent;
}
