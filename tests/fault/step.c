/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "step.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
step_say(const char *format, ...)
{
    g_autofree char *words = NULL;
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    words = g_strdup_vprintf(format, args);
    va_end(args);
    line = g_strconcat(words, "\n", NULL);
    if (write(STDOUT_FILENO, line, strlen(line)) < 0)
        _exit(3);
}

void
step_fatal(const GError *why, void *data)
{
    (void)data;
    fprintf(stderr, "ended: %s\n", why->message);
    _exit(42);
}
