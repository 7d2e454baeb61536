/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * collateral_json - TCB info and QE identity as Intel's Provisioning
 * Certification Service answers them (API version 4): JSON of an object and a
 * signature over that object's bytes.
 */
#pragma once

#include "cocotransport/attest/collateral.h"

#define COLLATERAL_MAX (256 * 1024)

struct tcb_info *tcb_info_read(GBytes *json, GError **error);
struct qe_identity *qe_identity_read(GBytes *json, GError **error);
