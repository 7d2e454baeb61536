/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * snpdev - the requests of Linux's SNP guest device (<linux/sev-guest.h>) and
 * what their answers mean. How a request gets there (ioctl, or the emulator's
 * socket) is one function of the platform.
 */
#pragma once

#include "cocotransport/attest/provider_ops.h"

#define SNPDEV_REPORT_REQUEST 96
#define SNPDEV_KEY_REQUEST 32
#define SNPDEV_REPORT_ANSWER 4000
#define SNPDEV_KEY_ANSWER 64

enum snpdev_call { SNPDEV_REPORT, SNPDEV_DERIVED_KEY, SNPDEV_EXT_REPORT, SNPDEV_CALLS };

struct snpdev_request {
    enum snpdev_call call;
    uint8_t version;                     /* of the guest message */
    uint8_t data[SNPDEV_REPORT_REQUEST]; /* the first SNPDEV_KEY_REQUEST for a derived key */
    uint32_t certs_len;                  /* room for certificates, in whole pages */
};

struct snpdev_answer {
    int error;                           /* errno of the ioctl, 0 for success */
    uint32_t firmware_error;
    uint32_t host_error;                 /* 1: certs_len too small, 2: busy */
    uint32_t certs_len;                  /* as the driver left it */
    Secret *data;                        /* SNPDEV_REPORT_ANSWER or SNPDEV_KEY_ANSWER bytes */
    GBytes *certs;                       /* NULL: none */
};

#define SNPDEV_HOST_INVALID_LENGTH 1u
#define SNPDEV_HOST_BUSY 2u

/* A guest device: first member as of every platform. */
struct snpdev {
    Provider parent;
    /* FALSE only when there is no answer at all; @ret is zeroed before. */
    gboolean (*send)(struct snpdev *d, const struct snpdev_request *request,
                     struct snpdev_answer *ret, GError **error);
};

void snpdev_answer_clear(struct snpdev_answer *a);

/* The functions of provider_ops for every guest device. */
gboolean snpdev_evidence(Provider *p, const uint8_t report_data[static 64], struct evidence *ret,
                         GError **error);
Secret *snpdev_derive_key(Provider *p, const struct derive_request *request, GError **error);
gboolean snpdev_burn(Provider *p, GError **error);
