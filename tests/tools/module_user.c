/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * module_user - a program with a TCTI module that does more than tools do.
 *
 *   module_user FILE:WORDS fork        uses the TPM, lets a child try, uses it again
 *   module_user FILE:WORDS locality    after each line of its input sets locality 0 and uses
 *                                      the TPM
 *   module_user FILE:WORDS unload      uses the TPM, unloads the module and stays a second
 *
 * Prints a line for each result code.
 */
#include "config.h"

#include "tests/tools/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* TPM2_GetRandom of one byte (Part 3, 16.1). */
static const guint8 get_random[] = { 0x80, 0x01, 0, 0, 0, 0x0c, 0, 0, 0x01, 0x7b, 0, 1 };

static void
use(TSS2_TCTI_CONTEXT *c)
{
    guint8 answer[MODULE_MESSAGE_MAX];
    const gsize len = module_ask(c, get_random, sizeof(get_random), answer);

    printf("answer of %zu bytes\n", len);
    fflush(stdout);
}

/* It does all a parent may do, and leaves without waiting for anything. */
static void
be_child(TSS2_TCTI_CONTEXT *c)
{
    guint8 answer[MODULE_MESSAGE_MAX];
    size_t got = sizeof(answer);

    printf("child: transmit %x\n", Tss2_Tcti_Transmit(c, sizeof(get_random), get_random));
    printf("child: receive %x\n", Tss2_Tcti_Receive(c, &got, answer, 0));
    printf("child: locality %x\n", Tss2_Tcti_SetLocality(c, 0));
    printf("child: cancel %x\n", Tss2_Tcti_Cancel(c));
    Tss2_Tcti_Finalize(c);
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}

static void
fork_once(TSS2_TCTI_CONTEXT *c)
{
    pid_t child;
    int status = 0;

    use(c);
    child = fork();
    if (child == 0)
        be_child(c);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        exit(EXIT_FAILURE);
    use(c);
}

static void
set_localities(TSS2_TCTI_CONTEXT *c)
{
    char line[64];

    use(c);
    while (fgets(line, sizeof(line), stdin)) {
        printf("locality %x\n", Tss2_Tcti_SetLocality(c, 0));
        use(c);
    }
}

int
main(int argc, char **argv)
{
    TSS2_TCTI_CONTEXT *c;

    g_set_prgname("module_user");
    if (argc != 3)
        return 2;
    c = module_open(argv[1]);
    if (strcmp(argv[2], "fork") == 0)
        fork_once(c);
    else if (strcmp(argv[2], "unload") == 0)
        use(c);
    else
        set_localities(c);
    Tss2_Tcti_Finalize(c);
    g_free(c);
    if (strcmp(argv[2], "unload") == 0) {
        module_unload(argv[1]);
        g_usleep(G_USEC_PER_SEC);
        printf("unloaded\n");
    }
    return EXIT_SUCCESS;
}
