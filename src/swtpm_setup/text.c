/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text - one dash or two; bytes as text.
 */
#include "config.h"

#include "swtpm_setup/text.h"

char **
words_long(int argc, char **argv)
{
    char **words = g_new0(char *, (gsize)argc + 1);

    for (int i = 0; i < argc; i++) {
        const char *w = argv[i];
        gboolean single = i > 0 && w[0] == '-' && g_ascii_isalpha(w[1]) && w[2] != '\0';

        words[i] = single ? g_strconcat("-", w, NULL) : g_strdup(w);
    }
    return words;
}

char *
bytes_text(GBytes *bytes)
{
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);

    return g_strndup(len > 0 ? data : "", len);
}
