/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm_time - sends one TPM command again and again, and says how long it takes.
 *
 *   tpm_time DEVICE|SOCKET|MODULE HEX COUNT     "HEX of the last answer", "median N us"
 *
 * DEVICE is a character device; a SOCKET is connected to once for each command, as
 * tools do, with "kept:" before it once for all; MODULE is "module:FILE:WORDS", a
 * TCTI module and its configuration.
 */
#include "config.h"

#include "tests/tools/module.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/link/link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_MAX 4096
#define PATIENCE (120 * G_USEC_PER_SEC)

struct target {
    const char *path;
    gboolean device, kept;
    int fd;
    TSS2_TCTI_CONTEXT *module;
};

static G_NORETURN void
die(const char *what)
{
    fprintf(stderr, "tpm_time: %s\n", what);
    exit(EXIT_FAILURE);
}

static void
target_open(struct target *t)
{
    const struct link_address a = { .kind = LINK_UNIX, .fd = -1, .path = (char *)t->path };
    g_autoptr(GError) error = NULL;

    if (t->fd >= 0)
        return;
    if (t->device)
        t->fd = open(t->path, O_RDWR | O_CLOEXEC);
    else
        t->fd = link_connect(&a, g_get_monotonic_time() + PATIENCE, &error);
    if (t->fd < 0 || !io_set_nonblocking(t->fd, FALSE, NULL))
        die(error ? error->message : t->path);
}

static gsize
ask(struct target *t, const guint8 *command, gsize len, guint8 *answer)
{
    ssize_t n;

    if (t->module)
        return module_ask(t->module, command, len, answer);
    target_open(t);
    if (write(t->fd, command, len) != (ssize_t)len)
        die("the command is not taken");
    n = read(t->fd, answer, MESSAGE_MAX);
    if (n <= 0)
        die("no answer");
    if (!t->device && !t->kept)
        io_close(&t->fd);
    return (gsize)n;
}

static int
compare(const void *a, const void *b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    struct target t = { .fd = -1 };
    guint8 command[MESSAGE_MAX], answer[MESSAGE_MAX];
    guint count = argc == 4 ? (guint)atoi(argv[3]) : 0;
    g_autofree gint64 *times = g_new0(gint64, count + 1);
    gsize len = argc == 4 ? strlen(argv[2]) / 2 : 0, got = 0;
    struct stat st;

    if (count == 0 || len > sizeof(command) || !hex_decode(argv[2], command, len, NULL))
        die("usage: tpm_time DEVICE|[kept:]SOCKET|module:FILE:WORDS HEX COUNT");
    t.kept = g_str_has_prefix(argv[1], "kept:");
    t.path = argv[1] + (t.kept ? strlen("kept:") : 0);
    if (g_str_has_prefix(argv[1], "module:"))
        t.module = module_open(argv[1] + strlen("module:"));
    t.device = stat(t.path, &st) == 0 && S_ISCHR(st.st_mode);
    for (guint i = 0; i < count; i++) {
        gint64 start = g_get_monotonic_time();

        got = ask(&t, command, len, answer);
        times[i] = g_get_monotonic_time() - start;
    }
    for (gsize i = 0; i < got; i++)
        printf("%02x", answer[i]);
    qsort(times, count, sizeof(*times), compare);
    printf("\nmedian %" G_GINT64_FORMAT " us\n", times[count / 2]);
    if (t.module)
        Tss2_Tcti_Finalize(t.module);
    return EXIT_SUCCESS;
}
