/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare - the system calls alone that rule 2 of the sealed state demands for one
 * store without a witness, to hold a store against.
 */
#pragma once

#include <glib.h>

/* "bare" in the folder @dir is replaced; FALSE where a call fails. */
gboolean bare_store(int dir, const guint8 *data, gsize len);
