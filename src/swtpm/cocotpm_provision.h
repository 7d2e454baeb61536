/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_provision - `--cocotpm provision=FD`, which swtpm_setup gives: what
 * comes over that descriptor (seal/provision.h, written by provision_write())
 * makes, moves or changes an instance. No link is opened in this mode.
 *
 * swtpm_setup: write the bytes into a memfd or pipe that the child inherits,
 * serve the TPM over --fd and --ctrl type=unixio,clientfd=, make what belongs
 * into it, then CMD_SHUTDOWN: swtpm ends with 0 when the state became real.
 * RENEW serves a TPM that is there in the same way, and prints its lineage.
 * The other actions end at once: 0 when done, else 1 with a line that says why.
 */
#pragma once

#include "swtpm/store/sealed.h"

/*
 * Reads @fd. MAKE: @ret_store is to be served (without must_exist), and to be
 * finished; RENEW: the same of one that is there, and @ret_words is its
 * lineage. Else the work is done when this returns TRUE, @ret_store is NULL
 * and @ret_words what to print on standard output (may be NULL).
 */
gboolean cocotpm_provision_run(int fd, const struct sealed_config *config,
                               SealedStore **ret_store, char **ret_words, GError **error);

/* After SHUTDOWN, when the TPM is off; never after another end. */
gboolean cocotpm_provision_finish(SealedStore *store, GError **error);
