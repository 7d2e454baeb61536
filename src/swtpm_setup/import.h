/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * import - --import-ek-cert: certificates made elsewhere go to where those of
 * endorsement keys lie, each beside the key that it is of.
 */
#pragma once

#include "swtpm_setup/setup.h"

/* What is to be imported, each with its key; read before any TPM is asked. */
GPtrArray *import_read(GPtrArray *paths, GError **error);
/* Into a TPM that runs: s->tpm. */
gboolean import_store(struct setup *s, GPtrArray *certs, GError **error);
