/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * words - one dash or two.
 */
#include "config.h"

#include "swtpm_cert/words.h"

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
