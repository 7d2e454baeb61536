/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands - what each option of swtpm_ioctl does.
 */
#pragma once

#include <glib.h>

enum run_command {
    RUN_CAPABILITY,
    RUN_INIT,
    RUN_STOP,
    RUN_SHUTDOWN,
    RUN_ESTABLISHED,
    RUN_RESET,
    RUN_STORE,
    RUN_CANCEL,
    RUN_LOCALITY,
    RUN_HASH,
    RUN_SAVE,
    RUN_LOAD,
    RUN_CONFIG,
    RUN_BUFFER,
    RUN_INFO,
    RUN_LOCK,
    RUN_COUNT,
};

struct ioctl_options {
    char *device;
    char *tcp;
    char *unix_path;
    gboolean run[RUN_COUNT]; /* commands without a value */
    char *value[RUN_COUNT];  /* the others', but those of two words */
    char *save[2], *load[2]; /* type and file */
    gboolean version;
    gboolean help;
};

struct target {
    int fd;
    gboolean device;         /* by ioctl(2) */
};

gboolean target_open_device(const char *path, struct target *ret, GError **error);

/* Values that are wrong whatever swtpm says: before it is connected to. */
gboolean command_check(const struct ioctl_options *o, enum run_command which, GError **error);
gboolean command_run(const struct ioctl_options *o, enum run_command which,
                     const struct target *target, GError **error);
