/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * print - what swtpm says about itself in JSON: --print-capabilities,
 * --print-states, --print-info, --print-profiles. One line each, its order
 * part of the interface.
 */
#pragma once

#include <glib.h>

#include "swtpm/engine/engine.h"
#include "swtpm/settings.h"
#include "swtpm/store/store.h"

/* The interface that we keep to, and our own version. */
#define SWTPM_INTERFACE_VERSION "0.11.0"

char *print_capabilities(const struct swtpm_config *config, Engine *engine);
char *print_states(Store *store);
/* FALSE: @flags is no number. */
gboolean print_info(Engine *engine, const char *flags, char **ret, GError **error);
char *print_profiles(void);
