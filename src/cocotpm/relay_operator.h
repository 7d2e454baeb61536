/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_operator - tells the CoCoTPM that its VM is gone, by cocotpm-operator:
 * a program apart, so that the relay itself has no key code.
 */
#pragma once

#include <glib.h>

struct relay_operator {
    const char *to, *id;
    const char *psk_file;            /* NULL: there is no key; the CoCoTPM waits for a new launch */
};

/* Returns at once; the outcome is logged. */
void relay_operator_reset(const struct relay_operator *o);
