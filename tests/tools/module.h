/* SPDX-License-Identifier: BSD-3-Clause */
/* module - a TCTI module, loaded as programs load it. What goes wrong ends the program. */
#pragma once

#include <glib.h>
#include <tss2/tss2_tcti.h>

#define MODULE_MESSAGE_MAX 4096

/* @name: "FILE:WORDS". */
TSS2_TCTI_CONTEXT *module_open(const char *name);
/* A command and its answer, into @answer of MODULE_MESSAGE_MAX; how long it is. */
gsize module_ask(TSS2_TCTI_CONTEXT *c, const guint8 *command, gsize len, guint8 *answer);
/* After Tss2_Tcti_Finalize(), what tctildr does: the module's file is given back. */
void module_unload(const char *name);
