/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_front - the sockets of the swtpm TCTI: TPM commands on one, control
 * commands on the other. Tools open a new connection for each command; many may
 * be open at once, their commands go to the TPM one after the other.
 */
#pragma once

#include "cocotpm/driver_tpm.h"

typedef struct DriverFront DriverFront;

/* Takes both listening descriptors; @stop is called after a SHUTDOWN was answered. */
DriverFront *driver_front_new(int data, int control, struct driver_tpm *tpm,
                              void (*stop)(gpointer), gpointer stop_data);
/* The TPM must not answer any more. */
void driver_front_free(DriverFront *f);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverFront, driver_front_free)
