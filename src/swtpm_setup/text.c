/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text - bytes as text.
 */
#include "config.h"

#include "swtpm_setup/text.h"

char *
bytes_text(GBytes *bytes)
{
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);

    return g_strndup(len > 0 ? data : "", len);
}
