/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness_backends - what witness.c chooses from.
 */
#pragma once

#include "cocotransport/seal/witness.h"

Witness *witness_file_open(const char *path, GError **error);
