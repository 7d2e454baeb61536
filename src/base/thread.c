/* SPDX-License-Identifier: BSD-3-Clause */
/* thread - GLib's, with the signals blocked from its first instruction on; see thread.h. */
#include "config.h"

#include "base/thread.h"

#include "base/error.h"

#include <signal.h>

gboolean
thread_start(const char *name, GThreadFunc run, gpointer data, GError **error)
{
    g_autoptr(GError) why = NULL;
    sigset_t all, before;
    GThread *thread;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread = g_thread_try_new(name, run, data, &why);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!thread)
        return error_system(error, "%s", why->message);
    g_thread_unref(thread);
    return TRUE;
}
