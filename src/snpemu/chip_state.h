/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chip_state - the folder that makes a chip the same after a restart.
 */
#pragma once

#include "snpemu/chip.h"

/* The keys that follow from the fields of @c; made or read where they are missing. */
gboolean chip_vcek_open(struct chip *c, GError **error);
gboolean chip_vlek_open(struct chip *c, GError **error);
