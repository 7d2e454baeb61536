/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chardev - the character devices that `swtpm chardev` serves.
 */
#pragma once

#include <glib.h>

#include "swtpm/settings.h"

/* The device's descriptor, by --chardev or --vtpm-proxy; -1 on failure. */
int chardev_open(const struct swtpm_config *config, GError **error);
