/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/tools/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static G_NORETURN void
die(const char *what)
{
    fprintf(stderr, "%s: %s\n", g_get_prgname(), what);
    exit(EXIT_FAILURE);
}

TSS2_TCTI_CONTEXT *
module_open(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, ":", 2);
    void *file = dlopen(parts[0], RTLD_NOW);
    TSS2_TCTI_INFO_FUNC info = file ? (TSS2_TCTI_INFO_FUNC)dlsym(file, TSS2_TCTI_INFO_SYMBOL) : NULL;
    TSS2_TCTI_CONTEXT *context;
    size_t size = 0;

    if (!info || !parts[1] || info()->init(NULL, &size, NULL) != TSS2_RC_SUCCESS)
        die(name);
    context = g_malloc0(size);
    if (info()->init(context, &size, parts[1]) != TSS2_RC_SUCCESS)
        die("the module does not start");
    return context;
}

gsize
module_ask(TSS2_TCTI_CONTEXT *c, const guint8 *command, gsize len, guint8 *answer)
{
    size_t got = MODULE_MESSAGE_MAX;

    if (Tss2_Tcti_Transmit(c, len, command) != TSS2_RC_SUCCESS
        || Tss2_Tcti_Receive(c, &got, answer, TSS2_TCTI_TIMEOUT_BLOCK) != TSS2_RC_SUCCESS)
        die("the module gives no answer");
    return got;
}

void
module_unload(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, ":", 2);
    void *file = dlopen(parts[0], RTLD_NOW | RTLD_NOLOAD);

    /* This one, and module_open()'s. */
    if (!file || dlclose(file) != 0 || dlclose(file) != 0)
        die(name);
}
