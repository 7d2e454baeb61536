/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_disk - the folder of a sealed state: every system call that touches
 * it stands here.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

struct sealed_disk {
    char *path;              /* of the folder, for messages */
    int dir;
    int lock;                /* swtpm's .lock, held while it is open */
    mode_t mode;
};

enum disk_read {
    DISK_READ,
    DISK_ABSENT,
    DISK_FAILED,
};

/* @ret has to be closed even after a failure. Another process that holds the lock is SYSTEM. */
gboolean disk_open(const char *path, mode_t mode, struct sealed_disk *ret, GError **error);
void disk_close(struct sealed_disk *d);

/* The folder was removed: what is written into it would be lost with it. */
gboolean disk_gone(const struct sealed_disk *d);

/* Errors name the file. */
enum disk_read disk_read(const struct sealed_disk *d, const char *name, GBytes **ret,
                         GError **error);
/* Makes the .next file anew, with its data on the disk; nothing is left of it on failure. */
gboolean disk_write_next(const struct sealed_disk *d, GBytes *bytes, GError **error);
gboolean disk_has_next(const struct sealed_disk *d);
gboolean disk_remove_next(const struct sealed_disk *d, GError **error);
/* .next becomes the state; @replace FALSE: only where there is none. */
gboolean disk_rename(const struct sealed_disk *d, gboolean replace, GError **error);
gboolean disk_sync(const struct sealed_disk *d, GError **error);
