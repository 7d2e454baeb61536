/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy_values - readers of the values that a policy's keys take, for the
 * rows of base/keyfile. The field each writes to stands beside it.
 */
#pragma once

#include <glib.h>

#define POLICY_LIST_MAX 256          /* items of one list */

typedef gboolean policy_reader(const char *const *items, void *field, GError **error);

policy_reader policy_read_hex16;         /* guint8[16] */
policy_reader policy_read_hex32;         /* guint8[32] */
policy_reader policy_read_hex48;         /* guint8[48] */
policy_reader policy_read_fingerprint;   /* guint8[32]; "sha256:" may stand before it */
policy_reader policy_read_digests32;     /* GPtrArray * of GBytes */
policy_reader policy_read_digests48;     /* GPtrArray * of GBytes */
policy_reader policy_read_chip_ids;      /* GPtrArray * of GBytes of 64; 8 bytes (Turin) are padded */
policy_reader policy_read_tpm_names;     /* GPtrArray * of GBytes */
policy_reader policy_read_strings;       /* GPtrArray * of char * */
policy_reader policy_read_roots;         /* GPtrArray * of struct policy_root * */
policy_reader policy_read_tcb;           /* struct snp_tcb: bootloader:N tee:N snp:N microcode:N */
policy_reader policy_read_tcb_turin;     /* the same, and fmc:N */
policy_reader policy_read_platform_bits; /* guint64 */
policy_reader policy_read_policy_bits;   /* guint64 */
policy_reader policy_read_localities;    /* guint, bit n: locality n */
policy_reader policy_read_abi;           /* guint: major * 256 + minor */
policy_reader policy_read_vmpl;          /* guint, 0 to 3 */
policy_reader policy_read_psk;           /* enum policy_psk */
policy_reader policy_read_pin;           /* enum policy_reference */
policy_reader policy_read_bind;          /* enum policy_bind */
policy_reader policy_read_freshness;     /* enum policy_freshness */
policy_reader policy_read_required;      /* gboolean: required | none */
