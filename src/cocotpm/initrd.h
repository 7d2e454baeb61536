/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * initrd - a daemon that was started in the initrd outlives it: it is not ended
 * with the others there, and moves to the root file system when PID 1 has.
 */
#pragma once

#include <glib.h>

/* Marks the process as one that stays (systemd, "Root Storage Daemons": argv[0][0] = '@') and looks
 * for the new root from then on. Nothing where this is no initrd. In the main loop's thread. */
void initrd_stay(char **argv);
