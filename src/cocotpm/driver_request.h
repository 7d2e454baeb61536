/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_request - what waits for its turn in the driver's session: a TPM command
 * or a CoCoTPM command, and who is told of its answer. Each is answered once.
 */
#pragma once

#include "cocotpm/driver_tpm.h"
#include "cocotransport/session/client.h"

typedef struct DriverRequest DriverRequest;

typedef void (*driver_status)(enum coco_status status, const guint8 *body, gsize len,
                              gpointer data);

/* For a TPM command; TPM_RC_FAILURE when there is no answer from a TPM. */
DriverRequest *driver_request_command(const guint8 *command, gsize len, driver_answer done,
                                      gpointer data);
/* For CoCoTPM commands (protocol, section 5). */
DriverRequest *driver_request_locality(guint8 locality, driver_result done, gpointer data);
DriverRequest *driver_request_detach(driver_result done, gpointer data);
DriverRequest *driver_request_status(enum coco_command code, const guint8 *body, gsize len,
                                     driver_status done, gpointer data);
/* Wipes it. For a GDestroyNotify. */
void driver_request_free(gpointer r);

gboolean driver_request_detaches(const DriverRequest *r);
enum tls_result driver_request_send(const DriverRequest *r, Client *client, GError **error);

/* Calls back with the answer. FALSE: these bytes are no answer to @r, and nobody was called. */
gboolean driver_request_answer(DriverRequest *r, const guint8 *message, gsize len);
/* Calls back without one. */
void driver_request_fail(DriverRequest *r);
