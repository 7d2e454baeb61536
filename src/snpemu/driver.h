/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver - one running VM as its guest's Linux and its host see it: the guest
 * device of drivers/virt/coco/sev-guest with its errors, over the firmware.
 */
#pragma once

#include "cocotransport/attest/snpdev.h"
#include "snpemu/fault.h"
#include "snpemu/firmware.h"

typedef struct driver driver_t;

struct driver {
    struct chip *chip;               /* not owned */
    struct launch *launch;
    uint8_t secrets[GUEST_PAGE];     /* as the guest has it: wiped keys, counters */
    guint vmpck;                     /* which one Linux uses (its vmpck_id) */
    GBytes *certs;                   /* the table the host hands out instead of the chip's own */
    gboolean no_certs;
    guint32 vmpl;                    /* the guest's: it gets no report of a lower one;
                                        SNP_VMPL_HOST: the host asks in its place */
    struct faults *faults;
};

/* Takes the launch over, which runs. */
struct driver *driver_new(struct chip *chip, struct launch *launch, guint vmpck);
void driver_free(struct driver *d);

/* One request as by ioctl(2); always an answer. */
void driver_request(struct driver *d, const struct snpdev_request *request,
                    struct snpdev_answer *ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(driver_t, driver_free)
