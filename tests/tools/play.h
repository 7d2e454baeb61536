/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * play - programs with two launches of one image, and several things they can do:
 *
 *   PROGRAM WHAT LINK-SOCKET POLICY UUID PLATFORM PLATFORM2
 */
#pragma once

#include "tests/tools/steps.h"

struct play {
    struct tenant a, b;
    guint64 executed;                /* of @a: ATTACH is 1 */
    guint64 number;                  /* of its newest key */
};

struct play_named {
    const char *name;
    void (*run)(struct play *p);
};

/* What main() returns. */
int play_main(const char *program, const struct play_named *plays, gsize count, int argc,
              char **argv);
