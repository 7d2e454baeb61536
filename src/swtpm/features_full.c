/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * features_full - the features of swtpm-full.
 */
#include "swtpm/features.h"

#include "swtpm/platform_key.h"
#include "swtpm/store/key.h"

struct store_cipher *
feature_cipher(const char *option, const char *text, GError **error)
{
    return platform_key_named(text) ? platform_key_parse(option, text, error)
                                    : state_key_parse(option, text, error);
}

gboolean
feature_full(void)
{
    return TRUE;
}
