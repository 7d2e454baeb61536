/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm12 - the few TPM 1.2 commands that make one ready (TPM Main, part 3).
 * There is no TSS for it in Debian, so these are written by hand, here only.
 */
#pragma once

#include <glib.h>

#define TPM12_MODULUS_SIZE 256

struct tpm12 {
    int fd;                          /* borrowed */
};

struct tpm12_passwords {
    const char *owner;               /* NULL: twenty zero bytes */
    const char *srk;
};

/* Physical presence, enabled, not deactivated. */
gboolean tpm12_activate(struct tpm12 *t, GError **error);
gboolean tpm12_create_ek(struct tpm12 *t, guint8 ret_modulus[static TPM12_MODULUS_SIZE],
                         GError **error);
gboolean tpm12_take_ownership(struct tpm12 *t, const guint8 modulus[static TPM12_MODULUS_SIZE],
                              const struct tpm12_passwords *passwords, GError **error);
gboolean tpm12_nv_store(struct tpm12 *t, guint32 index, GBytes *data, GError **error);
gboolean tpm12_nv_lock(struct tpm12 *t, GError **error);
