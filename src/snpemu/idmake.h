/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idmake - makes what idblock.c checks: an ID block, signed by an ID key and,
 * if there is one, an author's key.
 */
#pragma once

#include "snpemu/launch.h"

struct id_config {
    uint8_t  measurement[MEASUREMENT_SIZE];
    uint8_t  family_id[16], image_id[16];
    uint32_t guest_svn;
    uint64_t policy;
    const char *id_key, *author_key; /* PEM files; the latter may be NULL */
};

struct id_made {
    uint8_t block[ID_BLOCK_SIZE];
    uint8_t auth[ID_AUTH_SIZE];
    uint8_t id_key_digest[48], author_key_digest[48];
};

gboolean id_make(const struct id_config *config, struct id_made *ret, GError **error);
