/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_vtpm - the TPM as a kernel device of this VM: /dev/tpmN, and /dev/tpmrmN
 * with the kernel's resource manager, by way of /dev/vtpmx (module
 * tpm_vtpm_proxy). Links with a name of their own lead there, since N depends on
 * what other TPMs the kernel has found.
 */
#pragma once

#include "cocotpm/driver_tpm.h"

#define VTPM_LINK "/dev/cocotpm"             /* to tpmN */
#define VTPM_LINK_MANAGED "/dev/cocotpmrm"   /* to tpmrmN */

typedef struct DriverVtpm DriverVtpm;

struct driver_vtpm_events {
    void (*ready)(gpointer data);    /* the kernel has taken the TPM: its devices are there */
    void (*gone)(gpointer data);     /* the kernel gave the device up */
};

/* Whether the kernel can make one: asked before a launch is spent on it. */
gboolean driver_vtpm_there(GError **error);
DriverVtpm *driver_vtpm_new(struct driver_tpm *tpm, const struct driver_vtpm_events *events,
                            gpointer data, GError **error);
/* The devices go at once. NULL is fine; not while a command is with the TPM that still answers. */
void driver_vtpm_free(DriverVtpm *v);
