/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * thread - threads beside the main loop.
 */
#pragma once

#include <glib.h>

/*
 * A thread that nobody joins and that takes no signals: those are the program's, whose own threads may
 * block them to wait for them (pthread_sigmask(3)). FALSE: no memory, or no room for a process, which
 * may pass.
 */
gboolean thread_start(const char *name, GThreadFunc run, gpointer data, GError **error);
