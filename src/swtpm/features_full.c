/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * features_full - the features of swtpm-full.
 */
#include "swtpm/features.h"

#include "swtpm/store/key.h"

struct store_cipher *
feature_cipher(const char *option, const char *text, GError **error)
{
    return state_key_parse(option, text, error);
}

gboolean
feature_full(void)
{
    return TRUE;
}
