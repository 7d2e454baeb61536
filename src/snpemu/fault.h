/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault - what a hostile host does to guest messages on their way, by script:
 * "flip:0x36@3" flips a bit of byte 0x36 in the answer to the third request.
 */
#pragma once

#include "snpemu/guestmsg.h"

#include <glib.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_DROP,              /* the request never reaches the firmware; the page stays as it was */
    FAULT_REPLAY,            /* the answer before this one */
    FAULT_REFLECT,           /* the request itself as its answer */
    FAULT_FLIP,              /* one bit of the byte at an offset of the answer */
    FAULT_FLIP_REQUEST,      /* the same on the way to the firmware */
    FAULT_TRUNCATE,          /* the answer is zero from an offset on */
    FAULT_VMPCK,             /* the number of the VMPCK in the request's header */
    FAULT_BUSY,              /* the host says busy until it times out */
    FAULT_HOST_ERROR,        /* the host answers with an error of its own */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    guint value;             /* offset, VMPCK or error number */
    guint at;                /* the request it happens to, from 1 on; 0: every one */
};

struct faults {
    GArray *list;            /* of struct fault */
    guint requests;          /* seen so far */
    uint8_t last[GUEST_PAGE];        /* answer */
};

struct faults *faults_new(void);
void faults_free(struct faults *f);

/* "KIND[:VALUE][@REQUEST]"; VALUE may be 0x…; counts from the request after this one. */
gboolean faults_add(struct faults *f, const char *text, GError **error);

/* What happens to the next request (counted); NULL for nothing. */
const struct fault *faults_next(struct faults *f);

/* Before the firmware sees the request. */
void fault_request(const struct fault *fault, uint8_t page[static GUEST_PAGE]);
/* Before the guest sees the answer; remembers it for replays. */
void fault_answer(struct faults *f, const struct fault *fault,
                  const uint8_t request[static GUEST_PAGE], uint8_t page[static GUEST_PAGE]);
