/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * step - what the tools of this folder share that carry out one step after the other.
 */
#pragma once

#include <glib.h>

/* A line, by one write(2): not by stdio, whose writes a preloaded library does not see. */
void step_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* For sealed_config: the store ends the process, with exit status 42. */
void step_fatal(const GError *why, void *data);
