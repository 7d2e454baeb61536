/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * front - a launch as the device file that programs open: a FUSE file system
 * with the one file "sev-guest", to be bind-mounted over /dev/sev-guest, or a
 * CUSE device of that name. Both return when the mount or the device goes.
 */
#pragma once

#include <glib.h>

gboolean front_fuse(const char *guest, const char *mountpoint, GError **error);
gboolean front_cuse(const char *guest, GError **error);
