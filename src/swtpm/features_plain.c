/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * features_plain - the features of the program that has none of them.
 */
#include "swtpm/features.h"

#include "base/error.h"

struct store_cipher *
feature_cipher(const char *option, const char *text, GError **error)
{
    (void)text;
    error_system(error, "%s: this program has no ciphers", option);
    return NULL;
}

gboolean
feature_full(void)
{
    return FALSE;
}
