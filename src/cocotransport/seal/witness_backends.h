/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness_backends - what witness.c chooses from.
 */
#pragma once

#include "cocotransport/seal/witness.h"

Witness *witness_file_open(const char *path, GError **error);
Witness *witness_etcd_open(const char *where, const char *pin, GBytes *certificate,
                           const Secret *key, GError **error);
