/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider_ops - what one platform's file gives to provider.c.
 */
#pragma once

#include "cocotransport/attest/provider.h"

struct provider_ops {
    const char *name;
    gboolean emulated;
    gboolean (*evidence)(Provider *p, const uint8_t report_data[static 64], struct evidence *ret,
                         GError **error);
    Secret *(*derive_key)(Provider *p, const struct derive_request *request, GError **error);
    gboolean (*burn)(Provider *p, GError **error);
    void (*free)(Provider *p);
};

/* First member of every platform's own struct. */
struct Provider {
    const struct provider_ops *ops;
};

/* @argument is what stands behind the colon of a specification; NULL: the usual place. */
Provider *provider_sev_guest_open(const char *argument, GError **error);
Provider *provider_tsm_open(const char *argument, GError **error);
Provider *provider_sev_open(const char *argument, GError **error);
Provider *provider_emulator_open(const char *argument, GError **error);

/* The same at other places, for tests: configfs-tsm and RTMR[3] of sysfs. */
Provider *provider_tsm_new(const char *root, const char *rtmr);
/* A folder of EFI secrets by GUID. */
Provider *provider_sev_new(const char *folder);
