/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_carrier - the TPM device of the in-band tunnel is the host's, and a TPM
 * for nobody but the driver (protocol, section 8): whatever looks for a TPM in
 * this VM must not find it in place of the CoCoTPM.
 */
#pragma once

#include "cocotransport/link/tunnel.h"

/*
 * Opens DEVICE (".../tpmN"), which the kernel gives to one opener, and removes
 * ".../tpmrmN". DENIED when the folder holds another TPM device that is not in
 * @others ("/dev/tpm1,/dev/tpmrm1"; NULL: none).
 */
TunnelDevice *carrier_open(const char *device, const char *others, GError **error);
