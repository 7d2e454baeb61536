/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness - chooses a back end by how the place begins.
 */
#include "cocotransport/seal/witness.h"

#include "base/error.h"
#include "cocotransport/seal/witness_backends.h"

#include <string.h>

Witness *
witness_open(const char *where, const char *pin, GBytes *certificate, const Secret *key,
             GError **error)
{
    if (g_str_has_prefix(where, "file:"))
        return witness_file_open(where + strlen("file:"), error);
    if (g_str_has_prefix(where, "https://"))
        return witness_etcd_open(where, pin, certificate, key, error);
    error_malformed(error, "witness %s: neither https:// nor file:", where);
    return NULL;
}

void
witness_free(Witness *w)
{
    if (w != NULL)
        w->ops->free(w);
}

void
witness_end(Witness *w)
{
    g_atomic_int_set(&w->ending, 1);
}
