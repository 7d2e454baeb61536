/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_receipt - keeps the newest receipt of the driver's instance in a file,
 * at most once a second and at the end (protocol, section 7).
 */
#pragma once

#include "cocotpm/driver_session.h"

typedef struct DriverReceipt DriverReceipt;

/* Reads what the file holds; no file is none. A bad file is an error. */
DriverReceipt *driver_receipt_new(const char *path, const guint8 uuid[static 16], GError **error);
/* The receipt to attach with; NULL: none. */
const struct receipt *driver_receipt_known(const DriverReceipt *k);
/* From here on receipts are taken. @stale is called when one that the driver had not seen appears
 * in the file and does not hold: the disk it lies on was opened after attaching. */
void driver_receipt_start(DriverReceipt *k, DriverSession *session, void (*stale)(gpointer),
                          gpointer data);
/* After each answer; the first receipt comes with that to ATTACH. */
void driver_receipt_take(DriverReceipt *k, const Client *client);
/* Nothing is written any more: the state is not the one that the file speaks of. */
void driver_receipt_stop(DriverReceipt *k);
/* Writes what is not written yet. The session must not answer any more. NULL is fine. */
void driver_receipt_free(DriverReceipt *k);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverReceipt, driver_receipt_free)
