/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_ima - the kernel's IMA measurement list, extended into PCR 10 of the
 * CoCoTPM. In-kernel IMA binds to the first TPM when the kernel starts, which the
 * CoCoTPM cannot be, so its list is replayed from the start and then followed.
 */
#pragma once

#include "cocotpm/driver_tpm.h"

#define IMA_LIST "/sys/kernel/security/ima/binary_runtime_measurements"

typedef struct DriverIma DriverIma;

/* @failed: the list cannot be followed any more (broken, shorter, not to be read, or the TPM
 * refuses); PCR 10 has all that stood before it. */
DriverIma *driver_ima_new(const char *list, struct driver_tpm *tpm,
                          void (*failed)(const char *why, gpointer data), gpointer data,
                          GError **error);
/* After the main loop. NULL is fine. */
void driver_ima_free(DriverIma *i);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DriverIma, driver_ima_free)

/* One entry of a list. */
struct ima_entry {
    guint32 pcr;
    const guint8 *data;              /* of the template: what every bank's digest is made of */
    gsize len;
    gboolean violation;              /* the digest is zeroes: ones are extended */
};

struct cursor;
/* FALSE: the list is broken there. @in is left behind the entry; an entry that is not whole yet is
 * none: TRUE, and a length of 0 with data of NULL. */
gboolean ima_entry_parse(struct cursor *in, struct ima_entry *ret, GError **error);
