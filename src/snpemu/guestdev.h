/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guestdev - the ioctls of /dev/sev-guest as bytes, for front ends that are
 * that device: what an argument of 32 bytes points to, and what goes back.
 */
#pragma once

#include "cocotransport/attest/snpdev.h"

#define GUESTDEV_ARGUMENT 32
#define GUESTDEV_EXTENDED_REQUEST 112

/* One ioctl in progress; the pointers are the caller's. */
struct guestdev_call {
    enum snpdev_call call;
    uint8_t version;
    uint64_t request, answer;        /* addresses in the caller's memory */
    size_t request_size, answer_size;
    uint64_t certs;                  /* of an extended request */
};

/* By ioctl number and argument; ENOTTY for other numbers, EINVAL for a broken argument. */
int guestdev_begin(unsigned number, const uint8_t argument[static GUESTDEV_ARGUMENT],
                   struct guestdev_call *ret);

/* With the bytes that call->request points to. */
void guestdev_request(struct guestdev_call *call, const uint8_t *bytes,
                      struct snpdev_request *ret);

/* The error words at the argument's end. */
void guestdev_argument_finish(const struct snpdev_answer *answer,
                              uint8_t argument[static GUESTDEV_ARGUMENT]);

/* The caller's request with the length of the certificates as the driver left it. */
void guestdev_request_finish(const struct snpdev_answer *answer,
                             uint8_t request[static GUESTDEV_EXTENDED_REQUEST]);

/* The launch behind the front end. */
struct snpdev *guestdev_open(const char *guest, GError **error);
/* Asks it; errno-like, EIO when it is gone. */
int guestdev_ask(struct snpdev *launch, const struct snpdev_request *request,
                 struct snpdev_answer *ret);
