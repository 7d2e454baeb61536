/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * codec - swtpm's format (format.h) over a back end.
 */
#pragma once

#include "swtpm/store/format.h"

/*
 * Takes both; @key may be NULL: plain. With @backup a state that is damaged
 * is read from its backup, where there is one that is not.
 */
Store *store_codec_new(Store *back_end, StateKey *key, gboolean backup);

/* Told once a backup stands in, with why: an older state is nothing to pass over in silence. */
typedef void (*store_codec_notice)(const char *why);
void store_codec_set_notice(Store *s, store_codec_notice notice);

/* The key of a store made here, for blobs; NULL for none. */
const StateKey *store_codec_key(const Store *s);
