/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * roots - the makers' root keys that a policy may name: pins, and AMD's
 * certificates of the products that have them (as published at
 * kdsintf.amd.com), so that a peer need not send them.
 */
#pragma once

#include "cocotransport/attest/report.h"

struct root_pin {
    const char *name;                /* as in a policy; NULL ends the table */
    enum snp_product product;        /* UNKNOWN: Intel's */
    uint8_t spki_sha256[32];         /* SHA-256 of its SubjectPublicKeyInfo */
    gboolean by_default;             /* of a policy without [trust] */
};

extern const struct root_pin root_pins[];

/*
 * ASK or ASVK, then ARK, in DER one after the other: what a verifier uses when
 * it is given no chain. NULL for an unknown product.
 */
GBytes *root_chain_amd(enum snp_product product, gboolean vlek);

/* Intel SGX Root CA in DER; it serves TDX as well. */
GBytes *root_intel_sgx(void);
