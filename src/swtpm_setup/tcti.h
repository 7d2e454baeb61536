/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tcti - a TCTI over a connected stream socket that carries TPM commands as
 * they are, for ESAPI.
 */
#pragma once

#include <glib.h>
#include <tss2/tss2_tcti.h>

/* Borrows the descriptor. A command that is not answered in @seconds fails. */
TSS2_TCTI_CONTEXT *fd_tcti_new(int fd, guint seconds);
void fd_tcti_free(TSS2_TCTI_CONTEXT *tcti);      /* NULL is fine */
