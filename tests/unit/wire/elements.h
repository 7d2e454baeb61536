/* SPDX-License-Identifier: BSD-3-Clause */
/* elements - one {u16 type, u32 length, value} of a list given another value, whatever that is. */
#pragma once

#include <glib.h>

/* Writes @wire with @value in the place of what @type has, or where it belongs; returns the length. */
gsize elements_replace(const guint8 *wire, gsize len, guint16 type, GBytes *value, guint8 *out,
                       gsize size);
