/* SPDX-License-Identifier: BSD-3-Clause */
/* play - finds the one that is asked for. */
#include "config.h"

#include "tests/tools/play.h"

#include <stdio.h>
#include <string.h>

int
play_main(const char *program, const struct play_named *plays, gsize count, int argc, char **argv)
{
    g_autofree struct play *p = g_new0(struct play, 1);

    g_set_prgname(program);
    if (argc != 7) {
        fprintf(stderr, "usage: %s WHAT LINK-SOCKET POLICY UUID PLATFORM PLATFORM2\n", program);
        return 2;
    }
    tenant_prepare(&p->a, argv[2], argv[3], argv[4], argv[5]);
    tenant_prepare(&p->b, argv[2], argv[3], argv[4], argv[6]);
    for (gsize i = 0; i < count; i++)
        if (strcmp(plays[i].name, argv[1]) == 0) {
            plays[i].run(p);
            return 0;
        }
    fprintf(stderr, "%s: there is no \"%s\"\n", program, argv[1]);
    return 2;
}
