/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcr_replay - PCR values recomputed: from the CoCoTPM's own two measurements,
 * and from a TCG event log.
 */
#pragma once

#include "cocotransport/wire/statement.h"

/* PCR 0 as the H-CRTM event alone leaves it: H(0…04, H(event)). The length, 0 for no such hash. */
gsize pcr_of_launch(guint16 alg, const void *event, gsize len, guint8 ret[static 64]);
/* PCR 17 as PCR_Event at locality 4 leaves it: H(ff…, H(point)). */
gsize pcr_of_point(guint16 alg, const void *point, gsize len, guint8 ret[static 64]);

/*
 * Whether @log ends in the values of @bank for each PCR that it measures into,
 * and begins PCR 0 with the statement's launch event.
 */
gboolean pcr_replay(const void *log, gsize len, const struct statement *s,
                    const struct statement_bank *bank, GError **error);
