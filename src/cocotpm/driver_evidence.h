/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_evidence - a Unix socket of the CoCoVM's own, where its programs ask
 * for EVIDENCE (cocotpm-bundle): u16 length and the command's body come in,
 * u32 status, u32 length and the answer's body go out; one request a connection.
 */
#pragma once

#include "cocotpm/driver_session.h"

typedef struct DriverEvidence DriverEvidence;

#define DRIVER_EVIDENCE_MAX (64 + 4)         /* nonce, handle */

/* Listens at @path, mode 0600. */
DriverEvidence *driver_evidence_new(const char *path, DriverSession *session, GError **error);
void driver_evidence_free(DriverEvidence *e);        /* NULL is fine */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverEvidence, driver_evidence_free)
