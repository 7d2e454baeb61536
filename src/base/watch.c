/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * watch - "can recurse" is what tells GLib to leave a source where it is.
 */
#include "config.h"

#include "base/watch.h"

guint
watch_fd(int fd, GIOCondition condition, GUnixFDSourceFunc ready, gpointer data)
{
    g_autoptr(GSource) source = g_unix_fd_source_new(fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(ready), data, NULL);
    g_source_set_can_recurse(source, TRUE);
    return g_source_attach(source, NULL);
}
