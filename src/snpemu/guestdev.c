/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guestdev - struct snp_guest_request_ioctl and struct snp_ext_report_req of
 * <linux/sev-guest.h> by cursor and builder.
 */
#include "snpemu/guestdev.h"

#include "base/builder.h"
#include "base/cursor.h"

#include <errno.h>
#include <string.h>

#define CERTS_LEN_AT 104
#define EXITINFO2_AT 24

static const struct {
    unsigned number;
    enum snpdev_call call;
    size_t request, answer;
} calls[] = {
    { 0xc0205300, SNPDEV_REPORT, SNPDEV_REPORT_REQUEST, SNPDEV_REPORT_ANSWER },
    { 0xc0205301, SNPDEV_DERIVED_KEY, SNPDEV_KEY_REQUEST, SNPDEV_KEY_ANSWER },
    { 0xc0205302, SNPDEV_EXT_REPORT, GUESTDEV_EXTENDED_REQUEST, SNPDEV_REPORT_ANSWER },
};

int
guestdev_begin(unsigned number, const uint8_t argument[static GUESTDEV_ARGUMENT],
               struct guestdev_call *ret)
{
    struct cursor in = cursor_from(argument, GUESTDEV_ARGUMENT);
    struct guestdev_call c = { 0 };

    c.version = cursor_u8(&in);
    cursor_bytes(&in, 7);
    c.request = cursor_le64(&in);
    c.answer = cursor_le64(&in);
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].number != number)
            continue;
        c.call = calls[i].call;
        c.request_size = calls[i].request;
        c.answer_size = calls[i].answer;
        if (c.version == 0 || c.request == 0 || c.answer == 0)
            return EINVAL;
        *ret = c;
        return 0;
    }
    return ENOTTY;
}

void
guestdev_request(struct guestdev_call *call, const uint8_t *bytes, struct snpdev_request *ret)
{
    struct cursor in = cursor_from(bytes, call->request_size);

    *ret = (struct snpdev_request){ .call = call->call, .version = call->version };
    cursor_copy(&in, ret->data, MIN(call->request_size, sizeof(ret->data)));
    if (call->call == SNPDEV_EXT_REPORT) {
        call->certs = cursor_le64(&in);
        ret->certs_len = cursor_le32(&in);
        if (call->certs == 0)
            ret->certs_len = 0;
    }
}

void
guestdev_argument_finish(const struct snpdev_answer *answer,
                         uint8_t argument[static GUESTDEV_ARGUMENT])
{
    struct builder b = builder_on(argument + EXITINFO2_AT, 8);

    builder_le32(&b, answer->firmware_error);
    builder_le32(&b, answer->host_error);
}

void
guestdev_request_finish(const struct snpdev_answer *answer,
                        uint8_t request[static GUESTDEV_EXTENDED_REQUEST])
{
    struct builder b = builder_on(request + CERTS_LEN_AT, 4);

    builder_le32(&b, answer->certs_len);
}

struct snpdev *
guestdev_open(const char *guest, GError **error)
{
    return (struct snpdev *)provider_emulator_open(guest, error);
}

int
guestdev_ask(struct snpdev *launch, const struct snpdev_request *request,
             struct snpdev_answer *ret)
{
    *ret = (struct snpdev_answer){ 0 };
    if (!launch->send(launch, request, ret, NULL)) {
        ret->error = EIO;
        ret->firmware_error = G_MAXUINT32;
    }
    return ret->error;
}
