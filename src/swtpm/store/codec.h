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
struct store_codec_config {
    gboolean backup;
    store_notice notice;     /* a backup stands in: an older state is not passed over in silence */
};
Store *store_codec_new(Store *back_end, StateKey *key, const struct store_codec_config *config);

/* The key of a store made here, for blobs; NULL for none. */
const StateKey *store_codec_key(const Store *s);
