/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * certtable - the certificate table of an extended SNP report (GHCB
 * specification, "SNP Extended Guest Request"). The host wrote it: nothing in
 * it is trusted, and nothing but the VEK is taken from it.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

#define CERTTABLE_MAX 0x4000                 /* what Linux takes: four pages */

enum certtable_kind {
    CERTTABLE_VCEK, CERTTABLE_VLEK, CERTTABLE_ASK, CERTTABLE_ARK, CERTTABLE_CRL,
    CERTTABLE_KINDS                          /* one more than the last */
};

/*
 * Copies of what the table has, by kind; NULL for the rest. Unknown GUIDs are
 * passed over; an entry outside the table, a kind twice or a table without end
 * is MALFORMED. All of @ret has to be NULL; it is untouched on failure.
 */
gboolean certtable_parse(const void *data, size_t len, GBytes *ret[static CERTTABLE_KINDS],
                         GError **error);
void certtable_clear(GBytes *entries[static CERTTABLE_KINDS]);

/* The certificate of the key that signs reports: the VLEK's, else the VCEK's. NULL when there is
 * none, or the table is broken: the host wrote it, and without a certificate nothing is believed. */
GBytes *certtable_vek(GBytes *table);

/* The table with those that are not NULL. */
GBytes *certtable_write(GBytes *const entries[static CERTTABLE_KINDS], GError **error);
