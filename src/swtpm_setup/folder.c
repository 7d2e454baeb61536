/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm_setup/folder.h"

#include <glib.h>
#include <glib/gstdio.h>

void
folder_remove(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
    }
    g_remove(path);
}
